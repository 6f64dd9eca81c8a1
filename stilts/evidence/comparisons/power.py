"""The smallest difference that an experiment would find, before it runs."""

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri, ndtr, stdtrit

from stilts.evidence.comparisons.estimate import LEVEL

POWER = 0.8
QUANTILES = (np.arange(5_000) + 0.5) / 5_000


def detectable(error: float, df: float, *, power: float = POWER, level: float = LEVEL) -> float:
    """Return the difference that a two-sided t test finds with that probability.

    error: standard error of the estimate. df: its degrees of freedom. NaN where there are none.
    """
    if not df > 0 or not math.isfinite(error):
        return math.nan
    if error == 0:
        return 0.0
    edge = stdtrit(df, (1 + level) / 2)
    return float(brentq(lambda effect: power_of(effect, df, edge) - power, 0, 3 * edge + 9) * error)


def power_of(effect: float, df: float, edge: float) -> float:
    """Return how likely |t| exceeds `edge` if the difference is so many standard errors.

    t is normal over the root of chi squared / df, so that the mean is taken over the quantiles of
    chi squared: scipy's non-central t gives NaN for one degree of freedom.
    """
    spread = edge * np.sqrt(chdtri(df, QUANTILES) / df)
    return float(np.mean(ndtr(effect - spread) + ndtr(-effect - spread)))


def detectable_by_seeds(
    seeds: int, between: float = 1.0, *, power: float = POWER, level: float = LEVEL
) -> float:
    """Return the difference that so many seeds find, if a seed moves it by `between` (std).

    In the unit of `between`: without a guess at that, the number of such standard deviations.
    """
    return detectable(between / math.sqrt(seeds), seeds - 1, power=power, level=level)


def detectable_crossed(
    intermediate: int,
    target: int,
    between: tuple[float, float, float],
    *,
    power: float = POWER,
    level: float = LEVEL,
) -> float:
    """Return what crossed seeds find, if these are the standard deviations behind a difference.

    intermediate, target: how many seeds of either. between: the standard deviations between
    intermediate seeds, between target seeds, and of what both leave.
    """
    if min(intermediate, target) < 2:
        return math.nan
    rows, columns, rest = (part**2 for part in between)
    squares = (target * rows + rest, intermediate * columns + rest)
    weights = sum(
        square**2 / (count - 1)
        for square, count in zip(squares, (intermediate, target), strict=True)
    )
    error = math.sqrt(sum(squares) / (intermediate * target))
    df = sum(squares) ** 2 / weights if weights else intermediate + target - 2
    return detectable(error, df, power=power, level=level)
