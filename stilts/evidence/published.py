"""The printed numbers of a paper, and beside each the same statistic of our runs."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stilts.errors import UserError, unknown
from stilts.evidence.numbers import NOT_AVAILABLE, NOT_PRINTED, percent, points, runs_used, signed
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import delta, summary

COLUMNS = ("paper", "table", "model", "intermediate", "target", "metric", "statistic", "value")
COMPARED, MISSING, SETTING = "compared", NOT_AVAILABLE, "setting"
_THOUSAND = 1000


def load(path: Path | str) -> pd.DataFrame:
    """Read `published.csv`: every column text, each value exactly as printed.

    Raises:
        UserError: the columns are not those of `COLUMNS`.
    """
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if tuple(table.columns) != COLUMNS:
        raise UserError(
            f"{path}: the columns are {', '.join(table.columns)}; expected {', '.join(COLUMNS)}"
        )
    return table


def slug(name: str) -> str:
    """Return a printed name as chains are named: `Synthesis_GPT2` -> `synthesis-gpt2`."""
    return name.strip().lower().replace("_", "-").replace(" ", "-")


def printed(
    published: pd.DataFrame, table: str, intermediate: str, target: str, statistic: str
) -> str:
    """Return one printed value as text; names are compared as slugs.

    Returns a dash where the paper prints no such number.
    """
    found = published[
        (published["table"] == table)
        & (published["intermediate"].map(slug) == slug(intermediate))
        & (published["target"].map(slug) == slug(target))
        & (published["statistic"] == statistic)
    ]
    return found["value"].iloc[0] if len(found) else NOT_PRINTED


def compare(published: pd.DataFrame, ours: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Put the same statistic of our runs beside every printed number.

    Args:
        published: as `load` returns it.
        ours: the measured results, of one model.
        spec: `statistics` (printed statistic -> measure, or {measure, target, note}), `settings`
            (printed setting -> dotted path in `ours.settings`, or list of paths) and `names`
            (printed name -> ours, where the slug is not it).

    Returns:
        One row per printed number, all text: paper, table, model, intermediate, target, metric,
        statistic, printed, ours, difference, n, data, status, note. Scores are in percent,
        differences in the printed unit; status is compared, not available or setting.
    """
    rows = []
    for record in published.to_dict("records"):
        value = record.pop("value")
        found = {"ours": NOT_AVAILABLE, "difference": "", "n": "", "data": "", "note": ""}
        found |= {"status": MISSING} | _measured(record, value, ours, spec)
        rows.append(record | {"printed": value} | found)
    last = ("printed", "ours", "difference", "n", "data", "status", "note")
    return pd.DataFrame(rows, columns=[*COLUMNS[:-1], *last])


def _measured(
    record: Mapping[str, str], value: str, ours: Inputs, spec: Mapping[str, Any]
) -> dict[str, str]:
    """Return ours, difference, n, data, status and note of one printed number."""
    if record["statistic"] == "setting":
        return _setting(record["metric"], value, ours, spec)
    rule = spec.get("statistics", {}).get(record["statistic"])
    if rule is None:
        return {"note": f"no measure is declared for the statistic '{record['statistic']}'"}
    rule = {"measure": rule} if isinstance(rule, str) else rule
    if rule["measure"] not in MEASURES:
        raise unknown("measure", rule["measure"], MEASURES, "paper_vs_ours")
    names = spec.get("names", {})
    chain = names.get(record["intermediate"], slug(record["intermediate"]))
    target = rule.get("target", names.get(record["target"], slug(record["target"])))
    data = data_note(ours, target)
    if target not in ours.manifests:
        return {"data": data, "note": f"no data for {target} at this scale"}
    found = MEASURES[rule["measure"]](ours, chain, target, record["metric"], value)
    notes = (rule.get("note", ""), found.get("note", ""))
    return {"data": data, **found, "note": "; ".join(note for note in notes if note)}


def data_note(ours: Inputs, task: str) -> str:
    """Say what a task's data are: the manifest's own note (miniature, stand-in), or how their
    sizes compare with the published ones: exact or a subset.
    """
    manifest = ours.manifests.get(task)
    if manifest is None:
        return NOT_AVAILABLE
    if manifest.get("note"):
        return str(manifest["note"])
    published = manifest.get("published_sizes") or {}
    if not published:
        return "real data; no published size to check against"
    differing = [
        f"{split} {ours.rows(task, split):,} of {size:,}"
        for split, size in published.items()
        if ours.rows(task, split) not in (None, size)
    ]
    return f"subset: {', '.join(differing)}" if differing else "exact"


def _best(ours: Inputs, chain: str, target: str, metric: str, value: str) -> dict[str, str]:
    return _of_runs(ours, chain, target, metric, value, "best")


def _mean(ours: Inputs, chain: str, target: str, metric: str, value: str) -> dict[str, str]:
    return _of_runs(ours, chain, target, metric, value, "mean")


def _of_runs(
    ours: Inputs, chain: str, target: str, metric: str, value: str, statistic: str
) -> dict[str, str]:
    runs = ours.cell(chain, target)
    runs = runs[runs["metric"] == metric]
    found = summary(runs["score"])
    if not found["n"]:
        return {"note": f"no {metric} of {chain} -> {target}"}
    return _scored(found[statistic], value) | {"n": runs_used(found["n"], ours.points)}


def _delta(
    ours: Inputs, chain: str, target: str, metric: str, value: str, statistic: str
) -> dict[str, str]:
    runs = ours.runs[(ours.runs["target"] == target) & (ours.runs["metric"] == metric)]
    deltas = delta(runs[runs["chain"].isin([chain, "none"])])
    found = deltas[(deltas["chain"] == chain) & deltas["delta_mean"].notna()]
    if found.empty:
        return {"note": f"no {metric} of {chain} -> {target} and none -> {target}"}
    row = found.iloc[0]
    n = min(int(row["n"]), int(row["n_baseline"]))
    result = _scored(row[statistic], value) | {"n": runs_used(n, ours.points)}
    interval = f"95 % interval of ours {points(row['low'])} to {points(row['high'])}"
    return result | {
        "ours": points(row[statistic]),
        "note": interval if statistic == "delta_mean" else "",
    }


def _delta_mean(ours: Inputs, chain: str, target: str, metric: str, value: str) -> dict[str, str]:
    return _delta(ours, chain, target, metric, value, "delta_mean")


def _delta_best(ours: Inputs, chain: str, target: str, metric: str, value: str) -> dict[str, str]:
    return _delta(ours, chain, target, metric, value, "delta_best")


def _zero_shot(ours: Inputs, chain: str, target: str, metric: str, value: str) -> dict[str, str]:
    row = ours.zero_shot_of(chain, target)
    if row is None or row["metric"] != metric or pd.isna(row["score"]):
        return {"note": f"no zero-shot {metric} of {chain} on {target}"}
    note = f"chance {percent(row['chance'])}, {int(row['n_validation']):,} examples"
    return _scored(row["score"], value) | {"n": "1", "note": note}


def _train_size(ours: Inputs, chain: str, target: str, metric: str, value: str) -> dict[str, str]:
    rows = ours.rows(target, "train")
    if rows is None:
        return {"note": f"{target} has no train split"}
    return {"ours": str(rows), "difference": signed(rows - _count(value), 0), "status": COMPARED}


MEASURES: dict[str, Callable[[Inputs, str, str, str, str], dict[str, str]]] = {
    "best": _best,
    "mean": _mean,
    "delta_mean": _delta_mean,
    "delta_best": _delta_best,
    "zero_shot": _zero_shot,
    "train_size": _train_size,
}


def _scored(score: float, value: str) -> dict[str, str]:
    """Compare a fraction of ours with a printed percentage."""
    return {
        "ours": percent(score),
        "difference": signed(100 * score - float(value)),
        "status": COMPARED,
    }


def _count(value: str) -> float:
    """Read a printed count: `2.4k` -> 2400."""
    return float(value[:-1]) * _THOUSAND if value.endswith("k") else float(value)


def _setting(metric: str, value: str, ours: Inputs, spec: Mapping[str, Any]) -> dict[str, str]:
    """Compare a printed setting with the resolved one found at its dotted path or paths."""
    paths = spec.get("settings", {}).get(metric)
    if paths is None:
        return {"status": SETTING, "note": f"no setting is declared for '{metric}'"}
    paths = [paths] if isinstance(paths, str) else paths
    values: list[Any] = []
    for path in paths:
        resolved = _at(ours.settings, path)
        if resolved is None:
            return {"status": SETTING, "note": f"the resolved settings have no '{path}'"}
        values += resolved if isinstance(resolved, list | tuple) else [resolved]
    same = [float(item) for item in value.split("|")] == [float(item) for item in values]
    return {
        "ours": "|".join(_plain(item) for item in values),
        "difference": "same" if same else "differs",
        "status": SETTING,
    }


def _at(settings: Any, path: str) -> Any:
    """Return the value at a dotted path; a whole grid stands for the number of its points."""
    for key in path.split("."):
        settings = settings.get(key) if isinstance(settings, Mapping) else None
    if isinstance(settings, Mapping):
        return math.prod(len(values) for values in settings.values())
    return settings


def _plain(number: Any) -> str:
    """Write a number as papers do: 5e-6, not 5e-06."""
    return f"{float(number):g}".replace("e-0", "e-")
