"""Metrics that work offline; `evaluate.load` would fetch code from a hub.

A metric is a file of `stilts/tasks/metrics`. Its formula is short and written out: scikit-learn, to
which a test holds it, takes a second to load, and every job would pay it.
"""

import functools
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from stilts.files import plugins

if TYPE_CHECKING:
    import evaluate

METRICS = "stilts.tasks.metrics"
TEXT = "string"
_FORMS = {"f": "float64", "O": TEXT}  # of references, by the letter of their dtype


def metric(name: str, place: str = "a run") -> ModuleType:
    """Return a metric's module.

    Raises:
        UserError: there is no such metric.
    """
    return plugins.load(METRICS, name, "metric", place)


def compute(
    names: Iterable[str], predictions: np.ndarray, references: np.ndarray
) -> dict[str, float]:
    """Return metrics of predictions [n] against references [n], by name.

    Training calls this after every epoch, so it goes straight to the functions that `final` wraps:
    `evaluate.Metric.compute` takes 2 to 3 ms a call for its Arrow table, the function 3 µs.
    """
    return {name: _function(name)(predictions, references) for name in names}


def final(
    names: Iterable[str], predictions: np.ndarray, references: np.ndarray
) -> dict[str, float]:
    """Return the metrics that a run is reported with, each through its `evaluate.Metric`."""
    found: dict[str, float] = {}
    for name in names:
        local = as_evaluate(name, _FORMS.get(references.dtype.kind, "int64"))
        found |= local.compute(predictions=predictions, references=references)
    return found


@functools.cache
def _function(name: str) -> Callable[[np.ndarray, np.ndarray], float]:
    return metric(name).score


@functools.cache
def as_evaluate(name: str, kind: str = "int64") -> "evaluate.Metric":
    """Return a metric as an `evaluate.Metric`, which keeps data in memory.

    kind: of numbers, or TEXT: predictions are then texts, and references lists of texts.
    """
    import datasets
    import evaluate

    module = metric(name)

    class Local(evaluate.Metric):
        def _info(self) -> evaluate.MetricInfo:
            value = datasets.Value(kind)
            several = datasets.List(value) if kind == TEXT else value
            return evaluate.MetricInfo(
                description=module.__doc__ or "",
                citation="",
                features=datasets.Features({"predictions": value, "references": several}),
            )

        def _build_data_dir(self) -> str:
            return ""  # data stay in memory; by default a folder in the reader's home is made

        def _compute(self, predictions: np.ndarray, references: np.ndarray) -> dict[str, float]:
            if kind != TEXT:
                predictions, references = np.asarray(predictions), np.asarray(references)
            return {name: module.score(predictions, references)}

    return Local(config_name=name, keep_in_memory=True)
