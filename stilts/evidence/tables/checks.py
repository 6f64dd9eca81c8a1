"""Whether printed numbers can be right: what general checks of them find."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from stilts.evidence.adding_up import FAILS, HOLDS, granularity, signs, texts, twice
from stilts.evidence.numbers import fixed
from stilts.evidence.overall import overall
from stilts.evidence.results import Inputs

FIELDS = ("overall", "shares", "equal", "sums", "granularity", "signs", "twice", "texts")
COLUMNS = ("Where", "Kind", "Check", "Printed", "Expected", "Verdict")
OVERALL, SHARES, EQUAL, SUMS = "overall score", "majority share", "equal rows", "sums"
Number = Mapping[str, str]


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the list of checks.

    Args:
        inputs: the printed numbers.
        spec: `overall`, the metric whose numbers are overall scores of the others that stand beside
            them; `shares`, a list of {target, share, of}: what always naming the most frequent
            class reaches, below which no score need fall; `equal`, a list of {models, targets,
            because}: the models whose printed numbers must be the same; `sums`, a list of {table,
            parts, counts}: metrics of a table whose numbers of a target add up to the same, the
            sizes of its splits and the examples of its classes; and lists of rules of
            `stilts.evidence.adding_up`: `granularity`, `signs`, `twice`, `texts`.

    Returns:
        One row per check: Where, Kind, Check, Printed, Expected, Verdict. Printed digits are taken
        for rounded: a check fails only where no numbers that round to the printed ones would pass.
    """
    numbers = inputs.published.to_dict("records")
    found = [
        *_overall(numbers, spec.get("overall", "")),
        *(row for level in spec.get("shares", ()) for row in _shares(numbers, level)),
        *(row for alike in spec.get("equal", ()) for row in _equal(numbers, alike)),
        *(row for sums in spec.get("sums", ()) for row in _sums(numbers, sums)),
        *(row for rule in spec.get("granularity", ()) for row in granularity(numbers, rule)),
        *(row for rule in spec.get("signs", ()) for row in signs(numbers, rule)),
        *(row for rule in spec.get("twice", ()) for row in twice(numbers, rule)),
        *(row for rule in spec.get("texts", ()) for row in texts(numbers, rule)),
    ]
    return pd.DataFrame(found, columns=list(COLUMNS))


def _overall(numbers: list[Number], metric: str) -> Iterator[tuple[str, ...]]:
    for number in numbers:
        beside = [each for each in numbers if _place(each) == _place(number) and each != number]
        if number["metric"] != metric or not beside:
            continue
        low, middle, high = (
            overall((each["metric"], float(each["value"]) + side * _half(each)) for each in beside)
            for side in (-1, 0, 1)
        )
        value, half = float(number["value"]), _half(number)
        said = "the overall score is the mean of the tasks, correlations as (r + 1) / 2"
        holds = low - half <= value <= high + half
        yield _row(OVERALL, number, said, number["value"], fixed(middle, 3), holds)


def _shares(numbers: list[Number], level: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for number in numbers:
        if number["target"] == level["target"] and number["metric"] == "accuracy":
            said = f"{level['target']} is not below the most frequent class of {level['of']}"
            holds = float(number["value"]) + _half(number) >= level["share"]
            yield _row(SHARES, number, said, number["value"], f"at least {level['share']}", holds)


def _equal(numbers: list[Number], alike: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for target in alike["targets"]:
        found = [n for n in numbers if n["model"] in alike["models"] and n["target"] == target]
        for one, other in zip(found, found[1:], strict=False):
            said = f"{target} is as in {one['model']}: {alike['because']}"
            apart = abs(float(one["value"]) - float(other["value"]))
            holds = apart <= _half(one) + _half(other)
            yield _row(EQUAL, other, said, other["value"], one["value"], holds)


def _sums(numbers: list[Number], sums: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    of_table = [number for number in numbers if number["table"] == sums["table"]]
    for target in dict.fromkeys(number["target"] for number in of_table):
        found = [number for number in of_table if number["target"] == target]
        parts, counts = (
            [int(number["value"]) for number in found if number["metric"] in names]
            for names in (sums["parts"], sums["counts"])
        )
        if parts and counts:
            said = f"the classes of {target} have as many examples as its splits"
            verdict = HOLDS if sum(parts) == sum(counts) else FAILS
            added = (f"{sum(counts):,}", f"{sum(parts):,}")
            yield f"{sums['table']}, {target}", SUMS, said, *added, verdict


def _row(
    kind: str, number: Number, said: str, printed: str, wanted: str, holds: bool
) -> tuple[str, ...]:
    where = f"{number['table']}, {number['model']}"
    other = "" if number["statistic"] == "reported" else f" ({number['statistic']})"
    where += other.replace("_", " ")
    return where, kind, said, printed, wanted, HOLDS if holds else FAILS


def _place(number: Number) -> tuple[str, ...]:
    return tuple(number[column] for column in ("table", "model", "statistic"))


def _half(number: Number) -> float:
    """Return half a unit of the last printed digit."""
    return 0.5 / 10 ** len(number["value"].partition(".")[2])
