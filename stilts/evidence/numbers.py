"""How a number is written in a table: percent, signed points, counts, and what is missing."""

import math
import re
from collections.abc import Iterable

NOT_AVAILABLE = "not available"
NOT_PRINTED = "–"
LEFT_OUT = "left out"
_NUMBER = re.compile(r"[+-]?\d[\d,.]*(/\d+)?[k%]?|\[[^\]]*\]")


def are_numbers(cells: Iterable[str]) -> bool:
    """Say whether every cell that is there is a number or an interval, and some cell is there."""
    present = [cell for cell in cells if cell not in (NOT_AVAILABLE, NOT_PRINTED, LEFT_OUT, "")]
    return bool(present) and all(map(_NUMBER.fullmatch, present))


def percent(score: float | None, digits: int = 1) -> str:
    """Write a fraction as percent without the sign: 0.8563 -> `85.6`."""
    if score is None or not math.isfinite(score):
        return NOT_AVAILABLE
    return fixed(100 * score, digits)


def fixed(number: float, digits: int = 1) -> str:
    """Write a number with that many decimals, half rounded away from zero."""
    return f"{_rounded(number, digits):.{digits}f}"


def points(difference: float | None, digits: int = 1) -> str:
    """Write a difference of fractions as signed percentage points: 0.013 -> `+1.3`."""
    if difference is None or not math.isfinite(difference):
        return NOT_AVAILABLE
    return signed(100 * difference, digits)


def signed(number: float, digits: int = 1) -> str:
    """Write a number with its sign, zero without one."""
    value = _rounded(number, digits)
    return f"{value:+.{digits}f}" if value else f"{0:.{digits}f}"


def interval(low: float, high: float) -> str:
    """Write the interval of a difference of fractions in percentage points."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return NOT_AVAILABLE
    return f"[{points(low)}, {points(high)}]"


def p_value_text(value: float) -> str:
    """Write a p value: `0.012`, `<0.001`, or that there is none."""
    if not math.isfinite(value):
        return NOT_AVAILABLE
    return "<0.001" if value < 0.001 else fixed(value, 3)


def runs_used(n: int, expected: int) -> str:
    """Write how many runs a number rests on: `36`, `35/36` when some are lost, `0` for none."""
    return str(n) if n in (0, expected) else f"{n}/{expected}"


def _rounded(number: float, digits: int) -> float:
    """Round half away from zero as printed tables do; adding 0.0 removes a negative zero."""
    # The tiny shift undoes the binary error of values such as 0.8565 * 100 = 85.64999...
    shifted = abs(number) + 1e-9
    return math.copysign(round(shifted, digits), number) + 0.0
