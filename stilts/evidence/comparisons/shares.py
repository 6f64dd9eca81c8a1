"""Shares of runs, such as that of degenerate ones."""

from scipy.stats import binomtest

from stilts.evidence.comparisons.estimate import LEVEL


def wilson(count: int, of: int, level: float = LEVEL) -> tuple[float, float]:
    """Return Wilson's interval (1927) of a share: sensible for none and all, too; NaN of nothing.

    It takes the runs for independent. Runs that share a seed are not: where seeds decide who fails,
    the interval is too narrow, as the table of coverage shows.
    """
    if not of:
        return float("nan"), float("nan")
    found = binomtest(count, of).proportion_ci(level, method="wilson")
    return float(found.low), float(found.high)
