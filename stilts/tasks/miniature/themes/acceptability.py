"""Acceptability, posed as CoLA: is the sentence good grammar?"""

from random import Random

from stilts.tasks.miniature.language import draw, place
from stilts.tasks.miniature.lexicon import ADJECTIVES, NAMES, TIMES, plural, sentence, verb
from stilts.tasks.miniature.sampling import draw_splits, numbered
from stilts.tasks.miniature.things import Animal, Worker
from stilts.tasks.miniature.world import DOINGS

CLASSES = (1, 1, 1, 1, 1, 1, 1, 0, 0, 0)


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of CoLA; seven of ten are acceptable (label 1)."""
    return numbered(draw_splits("acceptability", sizes, seed, _compose, classes=CLASSES))


def _compose(rng: Random, label: int) -> dict:
    words = plain_words(rng)
    if not label:
        words = spoiled(rng, words)
    return {"sentence": sentence(" ".join(words)), "label": label}


def plain_words(rng: Random) -> list[str]:
    """The words of a grammatical sentence about an animal or a worker."""
    if rng.random() < 0.5:
        animal = draw(rng, Animal)
        noun, does, rest = animal.name, verb(animal.motion), place(animal.home)
    else:
        worker = draw(rng, Worker)
        noun, does = worker.name, verb(worker.verb)
        rest = f"{worker.product} {place(worker.place)}"
    adjective = rng.choice(ADJECTIVES)
    shape = rng.randrange(5)
    if shape == 0:
        return f"the {adjective} {noun} {does.third} {rest}".split()
    if shape == 1:
        return f"the {adjective} {plural(noun)} {does.base} {rest}".split()
    if shape == 2:
        return f"the {noun} was {does.ing} {rest} {rng.choice(TIMES)}".split()
    if shape == 3:
        return f"the {plural(noun)} were {does.ing} {rest} {rng.choice(TIMES)}".split()
    return f"{rng.choice(NAMES)} saw the {adjective} {noun} {does.ing} {rest}".split()


def spoiled(rng: Random, words: list[str]) -> list[str]:
    """The words with one rule of grammar broken; never equal to the words given."""
    breaks = [_number, _order, _double, _gap]
    while True:
        broken = rng.choice(breaks)(rng, list(words))
        if broken != words:
            return broken


def _number(rng: Random, words: list[str]) -> list[str]:
    swaps = {"was": "were", "were": "was"}
    for base in DOINGS:
        does = verb(base)
        swaps |= {does.base: does.third, does.third: does.base}
        if "saw" in words:
            swaps[does.ing] = does.past
    return [swaps.get(word, word) for word in words]


def _order(rng: Random, words: list[str]) -> list[str]:
    spot = rng.randrange(1, len(words) - 1)
    words[spot], words[spot + 1] = words[spot + 1], words[spot]
    return words


def _double(rng: Random, words: list[str]) -> list[str]:
    spot = rng.randrange(len(words))
    return words[: spot + 1] + words[spot:]


def _gap(rng: Random, words: list[str]) -> list[str]:
    small = [i for i, word in enumerate(words) if word in ("the", "in", "on", "was", "were")]
    if not small:
        return words
    spot = rng.choice(small)
    return words[:spot] + words[spot + 1 :]
