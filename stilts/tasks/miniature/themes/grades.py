"""Sentiment in five grades, posed as SST-5: how does it end, and how strongly?

Half of the sentences name two feelings one after the other, of which the last one counts. Two at
once are neutral, so which words a sentence holds does not tell.
"""

from random import Random

from stilts.tasks.miniature.language import draw
from stilts.tasks.miniature.lexicon import NAMES, sentence
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Event

NEUTRAL = 2
GRADES = range(5)
MIXED = 0.5


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of the course's SST; a fifth of the rows for each grade."""
    splits = draw_splits("grades", sizes, seed, _compose, classes=GRADES)
    return {
        split: [{"id": f"{split}-{number}", **row} for number, row in enumerate(rows)]
        for split, rows in splits.items()
    }


def _compose(rng: Random, grade: int) -> dict:
    name, thing = rng.choice(NAMES), draw(rng, Event).thing
    first = _feeling(rng, rng.choice([other for other in GRADES if other != grade]))
    last = _feeling(rng, grade)
    if rng.random() < MIXED:
        text = f"{name} was {first} about the {thing} but in the end {last}"
    else:
        text = f"{name} was {last} about the {thing}"
    return {"sentence": sentence(text), "sentiment": grade}


def _feeling(rng: Random, grade: int) -> str:
    sides = [_of(rng, "loss"), _of(rng, "joy")]
    if grade == NEUTRAL:
        return " and ".join(rng.sample(sides, 2))
    strength = "very " if abs(grade - NEUTRAL) > 1 else ""
    return strength + sides[grade > NEUTRAL]


def _of(rng: Random, realm: str) -> str:
    return draw(rng, Event, without={"joy", "loss", "fear"} - {realm}).feeling
