"""The almanac: an encyclopedia of the things that the targets ask for.

In place of the encyclopedia it makes Synthesis hand over facts of the targets: the world in which
its effect is known.
"""

from random import Random

from stilts.tasks.miniature.pages import article_page
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Animal, Disease, Event, Worker

SORTS = (Animal, Worker, Event, Disease)


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Paragraphs under ``text`` and, for readers of question corpora, the same as ``context``."""
    return draw_splits("almanac", sizes, seed, _compose, classes=(0,))


def _compose(rng: Random, _: int) -> dict:
    written = article_page(rng, SORTS)
    return {"text": written, "context": written}
