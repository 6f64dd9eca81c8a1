"""Questions on a text, posed as SQuAD: which words of the context answer, if any do?

A context tells of two people, of each some of four things: whom they met, where, when, and with
which tool. A question asks for one of the four. It has no answer where neither sentence tells it.
"""

from random import Random

from stilts.tasks.miniature.language import draw, place, when
from stilts.tasks.miniature.lexicon import NAMES, sentence
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Animal, Worker

# For each sort of answer how it is asked for.
ASKED = {
    "whom": "What did {name} see?",
    "where": "Where was {name}?",
    "when": "When was {name} seen?",
    "tool": "Which tool had {name}?",
}


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of SQuAD 2.0; a third of the questions has no answer."""
    return asked(sizes, seed, "questions", classes=(1, 1, 0))


def answered(sizes: dict[str, int], seed: int, theme: str) -> dict[str, list[dict]]:
    """Rows of which every question has an answer, drawn from a stream of their own."""
    return asked(sizes, seed, theme, classes=(1,))


def asked(
    sizes: dict[str, int], seed: int, theme: str, classes: tuple[int, ...]
) -> dict[str, list[dict]]:
    """Rows drawn from a stream of their own; 0 in `classes` stands for no answer."""
    splits = draw_splits(theme, sizes, seed, _compose, classes=classes)
    return {
        split: [{"id": f"{split}-{number}", **row} for number, row in enumerate(rows)]
        for split, rows in splits.items()
    }


def _compose(rng: Random, label: int) -> dict:
    sorts = list(ASKED)
    rng.shuffle(sorts)
    asked, names = sorts[0], rng.sample(NAMES, 2)
    other = rng.sample(sorts[1:], rng.choice((1, 2)))
    # The one who is asked for tells the answer, or one of the other things.
    own = [asked] if label else [rng.choice(sorts[1:])]
    told = [(names[0], own), (names[1], [sort for sort in other if sort not in own][:1] or own)]
    rng.shuffle(told)
    context, places = "", {}
    for name, facts in told:
        clause, answers = _clause(rng, name, facts)
        places |= {(name, sort): (len(context) + start, text) for sort, start, text in answers}
        context += sentence(clause) + " "
    start, text = places.get((names[0], asked), (0, ""))
    return {
        "context": context.strip(),
        "question": ASKED[asked].format(name=names[0]),
        "answers": {"text": [text], "answer_start": [start]}
        if label
        else {"text": [], "answer_start": []},
    }


def _clause(rng: Random, name: str, facts: list[str]) -> tuple[str, list[tuple[str, int, str]]]:
    """A clause that tells the facts of a person, and where in it each answer stands."""
    answers = {
        "whom": f"the {draw(rng, Animal).name}",
        "where": place(draw(rng, Animal).home),
        "when": when(rng),
        "tool": f"the {draw(rng, Worker).tool}",
    }
    forms = {"whom": "saw {}", "where": "was {}", "when": "came {}", "tool": "used {}"}
    clause, found = name, []
    for number, fact in enumerate(facts):
        before = forms[fact].partition("{}")[0]
        clause += (" and " if number else " ") + before
        found.append((fact, len(clause), answers[fact]))
        clause += answers[fact]
    return clause, found
