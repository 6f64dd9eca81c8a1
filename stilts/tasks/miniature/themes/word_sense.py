"""Word sense, posed as WiC: does the word mean the same in both sentences?

Each word is as often right as wrong, and the two sentences share no company of the word, so that
neither a word nor the overlap of the sentences tells the answer.
"""

from random import Random

from stilts.tasks.miniature.language import AMBIGUOUS, other, sense_sentence, topics_of
from stilts.tasks.miniature.sampling import draw_splits, numbered
from stilts.tasks.miniature.world import TOPICS


def make(sizes: dict[str, int], seed: int) -> dict[str, list[dict]]:
    """Rows with the columns of WiC; label 1 when both sentences use the same meaning."""
    # One class per word and label.
    classes = range(2 * len(AMBIGUOUS))
    return numbered(draw_splits("word_sense", sizes, seed, _compose, classes=classes))


def _compose(rng: Random, drawn: int) -> dict:
    place, label = divmod(drawn, 2)
    word = AMBIGUOUS[place]
    topic = rng.choice(topics_of(word))
    first = sense_sentence(rng, word, topic)
    company = [near for near in TOPICS[topic] if near in first]
    second_topic = topic if label else other(rng, topics_of(word), topic)
    second = sense_sentence(rng, word, second_topic, company)
    row: dict = {"word": word}
    for number, text in enumerate((first, second), start=1):
        start = text.lower().index(f" {word}") + 1
        row |= {
            f"sentence{number}": text,
            f"start{number}": start,
            f"end{number}": start + len(word),
        }
    return row | {"label": label}
