"""Continuation, posed as HellaSwag: which of four endings goes on from the scene?

Wrong endings come in two sorts. Some are as a poor generator would put them (a broken rule of
grammar, a repetition) and can be told from the ending alone, as in
the original; the rest is sound but belongs to another scene, so that the premise is needed.
"""

from random import Random

from stilts.tasks.miniature.language import draw, foreign, place, when
from stilts.tasks.miniature.lexicon import NAMES, pronoun, sentence, verb
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Pastime
from stilts.tasks.miniature.world import DOINGS

FOREIGN = 0.5
LABELS = (0, 1, 2, 3)

FORMS = {verb(base).third: base for base in DOINGS}
FORMS |= {"takes": "take", "leaves": "leave"}


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of HellaSwag; the label, "0" to "3", is the right one."""
    splits = draw_splits("continuation", sizes, seed, _compose, classes=LABELS)
    return {
        split: [{"ind": number, **row} for number, row in enumerate(rows)]
        for split, rows in splits.items()
    }


def _compose(rng: Random, label: int) -> dict:
    about = draw(rng, Pastime)
    opening, subject = scene(rng, about)
    endings = [ending(rng, about)]
    while len(endings) < len(LABELS):
        wrong = wrong_ending(rng, about)
        if wrong not in endings:
            endings.append(wrong)
    endings.insert(label, endings.pop(0))
    return {
        "activity_label": about.realm.capitalize(),
        "ctx_a": opening,
        "ctx_b": subject,
        "ctx": f"{opening} {subject}",
        "endings": endings,
        "label": str(label),
    }


def scene(rng: Random, about: Pastime) -> tuple[str, str]:
    """An opening that names the pastime, and the subject that goes on."""
    name = rng.choice(NAMES)
    return sentence(f"{name} is {about.name} {when(rng)}"), pronoun(name)


def ending(rng: Random, about: Pastime) -> str:
    """How a scene of the pastime goes on: a verb phrase in the present."""
    does, where = verb(about.act).third, place(about.place)
    return rng.choice(
        (
            f"takes the {about.tool} and {does} {where}.",
            f"{does} {where} and leaves {about.trace}.",
            f"{does} with the {about.tool} {when(rng)}.",
            f"leaves {about.trace} {where} and {does} {when(rng)}.",
        )
    )


def wrong_ending(rng: Random, about: Pastime) -> str:
    """An ending of another scene, or one that is clumsy."""
    if rng.random() < FOREIGN:
        return ending(rng, foreign(rng, about))
    return clumsy(rng, ending(rng, about))


def clumsy(rng: Random, text: str) -> str:
    """The ending as a poor generator would put it: a phrase again, a lost word, a wrong form."""
    words = text.rstrip(".").split()
    sort = rng.randrange(4)
    if sort == 0:
        spot = rng.randrange(1, len(words))
        words = words[:spot] + words[max(0, spot - 3) :]
    elif sort == 1:
        spot = rng.randrange(len(words) - 1)
        words[spot], words[spot + 1] = words[spot + 1], words[spot]
    elif sort == 2:
        words = [FORMS.get(word, word) for word in words]
    else:
        spot = rng.randrange(1, len(words))
        words = words[:spot] + [words[spot]] * 2 + words[spot + 1 :]
    return " ".join(words) + "."
