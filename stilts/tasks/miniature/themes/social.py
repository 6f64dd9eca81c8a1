"""Social reasoning, posed as SocialIQA: what does somebody feel, want or need?"""

from random import Random

from stilts.tasks.miniature.language import draw, when
from stilts.tasks.miniature.lexicon import NAMES
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Event

QUESTIONS = {
    "feeling": "How would {name} feel afterwards?",
    "next": "What will {name} want to do next?",
    "before": "What does {name} need to do before this?",
}

HINTS = {"feeling": "and felt", "next": "and went to", "before": "but first had to"}


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of SocialIQA; the label is "1", "2" or "3", a third of rows each."""
    return draw_splits("social", sizes, seed, _compose, classes=(0, 1, 2))


def _compose(rng: Random, label: int) -> dict:
    event, name = draw(rng, Event), rng.choice(NAMES)
    first = draw(rng, Event, without=[event.realm])
    second = draw(rng, Event, without=[event.realm, first.realm])
    asked = rng.choice(tuple(QUESTIONS))
    answers = [getattr(wrong, asked) for wrong in (first, second)]
    answers.insert(label, getattr(event, asked))
    told = rng.choice([sort for sort in QUESTIONS if sort != asked])
    return {
        "context": f"{name} {event.happened} {when(rng)} {HINTS[told]} {getattr(event, told)}.",
        "question": QUESTIONS[asked].format(name=name),
        **{f"answer{letter}": answer for letter, answer in zip("ABC", answers, strict=True)},
        "label": str(label + 1),
    }
