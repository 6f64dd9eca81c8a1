"""An estimate with what is known of its error: intervals, tests, equivalence.

All numbers may be arrays: a simulation asks of thousands of experiments what a table asks of one.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A difference, and the ways in which chance may have moved it.

    Attributes:
        value: float64 `[...]`.
        spreads: pairs (standard error, degrees of freedom), each `[...]`. An interval holds what
            the widest of them does; with none there is no interval.
    """

    value: np.ndarray | float
    spreads: tuple[tuple[np.ndarray | float, np.ndarray | float], ...] = ()

    @property
    def known(self) -> np.ndarray | bool:
        """Whether there is an interval, `[...]`: none where all that could vary came out alike."""
        errors = [np.nan_to_num(error) for error, _ in self.spreads]
        return np.maximum.reduce(errors) > 0 if errors else np.zeros(np.shape(self.value), bool)

    def half_width(self, level: float = LEVEL) -> np.ndarray | float:
        """Return half the width of the interval, `[...]`; NaN where there is none."""
        widths = [stdtrit(df, (1 + level) / 2) * error for error, df in self.spreads]
        widest = np.maximum.reduce(widths) if widths else np.nan
        return np.where(self.known, widest, np.nan)[()]

    def interval(self, level: float = LEVEL) -> tuple[np.ndarray | float, np.ndarray | float]:
        """Return (low, high), each `[...]`; NaN where there is no interval."""
        half = self.half_width(level)
        return self.value - half, self.value + half

    def p_value(self, null: float = 0.0) -> np.ndarray | float:
        """Return the two-sided p value of the difference being `null`, `[...]`; NaN as above."""
        return np.minimum(2 * self._one_sided(np.abs(self.value - null)), 1)

    def p_equivalent(self, margin: float) -> np.ndarray | float:
        """Return the p value against the difference being `margin` or more on either side.

        Two one-sided tests (Schuirmann 1987): below 5 % where the 90 % interval lies within the
        margin.
        """
        return self._one_sided(margin - np.abs(self.value))

    def p_above(self, margin: float) -> np.ndarray | float:
        """Return the one-sided p value against the difference being no more than `margin`."""
        return self._one_sided(self.value - margin)

    def _one_sided(self, distance: np.ndarray | float) -> np.ndarray | float:
        """Return how likely a value so far above its null is, by the spread that doubts it most."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found = [stdtr(df, -np.asarray(distance) / error) for error, df in self.spreads]
        largest = np.maximum.reduce(found) if found else np.nan
        return np.where(self.known, largest, np.nan)[()]
