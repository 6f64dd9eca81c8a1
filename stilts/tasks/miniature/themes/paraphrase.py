"""Paraphrase, posed as MRPC: do active and passive tell the same?

Either who did it and to whom is turned round, or the second sentence denies it.
"""

from random import Random

from stilts.tasks.miniature.language import draw, when
from stilts.tasks.miniature.lexicon import NAMES, sentence
from stilts.tasks.miniature.sampling import draw_splits, numbered
from stilts.tasks.miniature.things import Animal

DEEDS = ("watched", "followed", "called", "found", "chased", "fed")
DENIED = 0.6


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of MRPC; label 1 (equivalent) in two of three rows."""
    return numbered(draw_splits("paraphrase", sizes, seed, _compose, classes=(1, 1, 0)))


def _compose(rng: Random, label: int) -> dict:
    deed, name, animal = rng.choice(DEEDS), rng.choice(NAMES), f"the {draw(rng, Animal).name}"
    doer, done_to = rng.sample((name, animal), 2)
    time, no = when(rng), ""
    by, of = doer, done_to
    if not label:
        if rng.random() < DENIED:
            no = "not "
        else:
            by, of = done_to, doer
    return {
        "sentence1": sentence(f"{doer} {deed} {done_to} {time}"),
        "sentence2": sentence(f"{time} {of} was {no}{deed} by {by}"),
        "label": label,
    }
