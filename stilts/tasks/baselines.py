"""What trivial cues reach on a task: a control for every score of a model.

Each baseline is a logistic regression of scikit-learn on one cue. Of a multiple choice it learns
whether an option is the answer, and takes the option that it gives most. What they need of a kind
is what its module says of a row: the two texts of every sequence (`pairs`) and how many sequences
an example has; where a model reads texts apart, the texts of every example (`sides`) stand in for
that. scikit-learn takes a second to load, so that it is imported where it is needed.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from types import ModuleType
from typing import Any

import numpy as np

from stilts.tasks.columns import Row

MOST_SEQUENCES = 12_000  # of training and of scoring each; more rows are a seeded sample
MOST_WORDS = 100  # of each text, so that pairs stay few enough
MOST_FEATURES = 200_000  # that a cue learns from: the most common ones; real texts have millions
SEED = 0

Words = Sequence[str]
_WORD = re.compile(r"\w+(?:'\w+)?")


def _length(first: Words, second: Words) -> dict[str, float]:
    return {"first": len(first), "second": len(second)}


def _overlap(first: Words, second: Words) -> dict[str, float]:
    shared = len(set(first) & set(second))
    return {"words": shared, "share": shared / max(1, len(set(second)))}


def _b_alone(first: Words, second: Words) -> dict[str, float]:
    return dict.fromkeys(second or first, 1.0)


def _pairs(first: Words, second: Words) -> dict[str, float]:
    if not (first and second):
        first = second = first or second
    return {f"{left} {right}": 1.0 for left in set(first) for right in set(second)}


# The cues: numbers of words; words of B that stand in A; the words of B (of the only text where
# there is one); pairs of a word of A and a word of B.
CUES: dict[str, Callable[[Words, Words], dict[str, float]]] = {
    "length": _length,
    "overlap": _overlap,
    "b_alone": _b_alone,
    "pairs": _pairs,
}


def baselines(
    train: Sequence[Row],
    scored: Sequence[Row],
    kind: ModuleType,
    score: Callable[[np.ndarray, np.ndarray], float],
) -> dict[str, float]:
    """Return what each cue and the most frequent class of training reach, by name.

    Args:
        train: canonical rows, which the baselines learn from.
        scored: the rows they are scored on.
        kind: the module of their kind.
        score: a metric: (predictions [n], references [n]) to a number.

    Returns:
        The metric of `majority` and of every cue of CUES, rounded to four places; none where
        training knows a single class. Of questions on a text `majority` alone: no answer to any.
    """
    if hasattr(kind, "silence"):
        return {"majority": round(float(score(*kind.silence(scored))), 4)}
    train, scored = _sample(train, kind), _sample(scored, kind)
    known = np.array([row["label"] for row in train])
    true = np.array([row["label"] for row in scored])
    if len(_texts(train, kind)[0]) == len(train) and len(set(known)) < 2:
        return {}
    majority = np.full_like(true, np.bincount(known).argmax())
    found = {"majority": score(majority, true)}
    told, asked = _sides(train, kind), _sides(scored, kind)
    for name, cue in CUES.items():
        found[name] = score(_predict(cue, told, known, asked, len(scored)), true)
    return {name: round(float(value), 4) for name, value in found.items()}


def _sample(rows: Sequence[Row], kind: ModuleType) -> Sequence[Row]:
    most = MOST_SEQUENCES * len(rows) // max(1, len(_texts(rows, kind)[0]))
    return rows if len(rows) <= most else Random(SEED).sample(list(rows), most)


def _sides(rows: Sequence[Row], kind: ModuleType) -> list[tuple[Words, Words]]:
    """Return the words of text A and of text B of every sequence."""
    return [
        (_words(first), _words(second)) for first, second in zip(*_texts(rows, kind), strict=True)
    ]


def _texts(rows: Sequence[Row], kind: ModuleType) -> tuple[list[list[str]], list[list[str]]]:
    """Return the segments of text A and text B of whatever an answer is looked for in."""
    return getattr(kind, "sides", kind.pairs)(rows)


def _words(segments: Iterable[str]) -> Words:
    return _WORD.findall(" ".join(segments).lower())[:MOST_WORDS]


def _predict(
    cue: Callable[[Words, Words], dict[str, float]],
    told: Sequence[tuple[Words, Words]],
    known: np.ndarray,
    asked: Sequence[tuple[Words, Words]],
    count: int,
) -> np.ndarray:
    """Return a class index for each of `count` examples, int64 [count]."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.feature_selection import SelectKBest
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler

    choices = len(asked) // count
    wanted = known if choices == 1 else (np.arange(choices) == known[:, None]).ravel()
    written = DictVectorizer()
    learnt = written.fit_transform([cue(*sides) for sides in told])
    common = SelectKBest(_commonness, k=min(MOST_FEATURES, learnt.shape[1]))
    model = make_pipeline(common, MaxAbsScaler(), LogisticRegression(max_iter=1000))
    model.fit(learnt, wanted)
    features = written.transform([cue(*sides) for sides in asked])
    if choices == 1:
        return model.predict(features)
    return _answers(model.decision_function(features).reshape(count, choices))


def _commonness(features: Any, _: np.ndarray) -> np.ndarray:
    """Return how often each of some features occurs, of a sparse matrix [n, features]."""
    return np.asarray(features.sum(axis=0)).ravel()


def _answers(values: np.ndarray) -> np.ndarray:
    """Return the greatest option of each row [n, options]; ties are broken by a seeded draw."""
    draws = np.random.default_rng(SEED)
    near = np.isclose(values, values.max(axis=1, keepdims=True), rtol=0, atol=1e-9)
    return np.array([draws.choice(np.flatnonzero(row)) for row in near], dtype=np.int64)


def best(found: Mapping[str, Any]) -> tuple[str, float] | None:
    """Return the name and the score of the best of some baselines, or None where there are none."""
    return max(found.items(), key=lambda item: item[1], default=None)
