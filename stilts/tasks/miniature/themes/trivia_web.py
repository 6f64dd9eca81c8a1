"""Questions on a text that all have an answer, posed as TriviaQA's web part."""

from stilts.tasks.miniature.themes.questions import answered


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of questions on a text; every question has an answer."""
    return answered(sizes, seed, "trivia_web")
