"""Coreference, posed as WinoGrande: which of two options fills the gap?"""

from random import Random

from stilts.tasks.miniature.language import akin, draw, foreign, place
from stilts.tasks.miniature.lexicon import NAMES, sentence, verb
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Animal, Worker


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of WinoGrande; the answer is "1" or "2", each in half of the rows."""
    return draw_splits("coreference", sizes, seed, _compose, classes=(0, 1))


def _compose(rng: Random, label: int) -> dict:
    right, wrong, text = rng.choice((_animals, _workers))(rng)
    options = [wrong, right] if label else [right, wrong]
    first, second = (f"the {option}" for option in options)
    return {
        "sentence": sentence(text),
        "option1": first,
        "option2": second,
        "answer": str(label + 1),
    }


def _animals(rng: Random) -> tuple[str, str, str]:
    right = draw(rng, Animal)
    near, name = akin(rng, right), rng.choice(NAMES)
    text = rng.choice(
        (
            f"{name} went {place(right.home)} because _ eats {near.food}",
            f"{name} saw that _ {verb(near.motion).third} {place(right.home)}",
            f"{name} gave the {near.name} some {right.food}, and _ came too",
        )
    )
    return right.name, foreign(rng, right).name, text


def _workers(rng: Random) -> tuple[str, str, str]:
    right = draw(rng, Worker)
    near, name = akin(rng, right), rng.choice(NAMES)
    text = rng.choice(
        (
            f"{name} went {place(right.place)} because _ needs the {near.tool}",
            f"{name} saw {right.product} {place(near.place)}, where _ works",
            f"{name} took the {right.tool}, and _ {verb(near.verb).third} {near.product}",
        )
    )
    return right.name, foreign(rng, right).name, text
