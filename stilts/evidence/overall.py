"""One number for a model of several tasks: the overall score of the minBERT course."""

from collections.abc import Iterable
from statistics import fmean

CORRELATIONS = ("pearson", "spearman", "matthews_correlation")  # from -1 to 1


def overall(scores: Iterable[tuple[str, float]]) -> float:
    """Return the mean over tasks of (metric, score), a correlation r as (r + 1) / 2.

    NaN where a score is, or where there is none.
    """
    shares = [(score + 1) / 2 if metric in CORRELATIONS else score for metric, score in scores]
    return fmean(shares) if shares else float("nan")
