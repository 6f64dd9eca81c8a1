"""Clinical inference, posed as MedNLI: does the note support the statement?

As in the original the statement alone betrays some answers: half of the open ones are about what
no note tells. The other half follow a note without a symptom.
"""

from random import Random

from stilts.tasks.miniature.language import draw, foreign, when
from stilts.tasks.miniature.lexicon import article, sentence
from stilts.tasks.miniature.pages import PEOPLE
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Disease
from stilts.tasks.miniature.world import HABITS

LABELS = ("entailment", "contradiction", "neutral")
VAGUE = ("no appetite", "a bad night", "a long journey", "an old wound", "little sleep")


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of MedNLI; each gold_label is a third of the rows."""
    return draw_splits("clinical", sizes, seed, _compose, classes=(0, 1, 2))


def _compose(rng: Random, label: int) -> dict:
    disease = draw(rng, Disease)
    complaint = disease.symptom
    told = claim(rng, foreign(rng, disease) if label == 1 else disease)
    if label == 2:
        if rng.random() < 0.5:
            complaint = rng.choice(VAGUE)
        else:
            told = f"the patient {rng.choice(HABITS)}"
    return {
        "sentence1": note(rng, complaint),
        "sentence2": sentence(told),
        "gold_label": LABELS[label],
    }


def note(rng: Random, complaint: str) -> str:
    """One sentence of a patient's record that names what the patient complains of."""
    who = rng.choice(PEOPLE)
    return sentence(
        rng.choice(
            (
                f"the {who} came to the hospital {when(rng)} with {complaint}",
                f"the {who} has had {complaint} for {rng.choice(('two', 'three', 'ten'))} days",
                f"the patient, {article(who)}, complains of {complaint} {when(rng)}",
            )
        )
    )


def claim(rng: Random, disease: Disease) -> str:
    """A clause that holds of a patient with the disease."""
    return rng.choice(
        (
            f"the patient has {disease.name}",
            f"the {disease.realm} is ill",
            f"the patient needs {disease.drug}",
        )
    )
