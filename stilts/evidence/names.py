"""What kinds of tasks and metrics are called, and what a guess reaches by a metric."""

from collections.abc import Sequence

KINDS = {"classification": "classification", "multiple_choice": "multiple choice"}
METRICS = {"accuracy": "accuracy", "matthews_correlation": "Matthews correlation"}


def kind_title(kind: str) -> str:
    """Return what a kind of task is called."""
    return KINDS[kind]


def metric_title(metric: str) -> str:
    """Return what a metric is called."""
    return METRICS[metric]


def guess(metric: str, counts: Sequence[int]) -> dict[str, float]:
    """Return the `chance` and `majority` level of a metric, given the examples of each class."""
    if metric == "matthews_correlation":
        return {"chance": 0.0, "majority": 0.0}
    return {"chance": 1 / len(counts), "majority": max(counts) / sum(counts)}
