"""What a chain changes against no intermediate task, and on which side of 0 that is."""

from dataclasses import dataclass

from stilts.evidence.comparisons.pairing import compare
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import finite
from stilts.question.chain import NONE

UP, DOWN, OPEN = "up", "down", "cannot tell"
_NAN = float("nan")


@dataclass(frozen=True)
class Gain:
    """The difference of a cell to the same target without an intermediate task, in fractions.

    Attributes:
        mean: of the runs, paired by seed and grid point; NaN where no pair has scores.
        best: of the best runs of either side.
        low, high: the 95 % interval of `mean` over seeds; NaN where there is none.
        n: pairs of runs.
        covers: which seeds the interval is for.
    """

    mean: float = _NAN
    best: float = _NAN
    low: float = _NAN
    high: float = _NAN
    n: int = 0
    covers: str = ""

    @property
    def known(self) -> bool:
        """Whether there is an interval."""
        return self.low <= self.high

    @property
    def verdict(self) -> str:
        """Say on which side of 0 the interval lies, if on one."""
        if self.low > 0:
            return UP
        return DOWN if self.high < 0 else OPEN


def gain(inputs: Inputs, chain: str, target: str) -> Gain:
    """Compare the runs of a chain on a target with those of `none`."""
    sides = [inputs.cell(name, target) for name in (chain, NONE)]
    found = compare(*sides)
    if found is None:
        return Gain()
    low, high = found.estimate.interval()
    best, base = (finite(side["score"]).max() for side in sides)
    return Gain(float(found.estimate.value), best - base, low, high, found.pairs, found.covers)
