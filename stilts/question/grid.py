"""Grids of hyperparameters: the points they cross to, and the names of those in files."""

import itertools
import re
from collections.abc import Mapping
from typing import Any

from stilts.errors import UserError
from stilts.question.recipe import AXES, SHORT, check, check_name

ONE = "one"  # the point of a grid without axes


def point_name(values: Mapping[str, Any]) -> str:
    """Return a grid point's name, such as `lr1e-05_bs16_wu0.2_s42`, the stem of its run file.

    What is no number stands after a dash: `cl-none`, `opt-adamw`, `be-0.9x0.999`.
    """
    return "_".join(f"{AXES[axis].short}{_written(value)}" for axis, value in values.items()) or ONE


def parse_point(name: str) -> dict[str, Any]:
    """Read a point's settings back from its name; inverse of `point_name`.

    A job learns its points from the files it must write, so that its parameters do not depend on
    how the grid is cut into jobs.

    Raises:
        UserError: the name is none of a point.
    """
    values: dict[str, Any] = {}
    for part in name.split("_") if name != ONE else ():
        found = re.fullmatch("([a-z]+)(-?)(.+)", part)
        try:
            field = SHORT[found[1]]
            values[field.name] = _word(found[3], field.form) if found[2] else _number(found[3])
        except (TypeError, KeyError, ValueError):
            raise UserError(f"'{name}' names no grid point: '{part}' is no setting") from None
    return values


def read_axes(grid: Mapping[str, Any], where: str) -> dict[str, list[Any]]:
    """Return the axes of a grid with their values checked, whole numbers as such.

    Raises:
        UserError: an unknown axis, an empty one, or a value that its setting cannot have.
    """
    axes = {}
    for axis, values in grid.items():
        check_name(axis, AXES, where)
        if not isinstance(values, list) or not values:
            raise UserError(f"{where}: axis '{axis}' is empty: list at least one value")
        axes[axis] = [_plain(check(axis, value, f"{where}, axis '{axis}'")) for value in values]
    return axes


def cross(axes: Mapping[str, list[Any]]) -> dict[str, dict[str, Any]]:
    """Cross the axes of a grid; returns settings by point name, without axes the one point."""
    crossed = itertools.product(*axes.values())
    points = [dict(zip(axes, values, strict=True)) for values in crossed]
    return {point_name(values): values for values in points}


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _written(value: Any) -> str:
    if isinstance(value, int | float):
        return repr(value)
    if value is None:
        return "-none"
    if isinstance(value, list):
        return f"-{'x'.join(map(repr, value))}"
    return "-" + re.sub("[^A-Za-z0-9.]", _escaped, value)


def _escaped(character: re.Match[str]) -> str:
    # `_` parts the settings of a name, and stands in many values.
    return "-" if character[0] == "_" else f"+{ord(character[0]):02x}"


def _word(text: str, form: Mapping[str, Any]) -> Any:
    if text == "none":
        return None
    if form.get("type") == "array":
        return [_number(item) for item in text.split("x")]
    text = text.replace("-", "_")
    return re.sub(r"\+([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), text)


def _number(text: str) -> int | float:
    return int(text) if text.isdigit() else float(text)
