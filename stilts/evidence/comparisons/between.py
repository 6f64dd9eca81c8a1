"""How much a gain differs from model to model, beyond what seeds alone would make of it."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import f as fisher

from stilts.evidence.comparisons.estimate import LEVEL


@dataclass(frozen=True)
class Spread:
    """A standard deviation between models, as far as the seeds let one tell.

    Attributes:
        square, within: mean squares between models and within them, of one gain a seed.
        between_df, within_df: their degrees of freedom.
        seeds: how many gains a cell has.
    """

    square: float
    within: float
    between_df: int
    within_df: int
    seeds: int
    spreads: tuple[()] = ()  # no standard error: the interval is the F distribution's

    @property
    def known(self) -> bool:
        """Whether seeds moved anything, so that one can tell."""
        return self.within_df > 0 and self.within > 0

    @property
    def value(self) -> float:
        """The deviation that the mean squares tell of; 0 where seeds explain all."""
        return self._deviation(1.0)

    def interval(self, level: float = LEVEL) -> tuple[float, float]:
        """Return (low, high); NaN where nothing is known."""
        tail = (1 - level) / 2
        places = (1 - tail, tail)
        ends = [self._deviation(self._f.ppf(place)) for place in places]
        return ends[0], ends[1]

    def p_some(self) -> float:
        """Return the p value of the models being alike: the F test of an analysis of variance."""
        return float(self._f.sf(self.square / self.within)) if self.known else np.nan

    def p_at_least(self, deviation: float) -> float:
        """Return the p value against the models differing by such a deviation or more."""
        if not self.known:
            return np.nan
        ratio = 1 + self.seeds * deviation**2 / self.within
        return float(self._f.cdf(self.square / self.within / ratio))

    @property
    def _f(self):  # noqa: ANN202, a frozen distribution of scipy, which has no public type
        return fisher(self.between_df, max(self.within_df, 1))

    def _deviation(self, quantile: float) -> float:
        if not self.known:
            return np.nan
        return float(np.sqrt(max(self.square / quantile - self.within, 0) / self.seeds))


def between_models(gains: np.ndarray) -> Spread:
    """Compare models over targets: float64 `[models, targets, seeds]`, seeds independent.

    A target has a gain of its own, which is taken away: what is left is the models'.
    """
    models, targets, seeds = gains.shape
    cells = gains.mean(-1)
    apart = ((cells - cells.mean(0)) ** 2).sum() * seeds
    inside = ((gains - cells[..., None]) ** 2).sum()
    df, within_df = targets * (models - 1), models * targets * (seeds - 1)
    return Spread(apart / max(df, 1), inside / max(within_df, 1), df, within_df, seeds)
