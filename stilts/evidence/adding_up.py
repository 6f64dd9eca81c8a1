"""General checks of printed numbers against what they can be, each other, and the text."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from stilts.evidence.numbers import fixed, signed

HOLDS, FAILS, CUT = "holds", "does not hold", "only if cut, not rounded"
GRANULARITY, SIGNS, TWICE, TEXT = "granularity", "signs", "printed twice", "text against table"
MARKS = {"+": 1, "=": 0, "-": -1}
Number = Mapping[str, str]


class Checked(NamedTuple):
    """One check of one printed number; all text."""

    where: str
    kind: str
    check: str
    printed: str
    expected: str
    verdict: str


def granularity(numbers: Sequence[Number], rule: Mapping[str, Any]) -> Iterator[Checked]:
    """Check that a share of right answers is a whole number of examples (Brown & Heathers 2017).

    rule: {target, examples} and optionally `runs` that a printed mean is of, `statistics`.
    """
    whole = rule["examples"] * rule.get("runs", 1)
    for number in _fitting(numbers, rule):
        value, digits = _fraction(number) * whole, _digits(number["value"])
        scale = 100 if number["our unit"] == "percent" else 1
        near = sorted(range(int(value) - 1, int(value) + 3), key=lambda right: abs(right - value))
        shown = {right: scale * right / whole for right in near}
        unit = 10**-digits
        if any(abs(at - float(number["value"])) <= unit / 2 + 1e-9 for at in shown.values()):
            verdict = HOLDS
        elif any(0 <= at - float(number["value"]) < unit - 1e-9 for at in shown.values()):
            verdict = CUT
        else:
            verdict = FAILS
        nearest = " or ".join(fixed(shown[right], digits + 1) for right in sorted(near[:2]))
        said = f"a share of {whole:,} answers"
        yield Checked(place(number), GRANULARITY, said, number["value"], nearest, verdict)


def signs(numbers: Sequence[Number], rule: Mapping[str, Any]) -> Iterator[Checked]:
    """Check printed marks + = - against the printed numbers that they are of.

    rule: `table` of the marks and the two values of `intermediate`, `before` and `after`.
    """
    values = {(n["model"], n["target"], n["intermediate"]): n for n in _with_values(numbers, rule)}
    for mark in (n for n in numbers if n["table"] == rule["table"]):
        cell = (mark["model"], mark["target"])
        before, after = (values[(*cell, rule[side])]["value"] for side in ("before", "after"))
        apart = float(after) - float(before)
        found = next(name for name, sign in MARKS.items() if sign == (apart > 0) - (apart < 0))
        digits = _digits(after)
        said = f"{before} before, {after} after: {signed(apart, digits)}"
        verdict = HOLDS if found == mark["value"] else FAILS
        yield Checked(place(mark), SIGNS, said, mark["value"], found, verdict)


def _with_values(numbers: Sequence[Number], rule: Mapping[str, Any]) -> list[Number]:
    sides = (rule["before"], rule["after"])
    return [n for n in numbers if n["intermediate"] in sides and n["value"] not in MARKS]


def twice(numbers: Sequence[Number], rule: Mapping[str, Any]) -> Iterator[Checked]:
    """Check that numbers of the same model, stages and target are the same wherever they stand.

    rule: `statistics`, names of what is taken to be one thing.
    """
    groups: dict[tuple[str, ...], list[Number]] = {}
    for number in (n for n in numbers if n["statistic"] in rule["statistics"]):
        cell = (number["model"], number["intermediate"], number["target"])
        groups.setdefault(cell, []).append(number)
    for one, other in (pair for group in groups.values() for pair in pairwise(group)):
        said = f"as in {one['table']}"
        verdict = HOLDS if float(one["value"]) == float(other["value"]) else FAILS
        yield Checked(place(other), TWICE, said, other["value"], one["value"], verdict)


def texts(numbers: Sequence[Number], rule: Mapping[str, Any]) -> Iterator[Checked]:
    """Check what a text says of two numbers: which is higher, by how much, or that they are alike.

    rule: `says`, `targets`; `before` and `after`, columns with the text that the two numbers have;
    `expects`: higher, lower or equal; `by`, the least difference, of equal the largest. Where
    neither names a model every model is looked at.
    """
    least = rule.get("by", 0.0)
    models = dict.fromkeys(n["model"] for n in numbers)
    named = "model" in rule["before"] or "model" in rule["after"]
    for target in rule["targets"]:
        for model in [None] if named else models:
            own = {} if model is None else {"model": model}
            before, after = (
                next((n for n in numbers if _has(n, {**own, **rule[side], "target": target})), None)
                for side in ("before", "after")
            )
            if before is None or after is None:
                continue
            apart = float(after["value"]) - float(before["value"])
            holds = {
                "higher": apart > 0 and apart >= least,
                "lower": apart < 0 and -apart >= least,
                "equal": abs(apart) <= least + 1e-9,
            }[rule["expects"]]
            digits = max(_digits(n["value"]) for n in (before, after))
            told = f"{before['value']} to {after['value']}, {signed(apart, digits)}"
            wanted = rule["expects"] + (f" by {least}" if least else "")
            verdict = HOLDS if holds else FAILS
            yield Checked(place(after), TEXT, rule["says"], told, wanted, verdict)


def place(number: Number) -> str:
    """Return where a number stands, in words."""
    named = [number["model"], number["intermediate"], number["target"]]
    parts = ", ".join([number["table"], *(name for name in named if name != "-")])
    other = number["statistic"].replace("_", " ")
    return parts + ("" if other in ("reported", "dev") else f" ({other})")


def _fitting(numbers: Sequence[Number], rule: Mapping[str, Any]) -> Iterator[Number]:
    for number in numbers:
        allowed = rule.get("statistics", [number["statistic"]])
        share = number["metric"].lower() in ("accuracy", "exact_match")
        share = share and number["value"] not in MARKS
        if number["target"] == rule["target"] and share and number["statistic"] in allowed:
            yield number


def _fraction(number: Number) -> float:
    return float(number["value"]) / (100 if number["our unit"] == "percent" else 1)


def _has(number: Number, wanted: Mapping[str, str]) -> bool:
    return all(number[column] == text for column, text in wanted.items())


def _digits(value: str) -> int:
    return len(value.partition(".")[2])
