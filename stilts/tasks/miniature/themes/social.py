"""Social reasoning, posed as SocialIQA: what does somebody feel, want or need?"""

from random import Random

from stilts.tasks.miniature.language import foreign, other, place, when
from stilts.tasks.miniature.lexicon import NAMES
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.world import EVENTS, FEELINGS, TOWN

QUESTIONS = {
    "feeling": "How would {name} feel afterwards?",
    "next": "What will {name} want to do next?",
    "before": "What does {name} need to do before this?",
}


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of SocialIQA; the label is "1", "2" or "3", a third of rows each."""
    return draw_splits("social", sizes, seed, _compose, classes=(0, 1, 2))


def _compose(rng: Random, label: int) -> dict:
    event, name = rng.choice(EVENTS), rng.choice(NAMES)
    asked = rng.choice(tuple(QUESTIONS))
    answers = _wrong(rng, event, asked)
    answers.insert(label, getattr(event, asked))
    scene = rng.choice((place(rng.choice(TOWN)), when(rng)))
    company = rng.choice(("", f" with {other(rng, NAMES, name)}"))
    return {
        "context": f"{name} {event.happened} {scene}{company}.",
        "question": QUESTIONS[asked].format(name=name),
        **{f"answer{letter}": answer for letter, answer in zip("ABC", answers, strict=True)},
        "label": str(label + 1),
    }


def _wrong(rng: Random, event, asked: str) -> list[str]:
    if asked == "feeling":
        return rng.sample([word for word, realm in FEELINGS.items() if realm != event.realm], 2)
    first = foreign(rng, event)
    second = other(rng, [e for e in EVENTS if e.realm != event.realm], first)
    return [getattr(first, asked), getattr(second, asked)]
