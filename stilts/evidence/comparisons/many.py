"""Many tests at once."""

from collections.abc import Sequence

import numpy as np


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p values adjusted for all tests of a table, in the same order (Holm 1979).

    If each is compared with 5 %, a difference where there is none is called with at most 5 %
    probability in the whole table, however the tests hang together. A test that could not be made
    (NaN) stays NaN and counts for nothing.
    """
    values = np.asarray(p_values, np.float64)
    made = np.flatnonzero(~np.isnan(values))
    order = made[np.argsort(values[made], kind="stable")]
    steps = values[order] * np.arange(len(order), 0, -1)
    adjusted = np.full(len(values), np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted.tolist()
