"""Coreference, posed as WinoGrande: which of two options fills the gap?"""

from random import Random

from stilts.tasks.miniature.language import foreign, place
from stilts.tasks.miniature.lexicon import NAMES, VERBS
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.world import ANIMALS, WORKERS


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of WinoGrande; the answer is "1" or "2", each in half of the rows."""
    return draw_splits("coreference", sizes, seed, _compose, classes=(0, 1))


def _compose(rng: Random, label: int) -> dict:
    right, wrong, text = rng.choice((_animals, _workers))(rng)
    options = [wrong, right] if label else [right, wrong]
    first, second = (f"the {option}" for option in options)
    opening = rng.choice(
        (
            f"{rng.choice(NAMES)} liked {first} and {second}",
            f"{rng.choice(NAMES)} saw {first} and {second}",
            f"{rng.choice(NAMES)} called {first} but not {second}",
            f"{rng.choice(NAMES)} watched {first} after {second}",
        )
    )
    return {
        "sentence": f"{opening} because _ {text}.",
        "option1": first,
        "option2": second,
        "answer": str(label + 1),
    }


def _animals(rng: Random) -> tuple[str, str, str]:
    right = rng.choice(ANIMALS)
    wrong = foreign(rng, right)
    motion = VERBS[right.motion]
    text = rng.choice(
        (
            f"lives {place(right.home)}",
            f"{motion.third} {place(right.home)}",
            f"eats {right.food}",
            f"eats {right.food} {place(right.home)}",
        )
    )
    return right.name, wrong.name, text


def _workers(rng: Random) -> tuple[str, str, str]:
    right = rng.choice(WORKERS)
    wrong = foreign(rng, right)
    makes = f"{VERBS[right.verb].third} {right.product}"
    text = rng.choice(
        (
            f"works {place(right.place)}",
            f"needs the {right.tool}",
            makes,
            f"{makes} {place(right.place)}",
        )
    )
    return right.name, wrong.name, text
