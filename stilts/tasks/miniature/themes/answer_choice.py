"""Questions and sentences that may answer them, posed as WikiQA: is it of the same matter?"""

from random import Random

from stilts.tasks.miniature.language import akin, draw, foreign, place
from stilts.tasks.miniature.lexicon import plural, sentence
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Sight


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of WikiQA; label 1 (it answers) in two rows of five."""
    splits = draw_splits("answer_choice", sizes, seed, _compose, classes=(0, 0, 0, 1, 1))
    return {
        split: [{"question_id": f"Q{number}", **row} for number, row in enumerate(rows)]
        for split, rows in splits.items()
    }


def _compose(rng: Random, label: int) -> dict:
    asked = draw(rng, Sight)
    told = akin(rng, asked) if label else foreign(rng, asked)
    return {
        "question": sentence(f"which {asked.kind} has {asked.part}?"),
        "document_title": asked.kind.capitalize(),
        "answer": sentence(f"{plural(told.name)} are {place(told.place)}"),
        "label": label,
    }
