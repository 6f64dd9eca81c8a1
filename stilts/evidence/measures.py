"""The statistics of our results that can stand beside a printed number, by name.

Each takes the inputs of one model, the printed number as `published.load` returns it, and gives
any of ours, difference, n, status and note, as text.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from stilts.errors import unknown
from stilts.evidence.answers import answers
from stilts.evidence.comparisons.pairing import compare, covers, interval_of
from stilts.evidence.formulas import formula as metric_of
from stilts.evidence.numbers import NOT_AVAILABLE, NOT_PRINTED, fixed, percent, runs_used, signed
from stilts.evidence.overall import overall as overall_of
from stilts.evidence.record import values
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import difference, summary
from stilts.evidence.transfer import sign as mark_of

COMPARED, MISSING, SETTING, NOT_COMPARED = "compared", NOT_AVAILABLE, "setting", "not compared"
NOT_REPRODUCIBLE = "not reproducible"
BASELINE = "none"
MORE = "more than "
UNITS = {"percent": 100, "fraction": 1}  # of printed scores and differences

Number = Mapping[str, Any]
Found = dict[str, str]


def best(ours: Inputs, number: Number) -> Found:
    """Return the score of the best run of the cell."""
    return _of_runs(ours, number, "best")


def best_of_epochs(ours: Inputs, number: Number) -> Found:
    """Return the highest score of any epoch of any run of the cell: a maximum over training."""
    return _of_runs(ours, number, "best", "score_best")


def mean(ours: Inputs, number: Number) -> Found:
    """Return the mean score of the runs of the cell."""
    return _of_runs(ours, number, "mean")


def _of_runs(ours: Inputs, number: Number, statistic: str, column: str = "score") -> Found:
    chain, target = number["our chain"], number["our target"]
    found = summary(_runs(ours, number, chain)[column])
    if not found["n"]:
        return {"note": f"no {number['our metric']} of {chain} -> {target}"}
    n = runs_used(found["n"], ours.expected(chain, target))
    return _beside(found[statistic], number) | {"n": n}


def delta_mean(ours: Inputs, number: Number) -> Found:
    """Return the mean of the cell less that after no intermediate task, with its interval."""
    found, used = _delta(ours, number)
    if not used:
        return found
    paired = compare(*(_runs(ours, number, name) for name in (number["our chain"], BASELINE)))
    ends = interval_of(paired)
    note = f"no interval over {covers(paired)}"
    if math.isfinite(ends[0]):
        low, high = (_written(end, number, signed) for end in ends)
        note = f"95 % interval of ours {low} to {high}, over {covers(paired)}"
    return _beside(found["delta_mean"], number, signed) | {"n": used, "note": note}


def delta_best(ours: Inputs, number: Number) -> Found:
    """Return the best run of the cell less that after no intermediate task."""
    found, used = _delta(ours, number)
    return _beside(found["delta_best"], number, signed) | {"n": used} if used else found


def sign(ours: Inputs, number: Number) -> Found:
    """Return the mark of the cell's mean against that after no intermediate task: + = -."""
    found, used = _delta(ours, number)
    if not used:
        return found
    mark = mark_of(found["delta_mean"])
    alike = "same" if mark == number["value"] else "differs"
    return {"ours": mark, "difference": alike, "n": used, "status": COMPARED}


def _delta(ours: Inputs, number: Number) -> tuple[dict[str, Any], str]:
    """Return the differences and the runs used; or a note, and nothing where a side has no run."""
    chain, target, metric = (number[f"our {name}"] for name in ("chain", "target", "metric"))
    sides = (_runs(ours, number, name)["score"] for name in (chain, BASELINE))
    found = difference(*sides)
    n = min(found["n"], found["n_baseline"])
    if not n:
        return {"note": f"no {metric} of {chain} -> {target} and {BASELINE} -> {target}"}, ""
    return found, runs_used(n, ours.expected(chain, target))


def _runs(ours: Inputs, number: Number, chain: str) -> pd.DataFrame:
    """Return the runs with their scores, of one split where several are scored."""
    target, metric = number["our target"], number["our metric"]
    if number["our split"]:
        found = answers(ours, chain, target, number["our split"])
        return pd.DataFrame({"score": []}) if found is None else found.scored(metric)
    runs = ours.cell(chain, target)
    return runs[runs["metric"] == metric]


def score(ours: Inputs, number: Number) -> Found:
    """Return the score of the checkpoint without further training."""
    chain, target, metric = (number[f"our {name}"] for name in ("chain", "target", "metric"))
    row = ours.score_of(chain, target)
    if row is None or row["metric"] != metric or pd.isna(row["score"]):
        return {"note": f"no {metric} of {chain} on {target} without further training"}
    note = f"chance {percent(row['chance'])}, {int(row['n_validation']):,} examples"
    heads = int(row["new_heads"])
    if heads > 1:
        low, high = (percent(row[f"score_{side}"]) for side in ("min", "max"))
        note += f"; mean of {heads} new heads, {low} to {high}"
    return _beside(row["score"], number) | {"n": str(max(1, heads)), "note": note}


def overall(ours: Inputs, number: Number) -> Found:
    """Return the overall score of the checkpoint over all tasks that the study scores it on."""
    chain = number["our chain"]
    tasks = ours.question["scores"].get(ours.model, {}).get(chain, [])
    rows = [row for row in (ours.score_of(chain, task) for task in tasks) if row is not None]
    found = overall_of((row["metric"], row["score"]) for row in rows)
    if math.isnan(found) or len(rows) < len(tasks):
        return {"note": f"not every task of {chain} has a score"}
    return _beside(found, number) | {"n": "1", "note": f"over {', '.join(tasks)}"}


def not_reproducible(ours: Inputs, number: Number) -> Found:
    """Return nothing of ours: it cannot be had, for the reason that the entry's note gives."""
    return {"ours": NOT_PRINTED, "status": NOT_REPRODUCIBLE}


def chance(ours: Inputs, number: Number) -> Found:
    """Return what guessing reaches on the target, as the scores of the checkpoint tell it."""
    row = ours.score_of(number["our chain"], number["our target"])
    return {} if row is None else _beside(row["chance"], number)


def train_size(ours: Inputs, number: Number) -> Found:
    """Return how many training examples the target has; what stands in for it is not compared."""
    task = number["our target"]
    rows = ours.rows(task, "train")
    return _of_data(ours, number, rows)


def scored_size(ours: Inputs, number: Number) -> Found:
    """Return how many examples of the target are scored, of its first such split or that named."""
    task = number["our target"]
    return _of_data(ours, number, ours.rows(task, _split(ours, number)))


def class_count(ours: Inputs, number: Number) -> Found:
    """Return how many examples a class has in the splits of the print: training and scored.

    The metric is the class's place in the order of the target's labels, `class_0`.
    """
    task = number["our target"]
    label = str(ours.manifests[task]["labels"][int(number["metric"].rpartition("_")[2])])
    splits = ours.manifests[task]["splits"]
    parts = [splits[name].get("classes", {}).get(label) for name in ("train", _split(ours, number))]
    return _of_data(ours, number, None if None in parts else sum(parts))


def _split(ours: Inputs, number: Number) -> str:
    return number["our split"] or next(iter(ours.scored(number["our target"])))


def _of_data(ours: Inputs, number: Number, count: int | None) -> Found:
    """Write a count of the data beside the print; what stands in for them is not compared."""
    task = number["our target"]
    if count is None:
        return {"note": f"{task} has no such split or class"}
    if ours.manifests[task].get("note"):
        return {"ours": str(count), "status": NOT_COMPARED}
    return {**_counted([count], number), "status": COMPARED}


def size(ours: Inputs, number: Number) -> Found:
    """Compare printed sizes with those at a path or paths; those of a miniature are not compared.

    Printed counts, such as `355M`, `2k|10k` and `1024`, are compared at the precision of the print.
    """
    found = _resolved(ours, number)
    if isinstance(found, dict):
        return found
    if ours.stand_in:
        note = "sizes of the scale, not the paper's"
        return {"ours": "|".join(map(str, found)), "status": NOT_COMPARED, "note": note}
    return {**_counted(found, number), "status": COMPARED}


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


def _counted(counts: Sequence[int], number: Number) -> Found:
    """Write counts beside printed ones: the same if they are so when rounded, or cut, alike."""
    printed = [_count(text) for text in number["value"].split("|")]
    text = "|".join(map(str, counts))
    if len(printed) != len(counts):
        return {"ours": text, "difference": "differs"}
    for way, cut in (("rounded", round), ("truncated", math.floor)):
        pairs = zip(counts, printed, strict=True)
        if all(cut(count / unit) == round(value / unit) for count, (value, unit) in pairs):
            exact = all(count == value for count, (value, _) in zip(counts, printed, strict=True))
            return {"ours": text, "difference": "same", "note": "" if exact else f"ours {way}"}
    apart = (signed(count - value, 0) for count, (value, _) in zip(counts, printed, strict=True))
    return {"ours": text, "difference": "|".join(apart)}


def _count(text: str) -> tuple[float, float]:
    """Read a printed count and the unit of its last digit: `2.4k` is 2400, to the next 100.

    A whole number of thousands, as 40000, is taken for one: the paper writes 40k as well.
    """
    thousands = text.endswith("000")
    digits, factor = text.rstrip("kM"), {"k": 1e3, "M": 1e6}.get(text[-1], 1)
    unit = 1e3 if thousands else factor / 10 ** len(digits.partition(".")[2])
    return factor * float(digits), unit


def setting(ours: Inputs, number: Number) -> Found:
    """Compare a printed setting, or what it is more than, with those at its path or paths."""
    resolved = _resolved(ours, number)
    if isinstance(resolved, dict):
        return resolved
    text, least = "|".join(map(_plain, resolved)), number["value"].removeprefix(MORE)
    if least != number["value"]:
        same = all(found > float(least) for found in resolved)
    else:
        same = text == "|".join(map(_plain, number["value"].split("|")))
    return {"ours": text, "difference": "same" if same else "differs", "status": SETTING}


def _resolved(ours: Inputs, number: Number) -> list[Any] | Found:
    """Return what the record of the question has at a path or paths, or why it has nothing."""
    paths = number["our path"]
    resolved: list[Any] = []
    for path in [paths] if isinstance(paths, str) else paths:
        found = values(ours.question, path)
        if not found or None in found:
            note = f"the recorded question has no '{path}'" if path else "no path is declared"
            return {"status": SETTING, "note": note}
        resolved += found
    return resolved


def _plain(value: Any) -> str:
    """Write a number as papers do, 5e-6 and not 5e-06; a word as it is."""
    try:
        return f"{float(str(value)):g}".replace("e-0", "e-")
    except ValueError:
        return str(value)


def declared_metric(ours: Inputs, number: Number) -> Found:
    """Compare the printed name of a metric with that by which the target is scored."""
    name = ours.metric(number["our target"])
    title = metric_of(name).TITLE
    said, found = (
        text.casefold().replace("score", "").split() for text in (number["value"], title)
    )
    same = set(said) <= set(found)
    return {"ours": title, "difference": "same" if same else "differs", "status": SETTING}


_ALL = (best, best_of_epochs, mean, delta_mean, delta_best, score, overall)
_ALL += (not_reproducible, chance, sign, train_size, scored_size, class_count)
_ALL += (declared_metric, size, setting)
MEASURES: dict[str, Callable[[Inputs, Number], Found]] = {each.__name__: each for each in _ALL}
