"""Metrics over scikit-learn that work offline; `evaluate.load` would fetch code from a hub."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import evaluate

Metric = Callable[[np.ndarray, np.ndarray], float]


def accuracy(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return the share of right predictions."""
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(references, predictions))


def matthews_correlation(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return the Matthews correlation, -1 to 1; 0 where either side is constant."""
    from sklearn.metrics import matthews_corrcoef

    return float(matthews_corrcoef(references, predictions))


def f1_macro(predictions: np.ndarray, references: np.ndarray) -> float:
    """Return the mean over the classes of `references` of F1; 0 for a class never predicted."""
    from sklearn.metrics import f1_score

    labels = np.unique(references)
    return float(
        f1_score(references, predictions, labels=labels, average="macro", zero_division=0.0)
    )


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
