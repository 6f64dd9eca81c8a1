"""Inference of three classes, posed as SNLI: as `inference`, other rows."""

from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.themes.inference import CLASSES, compose


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of SNLI; a third of the rows for each label."""
    return draw_splits("captions", sizes, seed, compose, classes=CLASSES)
