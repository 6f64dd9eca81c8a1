"""Questions on a text that may have no answer, posed as Zero-shot RE: half of them has none."""

from stilts.tasks.miniature.themes.questions import asked


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of questions on a text."""
    return asked(sizes, seed, "relations", classes=(1, 0))
