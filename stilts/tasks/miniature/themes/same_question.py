"""Paraphrases of questions, posed as QQP: do both ask for the same?"""

from random import Random

from stilts.tasks.miniature.language import draw, other
from stilts.tasks.miniature.lexicon import sentence
from stilts.tasks.miniature.sampling import draw_splits, numbered
from stilts.tasks.miniature.things import Animal

WAYS = {
    "home": ("where does the {} live?", "in which place is the {} at home?"),
    "food": ("what does the {} eat?", "which food has the {}?"),
    "motion": ("how does the {} move?", "in which way does the {} get about?"),
}


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of QQP; label 1 (duplicates) in two rows of five."""
    return numbered(asked(sizes, seed, "same_question"))


def asked(sizes: dict[str, int], seed: int, theme: str) -> dict[str, list[dict]]:
    """Pairs of questions with their label, from the stream of a theme."""
    return draw_splits(theme, sizes, seed, _compose, classes=(0, 0, 0, 1, 1))


def _compose(rng: Random, label: int) -> dict:
    name = draw(rng, Animal).name
    first = rng.choice(tuple(WAYS))
    second = first if label else other(rng, tuple(WAYS), first)
    one, two = rng.sample((0, 1), 2)
    return {
        "question1": sentence(WAYS[first][one].format(name)),
        "question2": sentence(WAYS[second][two].format(name)),
        "label": label,
    }
