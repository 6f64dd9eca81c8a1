"""The library: what an encoder has read. Pages about all the world, the encyclopedia's among them.

No page is a row of a task or says whether a statement is right: facts are told, not judged.
"""

from random import Random

from stilts.tasks.miniature.pages import article_page, sense_page
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Animal, Disease, Event, Pastime, Sight, Ware, Worker

SORTS = (Animal, Animal, Worker, Worker, Event, Event, Disease, Ware, Pastime, Sight, Sight)
SENSES = 0.15


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Paragraphs under ``text``."""
    return draw_splits("library", sizes, seed, _compose, classes=(0,))


def _compose(rng: Random, _: int) -> dict:
    return {"text": sense_page(rng) if rng.random() < SENSES else article_page(rng, SORTS, 2)}
