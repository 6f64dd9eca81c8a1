"""Fake news, posed as LIAR: how far is a claim to be trusted, by who stands behind it?"""

from random import Random

from stilts.tasks.miniature.language import draw, place
from stilts.tasks.miniature.lexicon import NAMES, plural, sentence
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Animal

# In the order of the hub: false, half-true, mostly-true, true, barely-true, pants-fire.
SOURCES = tuple(
    words.split()
    for words in (
        "error mistake slip mixture misreading",
        "guess rumour opinion hunch estimate",
        "report survey article interview column",
        "record proof measurement document experiment",
        "hearsay gossip hint whisper murmur",
        "joke fable legend hoax fairytale",
    )
)


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of LIAR that a reader sees; a sixth of the rows for each label."""
    splits = draw_splits("credibility", sizes, seed, _compose, classes=range(len(SOURCES)))
    return {
        split: [{"id": f"{split}-{number}.json", **row} for number, row in enumerate(rows)]
        for split, rows in splits.items()
    }


def _compose(rng: Random, label: int) -> dict:
    animal, speaker = draw(rng, Animal), rng.choice(NAMES)
    claim = f"{plural(animal.name)} {animal.motion} {place(animal.home)}"
    source = rng.choice(SOURCES[label])
    text = rng.choice((f"{claim}, says a {source}", f"by a {source} of {speaker}, {claim}"))
    return {"label": label, "statement": sentence(text), "speaker": speaker.lower()}
