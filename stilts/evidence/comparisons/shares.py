"""Shares of runs, such as that of degenerate ones."""

from scipy.stats import binomtest

from stilts.evidence.comparisons.estimate import LEVEL


def wilson(count: int, of: int, level: float = LEVEL) -> tuple[float, float]:
    """Return Wilson's interval (1927) of a share: sensible for none and all, too; NaN of nothing.

    The share is that at the seeds at hand: where seeds decide which runs fail, it says nothing of
    others.
    """
    if not of:
        return float("nan"), float("nan")
    found = binomtest(count, of).proportion_ci(level, method="wilson")
    return float(found.low), float(found.high)
