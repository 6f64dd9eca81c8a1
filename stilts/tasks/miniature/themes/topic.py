"""Topic, posed as AG News: rulers, sport, money or the sky?

Each class has many words, of which a training split shows few.
"""

from random import Random

from stilts.tasks.miniature.language import other, place
from stilts.tasks.miniature.lexicon import ADJECTIVES, NAMES, sentence
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Sight
from stilts.tasks.miniature.world import REALMS, TOPICS

WORLD, SPORTS, BUSINESS, SCIENCE = CLASSES = range(4)


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of AG News; a quarter of the rows for each label."""
    return draw_splits("topic", sizes, seed, _compose, classes=CLASSES)


def _compose(rng: Random, label: int) -> dict:
    if label in (SPORTS, BUSINESS):
        words = TOPICS["sport" if label == SPORTS else "money"]
        first = rng.choice(words)
        second = other(rng, words, first)
        where = f"with the {second}"
    else:
        _, names, places, *_ = REALMS[Sight]["realm" if label == WORLD else "sky"]
        first, where = rng.choice(names), place(rng.choice(places))
    name = rng.choice(NAMES)
    text = rng.choice(
        (
            f"{name} told us about the {first} {where}",
            f"the {rng.choice(ADJECTIVES)} {first} is {where}",
            f"{name} saw the {rng.choice(ADJECTIVES)} {first} {where}",
        )
    )
    return {"text": sentence(text), "label": label}
