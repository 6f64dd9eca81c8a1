"""The smallest difference that an experiment would find, before it runs."""

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import chdtri, ndtr, stdtrit

from stilts.evidence.comparisons.estimate import LEVEL, Estimate
from stilts.evidence.comparisons.seeds import crossed_spreads

POWER = 0.8
QUANTILES = (np.arange(5_000) + 0.5) / 5_000
COARSE = (np.arange(400) + 0.5) / 400


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
    by_row, by_column, rest = (part**2 for part in between)
    error = math.sqrt(by_row / intermediate + by_column / target + rest / (intermediate * target))
    if error == 0:
        return 0.0
    # Mean and mean squares are independent, so the width of the interval is drawn by itself.
    mean_squares = np.broadcast_arrays(
        *(
            (expected * chdtri(count - 1, COARSE) / (count - 1)).reshape(shape)
            for expected, count, shape in (
                (target * by_row + rest, intermediate, (-1, 1)),
                (intermediate * by_column + rest, target, (1, -1)),
            )
        )
    )
    half = Estimate(0.0, crossed_spreads(*mean_squares, intermediate, target)).half_width(level)

    def lacking(effect: float) -> float:
        return (
            float(np.mean(ndtr((effect - half) / error) + ndtr((-effect - half) / error))) - power
        )

    return float(brentq(lacking, 0, half.max() + 9 * error))
