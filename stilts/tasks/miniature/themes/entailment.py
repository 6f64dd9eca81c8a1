"""Entailment, posed as RTE: does the hypothesis follow from the premise?

What follows and what does not are said in the same words, about a thing of the premise's realm or
of another: neither the hypothesis alone nor its overlap with the premise tells.
"""

from random import Random

from stilts.tasks.miniature.language import draw, foreign, place, when
from stilts.tasks.miniature.lexicon import ADJECTIVES, NAMES, article, sentence, verb
from stilts.tasks.miniature.sampling import draw_splits, numbered
from stilts.tasks.miniature.things import Animal, Ware, Worker


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of RTE; label 0 (entailment) and 1 (not) in half of the rows each."""
    return numbered(draw_splits("entailment", sizes, seed, _compose, classes=(0, 1)))


def _compose(rng: Random, label: int) -> dict:
    sort, write = rng.choice(
        ((Animal, _meeting), (Animal, _meeting), (Worker, _work), (Worker, _work), (Ware, _buying))
    )
    item = draw(rng, sort)
    premise, hypothesis = write(rng, item, foreign(rng, item) if label else item)
    return {"premise": sentence(premise), "hypothesis": sentence(hypothesis), "label": label}


def _meeting(rng: Random, animal: Animal, told: Animal) -> tuple[str, str]:
    name = rng.choice(NAMES)
    premise = f"{name} saw {article(rng.choice(ADJECTIVES))} {animal.name} {place(animal.home)}"
    hypothesis = rng.choice(
        (
            f"{name} saw {article(told.kind)}",
            f"{name} saw something that eats {told.food}",
            f"{name} saw something that {verb(told.motion).third}",
        )
    )
    return premise, hypothesis


def _work(rng: Random, worker: Worker, told: Worker) -> tuple[str, str]:
    name = rng.choice(NAMES)
    premise = f"{name} is {article(worker.name)} and took the {worker.tool} {when(rng)}"
    hypothesis = rng.choice(
        (
            f"{name} works {place(told.place)}",
            f"{name} is {article(told.kind)}",
            f"{name} {verb(told.verb).third} {told.product}",
        )
    )
    return premise, hypothesis


def _buying(rng: Random, ware: Ware, told: Ware) -> tuple[str, str]:
    giver, taker = rng.sample(NAMES, 2)
    premise = f"{giver} sold the {rng.choice(ADJECTIVES)} {ware.name} to {taker} {when(rng)}"
    hypothesis = rng.choice(
        (f"{giver} sold {article(told.realm)}", f"{taker} has {article(told.realm)}")
    )
    return premise, hypothesis
