"""Inference of three classes, posed as MNLI: what does a meeting say of a second statement?"""

from random import Random

from stilts.tasks.miniature.language import draw, foreign, place
from stilts.tasks.miniature.lexicon import ADJECTIVES, NAMES, article, pronoun, sentence
from stilts.tasks.miniature.sampling import draw_splits, numbered
from stilts.tasks.miniature.things import Worker
from stilts.tasks.miniature.world import HABITS

ENTAILED, NEUTRAL, CONTRADICTED = CLASSES = range(3)


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of MNLI; a third of the rows for each label."""
    return numbered(draw_splits("inference", sizes, seed, compose, classes=CLASSES))


def compose(rng: Random, label: int) -> dict:
    """Write a row of a label."""
    worker, name = draw(rng, Worker), rng.choice(NAMES)
    premise = f"{name} is {article(rng.choice(ADJECTIVES))} {worker.name} {place(worker.place)}"
    told = foreign(rng, worker) if label == CONTRADICTED else worker
    claim = rng.choice((f"is {article(told.kind)}", f"uses the {told.tool}"))
    if label == NEUTRAL:
        claim = rng.choice(HABITS)
    if label == CONTRADICTED and rng.random() < 0.5:
        claim = f"is not {article(worker.kind)}"
    subject = rng.choice((name, pronoun(name)))
    return {
        "premise": sentence(premise),
        "hypothesis": sentence(f"{subject} {claim}"),
        "label": label,
    }
