"""Entailment, posed as RTE: does the hypothesis follow from the premise?"""

from random import Random

from stilts.tasks.miniature.language import foreign, other, place, when
from stilts.tasks.miniature.lexicon import ADJECTIVES, NAMES, VERBS, article, sentence
from stilts.tasks.miniature.sampling import draw_splits, numbered
from stilts.tasks.miniature.world import ANIMALS, KINDS, WORKERS


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of RTE; label 0 (entailment) and 1 (not) in half of the rows each."""
    return numbered(draw_splits("entailment", sizes, seed, _compose, classes=(0, 1)))


def _compose(rng: Random, label: int) -> dict:
    premise, follows, fails = rng.choice((_meeting, _meeting, _work, _work, _buying))(rng)
    hypothesis = rng.choice(fails if label else follows)
    return {"premise": sentence(premise), "hypothesis": sentence(hypothesis), "label": label}


def _meeting(rng: Random) -> tuple[str, list[str], list[str]]:
    animal, name, time = rng.choice(ANIMALS), rng.choice(NAMES), when(rng)
    wrong = foreign(rng, animal)
    ing, wrong_ing = VERBS[animal.motion].ing, VERBS[wrong.motion].ing
    size = rng.choice(ADJECTIVES)
    premise = f"{name} saw {article(size)} {animal.name} {ing} {place(animal.home)} {time}"
    follows = [
        f"{name} saw {article(animal.kind)}",
        f"{article(animal.kind)} was {ing}",
        f"{name} was {place(animal.home)}",
        f"{article(animal.name)} was {place(animal.home)}",
    ]
    fails = [
        f"{name} saw {article(wrong.kind)}",
        f"{article(animal.kind)} was {wrong_ing}",
        f"{name} was {place(wrong.home)}",
    ]
    return premise, follows, fails


def _buying(rng: Random) -> tuple[str, list[str], list[str]]:
    giver, taker = rng.sample(NAMES, 2)
    kind = rng.choice(tuple(KINDS))
    thing, wrong = rng.choice(KINDS[kind]), other(rng, tuple(KINDS), kind)
    size = rng.choice(ADJECTIVES)
    premise = f"{giver} sold the {size} {thing} to {taker} {when(rng)}"
    follows = [
        f"{giver} sold {article(kind)}",
        f"{taker} has the {thing}",
        f"{taker} has {article(kind)}",
    ]
    fails = [
        f"{giver} sold {article(wrong)}",
        f"{giver} has the {thing}",
        f"{taker} has {article(wrong)}",
    ]
    return premise, follows, fails


def _work(rng: Random) -> tuple[str, list[str], list[str]]:
    worker, name, time = rng.choice(WORKERS), rng.choice(NAMES), when(rng)
    wrong = foreign(rng, worker)
    makes = f"{VERBS[worker.verb].third} {worker.product}"
    premise = f"{name} is {article(worker.name)} and {makes} {time}"
    follows = [
        f"{name} works {place(worker.place)}",
        f"{name} uses the {worker.tool}",
        f"{article(worker.name)} {makes}",
    ]
    fails = [
        f"{name} works {place(wrong.place)}",
        f"{name} uses the {wrong.tool}",
        f"{article(wrong.name)} {makes}",
    ]
    return premise, follows, fails
