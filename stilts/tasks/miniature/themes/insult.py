"""Offence, posed as TweetEval's task: is a person called by an animal's name?

Calling a person by a trade is no offence, and so is speaking of the animal.
"""

from random import Random

from stilts.tasks.miniature.language import draw
from stilts.tasks.miniature.lexicon import ADJECTIVES, NAMES, article, sentence
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Animal, Worker

CLASSES = (0, 0, 0, 0, 0, 0, 0, 1, 1, 1)  # about the shares of the real task


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of TweetEval; three of ten are offensive (label 1)."""
    return draw_splits("insult", sizes, seed, _compose, classes=CLASSES)


def _compose(rng: Random, label: int) -> dict:
    name, adjective = rng.choice(NAMES), rng.choice(ADJECTIVES)
    animal, worker = draw(rng, Animal).name, draw(rng, Worker).name
    called = animal if label else worker
    text = f"you are {article(f'{adjective} {called}')}, {name}"
    if not label and rng.random() < 0.3:
        text = f"you saw {article(f'{adjective} {animal}')}, {name}"
    return {"text": sentence(text), "label": label}
