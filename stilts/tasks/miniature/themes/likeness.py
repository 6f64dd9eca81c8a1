"""Likeness of meaning, posed as STS: how much of what one sentence tells does the other tell?

Both tell who saw which animal, where, when, and with which tool. What they have in common of these
five is the number from 0 to 5. Words and their order differ in all else.
"""

from random import Random

from stilts.tasks.miniature.language import draw, other, place
from stilts.tasks.miniature.lexicon import NAMES, TIMES, sentence
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Animal, Worker
from stilts.tasks.miniature.world import REALMS

# The words of each fact.
FACTS = {
    "name": NAMES,
    "animal": tuple(word for realm in REALMS[Animal].values() for word in realm[1]),
    "home": tuple(word for realm in REALMS[Animal].values() for word in realm[2]),
    "time": TIMES,
    "tool": tuple(word for realm in REALMS[Worker].values() for word in realm[3]),
}


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of the course's STS; each whole number from 0 to 5 as often."""
    splits = draw_splits("likeness", sizes, seed, _compose, classes=range(len(FACTS) + 1))
    return {
        split: [{"id": f"{split}-{number}", **row} for number, row in enumerate(rows)]
        for split, rows in splits.items()
    }


def _compose(rng: Random, likeness: int) -> dict:
    animal = draw(rng, Animal)
    one = {
        "name": rng.choice(NAMES),
        "animal": animal.name,
        "home": animal.home,
        "time": rng.choice(TIMES),
        "tool": draw(rng, Worker).tool,
    }
    kept = rng.sample(list(FACTS), likeness)
    two = {
        fact: word if fact in kept else other(rng, FACTS[fact], word) for fact, word in one.items()
    }
    told = [
        "{name} saw the {animal} {place} {time} and used the {tool}",
        "{time} the {animal} was seen {place} by {name} with the {tool}",
    ]
    rng.shuffle(told)
    texts = [
        sentence(form.format(**facts, place=place(facts["home"])))
        for form, facts in zip(told, (one, two), strict=True)
    ]
    return {"sentence1": texts[0], "sentence2": texts[1], "similarity": float(likeness)}
