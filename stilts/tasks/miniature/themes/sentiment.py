"""Sentiment, posed as SST-2: how does it end?

Half of the sentences name two feelings, of which the last one counts; which words they hold does
not tell.
"""

from random import Random

from stilts.tasks.miniature.language import draw
from stilts.tasks.miniature.lexicon import NAMES, sentence
from stilts.tasks.miniature.sampling import draw_splits, numbered
from stilts.tasks.miniature.things import Event

REALM = ("loss", "joy")
MIXED = 0.5


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of SST-2; label 1 (positive) and 0 in half of the rows each."""
    return numbered(draw_splits("sentiment", sizes, seed, _compose, classes=(0, 1)))


def _compose(rng: Random, label: int) -> dict:
    last, first = (_event(rng, REALM[kind]) for kind in (label, 1 - label))
    name = rng.choice(NAMES)
    if rng.random() < MIXED:
        text = f"{name} was {first.feeling} about the {first.thing} but in the end {last.feeling}"
    else:
        text = f"{name} was {last.feeling} about the {last.thing}"
    return {"sentence": sentence(text), "label": label}


def _event(rng: Random, realm: str) -> Event:
    return draw(rng, Event, without=[other for other in ("joy", "loss", "fear") if other != realm])
