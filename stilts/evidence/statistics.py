"""What a set of runs amounts to: min, mean, best, spread, and how sure one can be of it.

Scores are fractions; every function takes and returns fractions. A run without a finite score is
never averaged and never hidden: it is counted in `n_failed`, and `n` says how many were used.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

LEVEL = 0.95
RESAMPLES = 10_000


def finite(scores: Sequence[float] | np.ndarray | pd.Series) -> np.ndarray:
    """Return the usable scores: float64 `[n]`, without NaN and infinity, order kept."""
    values = np.asarray(scores, dtype=np.float64)
    return values[np.isfinite(values)]


def summary(scores: Sequence[float] | np.ndarray | pd.Series) -> dict[str, float | int]:
    """Return n, n_failed, min, mean, median, best and population std of one set of scores.

    The standard deviation divides by n, as in Chang & Lu 2021 (released code). With no usable
    score the statistics are NaN and `n` is 0.
    """
    values = finite(scores)
    counts = {"n": len(values), "n_failed": len(scores) - len(values)}
    if not len(values):
        return counts | dict.fromkeys(("min", "mean", "median", "best", "std"), float("nan"))
    return counts | {
        "min": float(values.min()),
        "mean": float(values.mean()),
        "median": float(np.median(values)),
        "best": float(values.max()),
        "std": float(values.std(ddof=0)),
    }


def difference(
    scores: Sequence[float] | np.ndarray | pd.Series,
    baseline: Sequence[float] | np.ndarray | pd.Series,
) -> dict[str, float | int]:
    """Return how a set of scores lies above that of a baseline, in the mean and the best run.

    Returns:
        `n` and `n_baseline`, the usable scores of either side; `delta_mean` and `delta_best`, NaN
        where a side has none.
    """
    values, base = finite(scores), finite(baseline)
    found = {"n": len(values), "n_baseline": len(base)}
    if not len(values) or not len(base):
        return found | dict.fromkeys(("delta_mean", "delta_best"), float("nan"))
    found["delta_mean"] = float(values.mean() - base.mean())
    return found | {"delta_best": float(values.max() - base.max())}


def effect_share(scores: pd.Series, levels: pd.Series) -> float:
    """Return the share of the scores' variance that one factor explains alone: eta squared.

    The main effect: the variance between the means of the levels, each weighted by its runs, over
    the variance of all runs; both are population variances. In a full grid the shares of all
    factors add up to at most 1, and what is left are interactions; lost runs unbalance it.

    Args:
        scores: of the runs; those that are not finite are left out.
        levels: of the factor, in the same order.

    Returns:
        Between 0 and 1; NaN where there is no score or all are equal.
    """
    values, codes = _usable(scores, levels)
    if not len(values) or values.min() == values.max():
        return float("nan")
    counts = np.bincount(codes)
    means = np.bincount(codes, weights=values) / counts
    between = np.average((means - values.mean()) ** 2, weights=counts)
    return float(between / values.var())


def noise_shares(scores: pd.Series, axes: pd.DataFrame) -> dict[str, float]:
    """Return the `effect_share` to expect of each axis if it did nothing while the others act.

    It is (levels - 1) times the residual mean square of the additive model of all axes, over the
    sum of squares: the denominator of the axis's F test, times its degrees of freedom.

    Args:
        scores: of the runs; those that are not finite are left out.
        axes: a column per factor, in the same order.

    Returns:
        By column; NaN where too few runs are left to tell, or all scores are equal.
    """
    values = np.asarray(scores, dtype=np.float64)
    there = np.isfinite(values)
    values, factors = values[there], axes[there]
    dummies = [pd.get_dummies(factors[name], drop_first=True).to_numpy(float) for name in axes]
    design = np.hstack([np.ones((len(values), 1)), *dummies])
    left = len(values) - (np.linalg.matrix_rank(design) if len(values) else 0)
    if left < 1 or values.min() == values.max():
        return dict.fromkeys(axes, float("nan"))
    residuals = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    share = residuals @ residuals / left / (values.var() * len(values))
    return {name: float(part.shape[1] * share) for name, part in zip(axes, dummies, strict=True)}


def not_above(right: int, examples: int, majority: int) -> bool:
    """Return whether so many right answers could be luck for one who names the majority's share.

    Exact one-sided binomial test at 5 %: `right` of `examples` answers against the share of the
    most frequent class, of which there are `majority` examples.
    """
    from scipy.stats import binomtest  # loads slowly

    test = binomtest(right, examples, majority / examples, alternative="greater")
    return not test.pvalue < 1 - LEVEL


def bootstrap_mean(
    scores: Sequence[float] | np.ndarray | pd.Series,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of the mean: (low, high), NaN without scores."""
    values = finite(scores)
    if not len(values):
        return float("nan"), float("nan")
    return _interval(_resampled_means(values, resamples, np.random.default_rng(seed)), level)


def bootstrap_delta(
    scores: Sequence[float] | np.ndarray | pd.Series,
    baseline: Sequence[float] | np.ndarray | pd.Series,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
) -> tuple[float, float]:
    """Return the percentile bootstrap interval of mean(scores) - mean(baseline).

    The two sets are resampled independently, not paired by grid point: a run lost on one side
    then costs nothing on the other, and the interval errs on the wide side.
    """
    values, base = finite(scores), finite(baseline)
    if not len(values) or not len(base):
        return float("nan"), float("nan")
    generator = np.random.default_rng(seed)
    ours = _resampled_means(values, resamples, generator)
    return _interval(ours - _resampled_means(base, resamples, generator), level)


def is_true(flags: pd.Series) -> pd.Series:
    """Return the flags as booleans, whether CSV made them bool, text or missing (False)."""
    return flags.astype(str).str.lower().isin(("true", "1", "1.0"))


def _usable(scores: pd.Series, levels: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the finite scores, float64 `[n]`, and the numbers of their levels, int64 `[n]`."""
    values = np.asarray(scores, dtype=np.float64)
    there = np.isfinite(values)
    return values[there], np.unique(np.asarray(levels)[there], return_inverse=True)[1]


def _resampled_means(
    values: np.ndarray, resamples: int, generator: np.random.Generator
) -> np.ndarray:
    return values[generator.integers(len(values), size=(resamples, len(values)))].mean(axis=1)


def _interval(means: np.ndarray, level: float) -> tuple[float, float]:
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(means, (tail, 100 - tail))
    return float(low), float(high)
