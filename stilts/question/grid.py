"""Grids of hyperparameters: the points they cross to, and the names of those in files."""

import itertools
import re
from collections.abc import Iterable, Mapping
from typing import Any

from stilts.errors import UserError, unknown

_SHORT = {"lr": "lr", "batch": "bs", "warmup": "wu", "seed": "s", "epochs": "ep"}
_POSITIVE = ("lr", "batch", "epochs")
_WHOLE = ("batch", "seed", "epochs")
_LONG = {short: long for long, short in _SHORT.items()}


def point_name(values: Mapping[str, Any]) -> str:
    """Return a grid point's name, such as `lr1e-05_bs16_wu0.2_s42`, the stem of its run file."""
    return "_".join(f"{_SHORT[axis]}{value!r}" for axis, value in values.items())


def parse_point(name: str) -> dict[str, Any]:
    """Read a point's settings back from its name; inverse of `point_name`.

    A job learns its points from the files it must write, so that its parameters do not depend on
    how the grid is cut into jobs.
    """
    values: dict[str, Any] = {}
    for part in name.split("_"):
        short = re.match("[a-z]+", part).group()
        text = part[len(short) :]
        values[_LONG[short]] = int(text) if text.isdigit() else float(text)
    return values


def grid_points(grid: Mapping[str, Iterable[Any]], where: str) -> dict[str, dict[str, Any]]:
    """Cross the axes of a grid; returns settings by point name.

    Raises:
        UserError: an unknown axis, an empty axis or a value that is no number.
    """
    axes = {}
    for axis, values in grid.items():
        if axis not in _SHORT:
            raise unknown("grid axis", axis, _SHORT, where)
        if not isinstance(values, list) or not values:
            raise UserError(f"{where}: axis '{axis}' is empty: list at least one value")
        axes[axis] = [_number(value, f"{where}, axis '{axis}'") for value in values]
        lowest = min(axes[axis])
        if lowest < 0 or (lowest == 0 and axis in _POSITIVE):
            raise UserError(f"{where}, axis '{axis}': {lowest} is too small")
        if axis in _WHOLE and not all(isinstance(value, int) for value in axes[axis]):
            raise UserError(f"{where}, axis '{axis}': {values} are not all whole numbers")
    if not axes:
        raise UserError(f"{where}: the grid is empty: give at least one axis")
    crossed = itertools.product(*axes.values())
    points = [dict(zip(axes, values, strict=True)) for values in crossed]
    return {point_name(values): values for values in points}


def _number(value: Any, where: str) -> int | float:
    # YAML 1.1 reads 1e-5 (no dot) as text; readers type it all the same.
    try:
        number = float(value) if not isinstance(value, bool) else None
    except (TypeError, ValueError):
        number = None
    if number is None or number != number or number in (float("inf"), float("-inf")):
        raise UserError(f"{where}: {value!r} is not a number")
    return int(number) if number.is_integer() else number
