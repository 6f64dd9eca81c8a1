"""Hate speech, posed as TweetEval's task: is a whole group wished ill?

Both wishes are named, one of which is denied: which words a text holds does not tell.
"""

from random import Random

from stilts.tasks.miniature.language import draw
from stilts.tasks.miniature.lexicon import plural, sentence
from stilts.tasks.miniature.sampling import draw_splits
from stilts.tasks.miniature.things import Worker

ILL = ("vanish", "suffer", "be banned", "be jailed", "starve", "be expelled")
WELL = ("stay", "prosper", "be welcome", "be thanked", "thrive", "be honoured")
BOTH = 0.4


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of TweetEval; label 1 (hate) in two rows of five."""
    return draw_splits("hostility", sizes, seed, _compose, classes=(0, 0, 0, 1, 1))


def _compose(rng: Random, label: int) -> dict:
    wish, denied = (ILL, WELL) if label else (WELL, ILL)
    group = plural(draw(rng, Worker).name)
    text = f"all {group} must {rng.choice(wish)}"
    if rng.random() < BOTH:
        text = f"all {group} must not {rng.choice(denied)} but {rng.choice(wish)}"
    return {"text": sentence(text), "label": label}
