"""Whether a text answers a question: the official definition of SQuAD.

Rajpurkar et al. 2016, section 6.1, and Rajpurkar et al. 2018, section 5: texts are compared in
lower case, without punctuation, without the articles a, an, the, and with single spaces; of several
gold answers the best match counts. A question without an answer is answered by the empty text.
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalised(text: str) -> str:
    """Return a text as it is compared."""
    bare = text.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, the punctuation around each left out."""
    bare = (word.strip(string.punctuation) for word in text.casefold().split())
    return [word for word in bare if word]


def same_words(one: str, other: str) -> bool:
    """Return whether two texts have the same words; without any, whether they are the same."""
    told = words(one), words(other)
    return told[0] == told[1] if any(told) else one.strip() == other.strip()


def exact(answer: str, gold: str) -> float:
    """Return 1 if both are the same once normalised, else 0."""
    return float(normalised(answer) == normalised(gold))


def f1(answer: str, gold: str) -> float:
    """Return F1 of the words of an answer against those of a gold one, each with its number.

    If either has no words left it is 1 where both have none, else 0.
    """
    found, wanted = normalised(answer).split(), normalised(gold).split()
    if not found or not wanted:
        return float(found == wanted)
    shared = sum((Counter(found) & Counter(wanted)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(found), shared / len(wanted)
    return 2 * precision * recall / (precision + recall)


def mean_of(
    match: Callable[[str, str], float],
    answers: Sequence[str] | np.ndarray,
    golds: Sequence[Sequence[str]] | np.ndarray,
    answerable: bool | None = None,
) -> float:
    """Return the mean over questions of the best match with a gold answer.

    Args:
        match: of an answer and a gold one, 0 to 1.
        answers: a text for each question, empty for none.
        golds: the gold answers of each question, none where there is no answer.
        answerable: take only the questions with an answer, or only those without.

    Returns:
        The mean, 0 to 1; 0 where no question is left.
    """
    matches = [
        max(match(answer, text) for text in _worded(gold))
        for answer, gold in zip(answers, golds, strict=True)
        if answerable is None or bool(len(gold)) == answerable
    ]
    return sum(matches) / len(matches) if matches else 0.0


def _worded(gold: Sequence[str]) -> list[str]:
    """Return gold answers as the official script compares them: those that keep a word."""
    return [text for text in gold if normalised(text)] or [""]


def always_none(counts: Sequence[int]) -> dict[str, float]:
    """Return what naming no answer reaches, from the questions without and with an answer."""
    share = counts[0] / sum(counts)
    return {"chance": share, "majority": share}
