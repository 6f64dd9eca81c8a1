"""Metrics that work offline; `evaluate.load` would fetch code from a hub.

The formulas are short and written out: scikit-learn, to which a test holds them, takes a second to
load, and every job would pay it.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import evaluate

Metric = Callable[[np.ndarray, np.ndarray], float]


def accuracy(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return the share of right predictions."""
    return float(np.mean(predictions == references))


def matthews_correlation(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return the Matthews correlation of any number of classes (Gorodkin 2004), -1 to 1.

    It is 0 where either side is constant.
    """
    table = _confusion(predictions, references).astype(np.float64)  # counts to the fourth power
    count, named, true = table.sum(), table.sum(axis=0), table.sum(axis=1)
    spread = (count**2 - named @ named) * (count**2 - true @ true)
    return float((table.trace() * count - named @ true) / math.sqrt(spread)) if spread else 0.0


def f1_macro(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return the mean over the classes of `references` of F1; 0 for a class never predicted."""
    table = _confusion(predictions, references)
    true = table.sum(axis=1)
    f1 = 2 * table.diagonal() / np.maximum(table.sum(axis=0) + true, 1)
    return float(f1[true > 0].mean())


def _confusion(predictions: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Return how often each class (row) was taken for each (column), int64 [classes, classes]."""
    classes = int(max(predictions.max(), references.max())) + 1
    pairs = references.astype(np.int64) * classes + predictions
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


METRICS: dict[str, Metric] = {
    "accuracy": accuracy,
    "matthews_correlation": matthews_correlation,
    "f1_macro": f1_macro,
}


def compute(name: str, predictions: np.ndarray, references: np.ndarray) -> float:
    """Return one metric of class indices [n] against class indices [n].

    Training calls this thousands of times, so it goes straight to the function that
    `metric(name)` wraps: `evaluate.Metric.compute` spends its time on an Arrow table per call.
    """
    if name not in METRICS:
        raise ValueError(f"metric {name!r} is unknown: use one of {', '.join(METRICS)}")
    return METRICS[name](np.asarray(predictions), np.asarray(references))


def metric(name: str) -> "evaluate.Metric":
    """Return the metric as an `evaluate.Metric`, which keeps its data in memory."""
    import datasets
    import evaluate

    if name not in METRICS:
        raise ValueError(f"metric {name!r} is unknown: use one of {', '.join(METRICS)}")

    class Local(evaluate.Metric):
        def _info(self) -> evaluate.MetricInfo:
            index = datasets.Value("int32")
            return evaluate.MetricInfo(
                description=METRICS[name].__doc__ or "",
                citation="",
                features=datasets.Features({"predictions": index, "references": index}),
            )

        def _compute(self, predictions: np.ndarray, references: np.ndarray) -> dict[str, float]:
            return {name: compute(name, predictions, references)}

    return Local(config_name=name, keep_in_memory=True)
