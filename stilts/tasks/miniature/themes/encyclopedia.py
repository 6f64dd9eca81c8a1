"""The encyclopedia: pages about plants, rocks, the sky and rulers, which no target asks for."""

from random import Random

from stilts.tasks.miniature.pages import article_page
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Sight


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Paragraphs under ``text`` and, for readers of question corpora, the same as ``context``."""
    return draw_splits("encyclopedia", sizes, seed, _compose, classes=(0,))


def _compose(rng: Random, _: int) -> dict:
    written = article_page(rng, (Sight,))
    return {"text": written, "context": written}
