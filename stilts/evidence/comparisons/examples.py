"""What the scored examples leave open: paired resampling, the same examples on both sides.

Had other examples been drawn, both chains would have met them; and a grid point of one is paired
with the same point of the other. Runs and seeds are taken as they are.
"""

from collections.abc import Callable

import numpy as np

from stilts.evidence.comparisons.estimate import LEVEL

RESAMPLES = 2_000
Metric = Callable[[np.ndarray, np.ndarray], float]


def right_answers(
    ours: np.ndarray, base: np.ndarray, *, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return the interval of a difference of accuracies.

    Args:
        ours: whether each run has each example right, bool or share `[points, examples]`.
        base: of the other side, at the same points, `[points, examples]`.
        seed: of the resampling.
        resamples: of the examples.
    """
    gains = np.mean(np.asarray(ours, np.float64) - base, axis=0)
    random, count = np.random.default_rng(seed), len(gains)
    means = [gains[random.integers(count, size=count)].mean() for _ in range(resamples)]
    return _interval(np.array(means))


def by_metric(
    metric: Metric,
    truth: np.ndarray,
    ours: np.ndarray,
    base: np.ndarray,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[float, float]:
    """Return the interval of a difference of any metric, the mean over the points.

    Args:
        metric: (predictions `[n]`, references `[n]`) to a score, see `stilts.tasks.metrics`.
        truth: the labels, `[examples]`.
        ours: the predictions of one side, `[points, examples]`.
        base: of the other at the same points, `[points, examples]`.
        seed: of the resampling.
        resamples: of the examples.
    """
    random, count = np.random.default_rng(seed), len(truth)
    gains = np.empty(resamples)
    for place in range(resamples):
        drawn = random.integers(count, size=count)
        labels = truth[drawn]
        after, before = ([metric(run, labels) for run in side[:, drawn]] for side in (ours, base))
        gains[place] = sum(after) / len(after) - sum(before) / len(before)
    return _interval(gains)


def _interval(gains: np.ndarray, level: float = LEVEL) -> tuple[float, float]:
    low, high = np.quantile(gains, ((1 - level) / 2, (1 + level) / 2))
    return float(low), float(high)
