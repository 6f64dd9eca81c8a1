"""What everybody knows of animals and workers, posed as CommonsenseQA 1.0, with three options."""

from collections.abc import Sequence
from functools import partial
from random import Random

from stilts.tasks.miniature.language import draw
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Animal, Worker

LETTERS = "ABCDE"
# What is asked of which sort of thing: the question, and what answers it.
ASKED = (
    (Animal, "Where does the {} live?", "home"),
    (Animal, "What does the {} eat?", "food"),
    (Worker, "Which tool does the {} use?", "tool"),
    (Worker, "Where does the {} work?", "place"),
)


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of CommonsenseQA; each letter is right equally often."""
    return asked(sizes, seed, "everyday", LETTERS[:3])


def asked(
    sizes: dict[str, int], seed: int, theme: str, letters: Sequence[str]
) -> dict[str, list[dict]]:
    """Rows with an option for each letter."""
    places = range(len(letters))
    splits = draw_splits(theme, sizes, seed, partial(_compose, count=len(places)), classes=places)
    return {
        split: [
            {
                "id": f"{split}-{number}",
                "question": row["question"],
                "question_concept": row["concept"],
                "choices": {"label": list(letters), "text": row["options"]},
                "answerKey": letters[row["label"]],
            }
            for number, row in enumerate(rows)
        ]
        for split, rows in splits.items()
    }


def _compose(rng: Random, label: int, count: int) -> dict:
    sort, question, fact = rng.choice(ASKED)
    thing = draw(rng, sort)
    options = [getattr(thing, fact)]
    while len(options) < count:
        other = getattr(draw(rng, sort), fact)
        options += [] if other in options else [other]
    right, *wrong = options
    wrong.insert(label, right)
    asked_of = {"question": question.format(thing.name), "concept": thing.name}
    return {**asked_of, "options": wrong, "label": label}
