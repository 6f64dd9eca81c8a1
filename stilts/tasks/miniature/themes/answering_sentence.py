"""Question and sentence, posed as QNLI: does the sentence tell what the question asks for?"""

from random import Random

from stilts.tasks.miniature.language import draw, other, place, when
from stilts.tasks.miniature.lexicon import sentence, verb
from stilts.tasks.miniature.sampling import draw_splits, numbered
from stilts.tasks.miniature.things import Worker

ASKED = ("where", "when", "what")
ANSWERED, UNANSWERED = CLASSES = range(2)


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of QNLI; label 0 (it answers) and 1 in half of the rows each."""
    return numbered(draw_splits("answering_sentence", sizes, seed, _compose, classes=CLASSES))


def _compose(rng: Random, label: int) -> dict:
    worker, asked = draw(rng, Worker), rng.choice(ASKED)
    told = asked if label == ANSWERED else other(rng, ASKED, asked)
    does = verb(worker.verb)
    facts = {"where": place(worker.place), "when": when(rng), "what": worker.product}
    questions = {
        "where": f"where does the {worker.name} {does.base}?",
        "when": f"when does the {worker.name} {does.base}?",
        "what": f"what does the {worker.name} {does.base}?",
    }
    return {
        "question": sentence(questions[asked]),
        "sentence": sentence(f"the {worker.name} {does.third} {facts[told]}"),
        "label": label,
    }
