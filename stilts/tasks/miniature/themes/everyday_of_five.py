"""What everybody knows, posed as CommonsenseQA 1.11: as `everyday`, with five options."""

from stilts.tasks.miniature.themes.everyday import LETTERS, asked


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of CommonsenseQA; each letter is right equally often."""
    return asked(sizes, seed, "everyday_of_five", LETTERS)
