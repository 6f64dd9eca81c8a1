"""Hate speech, posed as TweetEval's task: is a whole group wished ill?

Where both wishes are named, the second is denied, and the same words stand around each: neither
words nor pairs of them tell which is which.
"""

from random import Random

from stilts.tasks.miniature.language import draw
from stilts.tasks.miniature.lexicon import NAMES, plural, sentence
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Worker

ILL = ("vanish", "suffer", "be banned", "be jailed", "starve", "be expelled")
WELL = ("stay", "prosper", "be welcome", "be thanked", "thrive", "be honoured")
BOTH = 0.6


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of TweetEval; label 1 (hate) in two rows of five."""
    return draw_splits("hostility", sizes, seed, _compose, classes=(0, 0, 0, 1, 1))


def _compose(rng: Random, label: int) -> dict:
    wish, denied = (ILL, WELL) if label else (WELL, ILL)
    group = plural(draw(rng, Worker).name)
    text = f"all {group} must {rng.choice(wish)}"
    if rng.random() < BOTH:
        here, there = rng.sample(NAMES, 2)
        text = f"all {group} have to {rng.choice(wish)}, says {here},"
        text += f" and not to {rng.choice(denied)}, says {there}"
    return {"text": sentence(text), "label": label}
