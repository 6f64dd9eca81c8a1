"""The best of k runs: what to expect, and how far the runs at hand can tell."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import bdtr, gammaln

from stilts.evidence.comparisons.estimate import LEVEL
from stilts.evidence.statistics import finite


def expected_best(scores: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the mean best of k of these n runs, drawn without replacement, float64 `[n]`, k = 1...

    A grid is finite and its points differ, so nobody draws one twice: the i-th lowest is the best
    of C(i - 1, k - 1) of the C(n, k) draws. It is no sample statistic but exact. Runs without a
    finite score are left out.
    """
    values = np.sort(finite(scores))
    count = len(values)
    place, drawn = np.arange(1, count + 1), np.arange(1, count + 1)[:, None]
    possible = place >= drawn
    ways = _log_choose(np.where(possible, place, drawn) - 1, drawn - 1) - _log_choose(count, drawn)
    return np.where(possible, np.exp(ways), 0) @ values


def best_again(scores: Sequence[float] | np.ndarray, runs: int) -> float:
    """Return the mean best of so many runs more, if their spread is that of these.

    They are drawn with replacement: the best of k draws is the i-th lowest of n scores with
    probability (i/n)^k - ((i-1)/n)^k (Dodge et al. 2019, equation 8). NaN without a score or a run.
    """
    values = np.sort(finite(scores))
    if not len(values) or runs < 1:
        return float("nan")
    below = np.arange(len(values) + 1) / len(values)
    return float(np.diff(below**runs) @ values)


def median_best(
    scores: Sequence[float] | np.ndarray, k: int, level: float = LEVEL
) -> tuple[float, float]:
    """Return bounds of the median best of k new runs from where these came: (low, high).

    The median best of k is the quantile of order 0.5 ** (1 / k), and order statistics bound a
    quantile whatever the distribution. NaN where the runs are too few for a bound; above there is
    none for long: of n = 36 runs the best bounds k = 6 at most (of a one-sided 95 %, k = 8).
    """
    values = np.sort(finite(scores))
    low, high = bounds_of_quantile(len(values), 0.5 ** (1 / k), level)
    return tuple(math.nan if place is None else float(values[place]) for place in (low, high))


def bounds_of_quantile(n: int, order: float, level: float = LEVEL) -> tuple[int | None, int | None]:
    """Return the places (from 0, of n sorted values) between which a quantile lies.

    Each side errs with at most (1 - level) / 2; None where no value bounds it.
    """
    tail = (1 - level) / 2
    # How many of n values lie below the quantile is binomial: at most `place` of them, or more.
    at_most = bdtr(np.arange(n), n, order)
    below = np.flatnonzero(at_most <= tail)
    above = np.flatnonzero(1 - at_most <= tail)
    return (int(below[-1]) if len(below) else None, int(above[0]) if len(above) else None)


def largest_bounded(n: int, level: float = LEVEL) -> int:
    """Return the largest k for which the best of n runs bounds the median best of k from above.

    One-sided; the runs all lie below the quantile with probability 0.5 ** (n / k). So the best of
    a grid of 36 says nothing about the best of 36 more.
    """
    return math.floor(n * math.log(2) / -math.log(1 - level))


def _log_choose(n: np.ndarray | int, k: np.ndarray) -> np.ndarray:
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
