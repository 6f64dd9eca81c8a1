"""Does a claim of a difference hold? Yes, no, or too few to tell, and what it would take."""

import math
from bisect import bisect_left
from typing import NamedTuple

from stilts.evidence.comparisons.between import Spread
from stilts.evidence.comparisons.estimate import Estimate
from stilts.evidence.comparisons.power import detectable, detectable_by_seeds

HOLDS, FAILS, OPEN = "holds", "does not hold", "cannot tell"
ALPHA = 0.05
MOST = 200  # samples beyond which nobody goes


class Doubts(NamedTuple):
    """The p values of what a claim says, and of what would refute it."""

    of_claim: float
    of_refutal: float


def doubts(found: Estimate | Spread, expects: str, margin: float = 0.0) -> Doubts:
    """Test what is claimed of a difference, and what would refute it.

    Args:
        found: the difference.
        expects: `higher` is claimed of what lies above 0, and refuted by what lies below the
            margin, the smallest difference that counts; `lower` the same turned round; `equal` is
            claimed of what lies within the margin, and refuted by what lies outside; `not_lower`
            is claimed of what lies above minus the margin, and refuted by what lies below;
            `varies` of a `Spread` that is there, and refuted by one smaller than the margin.
        margin: at least 0.

    Returns:
        p values that fit intervals of 95 %, of equivalence 90 %; NaN where there is no interval.
    """
    if expects == "varies":
        if not isinstance(found, Spread):  # nothing was found, of one model for instance
            return Doubts(math.nan, math.nan)
        return Doubts(found.p_some(), found.p_at_least(margin))
    if expects == "not_lower":
        below = Estimate(-found.value, found.spreads)
        return Doubts(_two_sided(found.p_above(-margin)), _two_sided(below.p_above(margin)))
    if expects == "equal":
        return Doubts(found.p_equivalent(margin), _two_sided(_outside(found, margin)))
    turned = found if expects == "higher" else Estimate(-found.value, found.spreads)
    below = Estimate(-turned.value, turned.spreads).p_above(-margin)
    return Doubts(_two_sided(turned.p_above(0)), _two_sided(below))


def _outside(found: Estimate, margin: float) -> float:
    side = found if found.value >= 0 else Estimate(-found.value, found.spreads)
    return side.p_above(margin)


def _two_sided(p_value: float) -> float:
    return min(2 * float(p_value), 1.0) if not math.isnan(p_value) else math.nan


def verdict(tested: Doubts) -> str:
    """Return the verdict at 5 %, from p values adjusted for all tests of a table or not.

    What is both, there and too small to count, does not hold.
    """
    if tested.of_refutal < ALPHA:
        return FAILS
    return HOLDS if tested.of_claim < ALPHA else OPEN


def unseen(found: Estimate | Spread) -> float:
    """Return the difference that such an experiment finds with a probability of 80 %."""
    return detectable(*found.spreads[0]) if found.spreads and found.known else math.nan


def samples_needed(found: Estimate | Spread, samples: int, difference: float) -> int | None:
    """Return how many seeds or targets would find a difference with a probability of 80 %.

    Args:
        found: what so many independent samples gave.
        samples: their number.
        difference: to be found, in the unit of `found`.

    Returns:
        None where more than 200 would be needed, or nothing is known of the spread.
    """
    if not found.spreads or not found.known or not difference:
        return None
    between = found.spreads[0][0] * math.sqrt(samples)
    # The more samples, the smaller what they detect: so the first that do are found by halving.
    enough = bisect_left(
        range(2, MOST + 1), -abs(difference), key=lambda n: -detectable_by_seeds(n, between)
    )
    return enough + 2 if enough + 2 <= MOST else None
