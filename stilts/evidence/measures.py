"""The statistics of our results that can stand beside a printed number, by name.

Each takes the inputs of one model, the printed number as `published.load` returns it, and gives
any of ours, difference, n, status and note, as text.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from stilts.errors import unknown
from stilts.evidence.numbers import NOT_AVAILABLE, fixed, percent, runs_used, signed
from stilts.evidence.record import values
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import delta, summary

COMPARED, MISSING, SETTING = "compared", NOT_AVAILABLE, "setting"
BASELINE = "none"
UNITS = {"percent": 100, "fraction": 1}  # of printed scores and differences

Number = Mapping[str, Any]
Found = dict[str, str]


def best(ours: Inputs, number: Number) -> Found:
    """Return the score of the best run of the cell."""
    return _of_runs(ours, number, "best")


def mean(ours: Inputs, number: Number) -> Found:
    """Return the mean score of the runs of the cell."""
    return _of_runs(ours, number, "mean")


def _of_runs(ours: Inputs, number: Number, statistic: str) -> Found:
    chain, target = number["our chain"], number["our target"]
    found = summary(_runs(ours, number, chain)["score"])
    if not found["n"]:
        return {"note": f"no {number['our metric']} of {chain} -> {target}"}
    n = runs_used(found["n"], ours.expected(chain, target))
    return _beside(found[statistic], number) | {"n": n}


def delta_mean(ours: Inputs, number: Number) -> Found:
    """Return the mean of the cell less that after no intermediate task, with its interval."""
    found, used = _delta(ours, number)
    if not used:
        return found
    low, high = (_written(found[side], number, signed) for side in ("low", "high"))
    note = f"95 % interval of ours {low} to {high}"
    return _beside(found["delta_mean"], number, signed) | {"n": used, "note": note}


def delta_best(ours: Inputs, number: Number) -> Found:
    """Return the best run of the cell less that after no intermediate task."""
    found, used = _delta(ours, number)
    return _beside(found["delta_best"], number, signed) | {"n": used} if used else found


def _delta(ours: Inputs, number: Number) -> tuple[dict[str, Any], str]:
    """Return the differences and the runs used; or a note, and nothing where a side has no run."""
    chain, target, metric = (number[f"our {name}"] for name in ("chain", "target", "metric"))
    found = delta(*(_runs(ours, number, name)["score"] for name in (chain, BASELINE)))
    n = min(found["n"], found["n_baseline"])
    if not n:
        return {"note": f"no {metric} of {chain} -> {target} and {BASELINE} -> {target}"}, ""
    return found, runs_used(n, ours.expected(chain, target))


def _runs(ours: Inputs, number: Number, chain: str) -> pd.DataFrame:
    runs = ours.cell(chain, number["our target"])
    return runs[runs["metric"] == number["our metric"]]


def score(ours: Inputs, number: Number) -> Found:
    """Return the score of the checkpoint without further training."""
    chain, target, metric = (number[f"our {name}"] for name in ("chain", "target", "metric"))
    row = ours.score_of(chain, target)
    if row is None or row["metric"] != metric or pd.isna(row["score"]):
        return {"note": f"no {metric} of {chain} on {target} without further training"}
    note = f"chance {percent(row['chance'])}, {int(row['n_validation']):,} examples"
    return _beside(row["score"], number) | {"n": "1", "note": note}


def train_size(ours: Inputs, number: Number) -> Found:
    """Return how many training examples the target has."""
    rows = ours.rows(number["our target"], "train")
    if rows is None:
        return {"note": f"{number['our target']} has no train split"}
    difference = signed(rows - _count(number["value"]), 0)
    return {"ours": str(rows), "difference": difference, "status": COMPARED}


def _beside(value: float, number: Number, write: Callable[[float, int], str] = fixed) -> Found:
    """Write a score of ours, or a difference of scores, beside the print."""
    difference = value - float(number["value"]) / _whole(number)
    return {
        "ours": _written(value, number, write),
        "difference": _written(difference, number, signed),
        "status": COMPARED,
    }


def _written(value: float, number: Number, write: Callable[[float, int], str]) -> str:
    """Write a fraction in the unit and the digits of the print."""
    return write(_whole(number) * value, len(number["value"].partition(".")[2]))


def _whole(number: Number) -> int:
    """Return what stands for the whole in the unit of the print."""
    if number["our unit"] not in UNITS:
        raise unknown("unit", number["our unit"], UNITS, "'rows' of the study's report.yaml")
    return UNITS[number["our unit"]]


def _count(value: str) -> float:
    """Read a printed count: `2.4k` -> 2400."""
    return 1000 * float(value[:-1]) if value.endswith("k") else float(value)


def setting(ours: Inputs, number: Number) -> Found:
    """Compare a printed setting with the resolved ones at its path or paths."""
    paths = number["our path"]
    resolved: list[Any] = []
    for path in [paths] if isinstance(paths, str) else paths:
        found = values(ours.question, path)
        if not found or None in found:
            note = f"the recorded question has no '{path}'" if path else "no path is declared"
            return {"status": SETTING, "note": note}
        resolved += found
    text = "|".join(map(_plain, resolved))
    same = text == "|".join(map(_plain, number["value"].split("|")))
    return {"ours": text, "difference": "same" if same else "differs", "status": SETTING}


def _plain(value: Any) -> str:
    """Write a number as papers do, 5e-6 and not 5e-06; a word as it is."""
    try:
        return f"{float(str(value)):g}".replace("e-0", "e-")
    except ValueError:
        return str(value)


_ALL = (best, mean, delta_mean, delta_best, score, train_size, setting)
MEASURES: dict[str, Callable[[Inputs, Number], Found]] = {each.__name__: each for each in _ALL}
