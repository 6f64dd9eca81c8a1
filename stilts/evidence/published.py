"""What a paper prints, each value as it was printed, and the name of each in our results."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from stilts.errors import UserError, unknown
from stilts.evidence.numbers import NOT_PRINTED

COLUMNS = ("paper", "table", "model", "intermediate", "target", "metric", "statistic", "value")
# What of ours a printed number is: a measure of the metric in a cell, or a setting of the question.
OURS = ("model", "chain", "target", "metric", "split", "measure", "unit", "path", "note")
INCONSISTENCY = ("where", "check", "found_by", "detail", "severity")
NOTHING = "-"  # what published.csv holds where a number is of no model or intermediate task


def load(path: Path | str, rows: Sequence[Mapping[str, Any]] = ()) -> pd.DataFrame:
    """Read `published.csv`: every column text, each value exactly as printed.

    Args:
        path: the file.
        rows: the block `rows` of the study's report.yaml, a list of {printed, ours}. `printed`
            gives columns of published.csv with the text, or a list of texts, that a printed number
            must have; `ours` gives `model`, `chain`, `target` and `metric` of every number that
            fits (otherwise the slugs of what is printed, and the metric as printed), the `split` of
            several that are scored, its `measure` (see `stilts.evidence.measures`), `unit`
            (percent or fraction) and, of a setting, its
            `path` or paths into the record of the question; and a `note`. A later entry wins over
            an earlier one.

    Returns:
        The columns of `COLUMNS`, then a column `our <name>` for each name of `OURS`; empty where a
        number has no such thing.

    Raises:
        UserError: the columns are not those of `COLUMNS`; or an entry of `rows` is malformed or
            fits no number.
    """
    return _with_ours(_texts(path, COLUMNS), rows)


def load_inconsistencies(path: Path | str) -> pd.DataFrame:
    """Read `inconsistencies.csv`, what does not add up in print: all text.

    `found_by` is the kind of check of the table of kind `checks` that finds it, or "by reading".

    Raises:
        UserError: the columns are not those of `INCONSISTENCY`.
    """
    return _texts(path, INCONSISTENCY)


def nothing() -> pd.DataFrame:
    """Return what `load` does of a study without printed numbers."""
    return _with_ours(pd.DataFrame(columns=list(COLUMNS), dtype=str), ())


def _texts(path: Path | str, columns: Sequence[str]) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is no table ({error}): mend the file") from None
    if list(table.columns) != list(columns):
        raise UserError(
            f"{path}: the columns are {', '.join(table.columns)}; expected {', '.join(columns)}"
        )
    return table


def _with_ours(published: pd.DataFrame, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    numbers = published.to_dict("records")
    ours = [_by_slug(number) for number in numbers]
    for place, entry in enumerate(rows, start=1):
        where = f"'rows' of the study's report.yaml, entry {place}"
        _check(entry, where)
        fitting = [mine for number, mine in zip(numbers, ours, strict=True) if _fits(number, entry)]
        if not fitting:
            raise UserError(
                f"{where}: no line of published.csv has {dict(entry['printed'])}: mend or remove it"
            )
        for mine in fitting:
            mine |= entry["ours"]
    columns = pd.DataFrame(ours, index=published.index, columns=list(OURS))
    return published.join(columns.add_prefix("our "))


def _by_slug(number: Mapping[str, str]) -> dict[str, Any]:
    names = {"model": number["model"], "chain": number["intermediate"], "target": number["target"]}
    return {
        **{name: slug(text) for name, text in names.items()},
        "metric": number["metric"],
        "unit": "percent",
        **dict.fromkeys(("split", "measure", "path", "note"), ""),
    }


def _check(entry: Mapping[str, Any], where: str) -> None:
    if set(entry) != {"printed", "ours"}:
        raise UserError(f"{where}: write {{printed: {{column: text}}, ours: {{name: value}}}}")
    for block, known in (("printed", COLUMNS), ("ours", OURS)):
        for name in entry[block]:
            if name not in known:
                raise unknown(f"name in '{block}'", name, known, where)


def _fits(number: Mapping[str, str], entry: Mapping[str, Any]) -> bool:
    return all(
        number[column] in ([texts] if isinstance(texts, str) else texts)
        for column, texts in entry["printed"].items()
    )


def slug(name: str) -> str:
    """Return a printed name as ours are written: `Synthesis_GPT2` -> `synthesis-gpt2`."""
    name = name.strip()
    return "" if name == NOTHING else name.lower().replace("_", "-").replace(" ", "-")


def printed(published: pd.DataFrame, table: str, model: str, **ours: str) -> str:
    """Return one printed value as text, or a dash where the paper prints no such number.

    Args:
        published: as `load` returns it.
        table: of the paper.
        model: ours; a number that is printed of no model is one of any.
        ours: what names the number: the `chain`, `target` and `measure` of ours, or its
            `statistic` as printed.
    """
    found = (published["table"] == table) & published["our model"].isin([model, ""])
    for name, value in ours.items():
        found &= published[f"our {name}" if name in OURS else name] == value
    return published.loc[found, "value"].iloc[0] if found.any() else NOT_PRINTED
