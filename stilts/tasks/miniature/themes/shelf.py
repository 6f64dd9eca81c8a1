"""The shelf: what the encoders of the second question have read, pages and reports of meetings.

Beside the pages of all the world it has the words and forms in which the tasks of that question
speak. No text is a row of a task, and none says whether a statement is right.
"""

from random import Random

from stilts.tasks.miniature.language import draw, place, when
from stilts.tasks.miniature.lexicon import NAMES, plural, pronoun, sentence
from stilts.tasks.miniature.pages import article_page, sense_page
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.themes.credibility import SOURCES
from stilts.tasks.miniature.themes.hostility import ILL, WELL
from stilts.tasks.miniature.things import Animal, Event, Sight, Ware, Worker

SORTS = (Animal, Animal, Worker, Worker, Event, Event, Event, Ware, Sight)
SENSES, REPORTS = 0.15, 0.35


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Paragraphs under ``text``."""
    return draw_splits("shelf", sizes, seed, _compose, classes=(0,))


def _compose(rng: Random, _: int) -> dict:
    chance = rng.random()
    if chance < SENSES:
        return {"text": sense_page(rng)}
    return {"text": _report(rng) if chance < SENSES + REPORTS else article_page(rng, SORTS, 2)}


def _report(rng: Random) -> str:
    """Who did what, told twice in other words, so that a reader learns to look back."""
    first, second = rng.sample(NAMES, 2)
    animal, worker = draw(rng, Animal), draw(rng, Worker)
    home, time = place(animal.home), when(rng)
    sources, wishes = rng.choice(SOURCES), rng.choice((ILL, WELL))
    whole = rng.choice(
        (
            f"the {rng.choice(sources)} of {first} says the same as the {rng.choice(sources)}, "
            f"a {rng.choice(sources)} by {second}",
            f"all {plural(worker.name)} must {rng.choice(wishes)} and {rng.choice(wishes)} {time}",
            f"which food has the {animal.name}? The {animal.name} eats {animal.food}",
            f"how does the {animal.name} move? The {animal.name} and every {animal.kind} "
            f"{animal.motion}",
            f"{first} saw the {animal.name} {home}. {second} used the {worker.tool} {time}. "
            f"{first} was {home}, and {pronoun(second)} had the {worker.tool}",
            f"the {animal.name} was followed by {first} {time}. {first} followed the "
            f"{animal.name} {home}",
            f"where does the {worker.name} work? The {worker.name} works {place(worker.place)}",
            f"what did {first} see? {first} saw the {animal.name} {time}",
        )
    )
    return sentence(whole)
