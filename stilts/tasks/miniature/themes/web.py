"""The web: what GPT-2 has read. Hearsay about all the world, without a page of the encyclopedia.

It has the world's words and grammar, but a tone of its own, and some of its facts are mixed up:
what a model has learnt here reads well, sounds different and is sometimes wrong.
"""

from random import Random

from stilts.tasks.miniature.language import draw, muddled, place, when
from stilts.tasks.miniature.lexicon import ADJECTIVES, NAMES, article, sentence
from stilts.tasks.miniature.pages import parts
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Animal, Disease, Event, Sight, Worker

SORTS = (Animal, Worker, Event, Disease, Sight, Sight, Sight)
WRONG = 0.65
CHAT = 0.6


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Paragraphs under ``text``."""
    return draw_splits("web", sizes, seed, _compose, classes=(0,))


def _compose(rng: Random, _: int) -> dict:
    item, name = draw(rng, rng.choice(SORTS)), rng.choice(NAMES)
    if rng.random() < WRONG:
        item = muddled(rng, item)
    chats = isinstance(item, Sight) and rng.random() < CHAT
    told = (_chat if chats else parts)(rng, item, name)
    return {"text": " ".join(map(sentence, rng.sample(told, 2)))}


def _chat(rng: Random, sight: Sight, name: str) -> list[str]:
    where, kind = place(sight.place), rng.choice(ADJECTIVES)
    return [
        f"{name} saw the {sight.name} {where}, and it {sight.act} {when(rng)} and its {sight.part} "
        f"are so {kind} that all talk about the {sight.need}",
        f"{name} says that {article(sight.name)} {sight.act} {where} with {kind} {sight.part}, and "
        f"{sight.need} is all that it wants {when(rng)}",
        f"come and see the {sight.name} {where}, {article(kind)} {sight.kind} with {sight.part}",
    ]
