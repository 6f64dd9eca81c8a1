"""Word sense, posed as WiC: does the word mean the same in both sentences?"""

from random import Random

from stilts.tasks.miniature.language import AMBIGUOUS, other, sense_sentence, topics_of
from stilts.tasks.miniature.sampling import draw_splits, numbered


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of WiC; label 1 when both sentences use the same meaning."""
    return numbered(draw_splits("word_sense", sizes, seed, _compose, classes=(0, 1)))


def _compose(rng: Random, label: int) -> dict:
    word = rng.choice(AMBIGUOUS)
    topic = rng.choice(topics_of(word))
    second_topic = topic if label else other(rng, topics_of(word), topic)
    row: dict = {"word": word}
    for number, chosen in ((1, topic), (2, second_topic)):
        text = sense_sentence(rng, word, chosen)
        start = text.lower().index(f" {word}") + 1
        row |= {
            f"sentence{number}": text,
            f"start{number}": start,
            f"end{number}": start + len(word),
        }
    return row | {"label": label}
