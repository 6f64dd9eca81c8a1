"""Clinical inference, posed as MedNLI: does the note support the statement?"""

from random import Random

from stilts.tasks.miniature.language import foreign, when
from stilts.tasks.miniature.lexicon import sentence
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.world import DISEASES, HABITS, Disease

LABELS = ("entailment", "contradiction", "neutral")


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of MedNLI; each gold_label is a third of the rows."""
    return draw_splits("clinical", sizes, seed, _compose, classes=(0, 1, 2))


def _compose(rng: Random, label: int) -> dict:
    disease = rng.choice(DISEASES)
    symptoms = list(rng.sample(disease.symptoms, rng.choice((1, 2))))
    write = (_supported, _refuted, _open)[label]
    return {
        "sentence1": note(rng, symptoms),
        "sentence2": sentence(write(rng, disease, symptoms)),
        "gold_label": LABELS[label],
    }


def note(rng: Random, symptoms: list[str]) -> str:
    """One sentence of a patient's record that names the symptoms."""
    named = " and ".join(symptoms)
    who = rng.choice(("man", "woman", "boy", "girl"))
    return sentence(
        rng.choice(
            (
                f"the {who} came to the hospital {when(rng)} with {named}",
                f"the {who} has had {named} for {rng.choice(('two', 'three', 'ten'))} days",
                f"the patient, an old {who}, complains of {named} {when(rng)}",
            )
        )
    )


def _supported(rng: Random, disease: Disease, symptoms: list[str]) -> str:
    return rng.choice(
        (
            f"the patient has {disease.name}",
            f"the {disease.realm} is ill",
            f"the patient needs {disease.drug}",
            f"the patient has {rng.choice(symptoms)}",
        )
    )


def _refuted(rng: Random, disease: Disease, symptoms: list[str]) -> str:
    wrong = foreign(rng, disease)
    return rng.choice(
        (
            f"the patient has no {rng.choice(symptoms)}",
            f"the patient has {wrong.name}",
            f"the {wrong.realm} is ill",
            f"the patient needs {wrong.drug}",
        )
    )


def _open(rng: Random, disease: Disease, symptoms: list[str]) -> str:
    return f"the patient {rng.choice(HABITS)} {when(rng)}"
