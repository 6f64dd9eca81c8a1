"""Questions on a text that all have an answer, posed as SQuAD 1.1."""

from stilts.tasks.miniature.themes.questions import answered


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of SQuAD; every question has an answer."""
    return answered(sizes, seed, "answered_questions")
