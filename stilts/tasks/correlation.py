"""How numbers go together."""

import math

import numpy as np


def correlation(left: np.ndarray, right: np.ndarray) -> float:
    """Return Pearson's correlation of [n] and [n]; 0 where one is constant or not all finite.

    So a run that has diverged has a score that JSON can hold.
    """
    x, y = (np.asarray(side, np.float64) for side in (left, right))
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return 0.0
    x, y = x - x.mean(), y - y.mean()
    spread = math.sqrt((x @ x) * (y @ y))
    return float(x @ y / spread) if spread else 0.0


def ranks(values: np.ndarray) -> np.ndarray:
    """Return the ranks from 1, float64 [n]; equal values share their mean rank, NaN has none."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return np.where(np.isnan(values), np.nan, ((last - counts + 1 + last) / 2)[places])
