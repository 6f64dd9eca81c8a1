"""What tables and figures are made from: the measured results of one study at one scale."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from stilts.errors import UserError
from stilts.files.manifest import read_manifest
from stilts.question.chain import NONE, parse_chain

RUN_COLUMNS = ("model", "chain", "target", "point", "metric", "score", "degenerate")
ZERO_SHOT_COLUMNS = ("model", "chain", "target", "metric", "score", "chance", "n_validation")


@dataclass(frozen=True)
class Inputs:
    """The results a table or figure may draw on.

    Attributes:
        runs: `runs.csv`, one row per run; scores are fractions.
        zero_shot: `zero_shot.csv`, one row per checkpoint and target.
        manifests: task name -> manifest of its data.
        published: `published.csv`, all text, each value as it was printed.
        label: what the scale is, such as "mini: miniature language, not the paper's data"; empty
            where the data are the paper's.
        settings: the resolved settings, nested: `protocol`, `grid` (lr, batch, warmup, seed:
            lists), `intermediate`, `generation`, and `stage_sizes` (chain -> examples its last
            stage saw).
        examples: task name -> canonical rows, for figures that show data.
        titles: task name -> title, for tasks whose data are not there.
    """

    runs: pd.DataFrame
    zero_shot: pd.DataFrame
    manifests: Mapping[str, Mapping[str, Any]]
    published: pd.DataFrame
    label: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    examples: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)

    def of_model(self, spec: Mapping[str, Any]) -> "Inputs":
        """Return the inputs restricted to the model that `spec` names, or to the only one.

        Raises:
            UserError: several models in the runs and none named, or a name that has no runs.
        """
        models = sorted({*self.runs["model"].dropna(), *self.zero_shot["model"].dropna()})
        model = spec.get("model", models[0] if len(models) == 1 else None)
        if models and model not in models:
            raise UserError(
                f"runs.csv holds the models {', '.join(models)}, the {spec['kind']} asks for"
                f" '{model}': give one of them as 'model' in the study's report settings"
            )
        return replace(
            self,
            runs=self.runs[self.runs["model"] == model],
            zero_shot=self.zero_shot[self.zero_shot["model"] == model],
        )

    @property
    def points(self) -> int:
        """The runs a pair of chain and target should have: the grid's size, 36 in the paper."""
        grid = self.settings.get("grid", {})
        if grid:
            return math.prod(len(values) for values in grid.values())
        counts = self.runs.groupby(["model", "chain", "target"]).size()
        return int(counts.max()) if len(counts) else 0

    @property
    def protocol(self) -> str:
        """Name what the runs followed, such as `paper`; several protocols are joined by commas."""
        names = self.runs["protocol"].dropna().unique() if "protocol" in self.runs else ()
        return ", ".join(sorted(map(str, names))) or str(self.settings.get("protocol", "unknown"))

    @property
    def footer(self) -> str:
        """Say what a table rests on: the scale's label and the protocol."""
        return " · ".join(part for part in (self.label, f"protocol {self.protocol}") if part)

    def cell(self, chain: str, target: str) -> pd.DataFrame:
        """Return the runs of one chain on one target, possibly none."""
        return self.runs[(self.runs["chain"] == chain) & (self.runs["target"] == target)]

    def zero_shot_of(self, chain: str, target: str) -> Mapping[str, Any] | None:
        """Return the zero-shot row of a checkpoint on a target, or None where it was not scored."""
        table = self.zero_shot
        found = table[(table["chain"] == chain) & (table["target"] == target)]
        return found.iloc[0].to_dict() if len(found) else None

    def task_title(self, task: str) -> str:
        """Return a task's title, or its name where none is known."""
        return self.manifests.get(task, {}).get("title") or self.titles.get(task, task)

    def title(self, chain: str) -> str:
        """Return a chain in words: `None`, `HellaSwag-p (2,000)`, `MNLI -> SQuAD`."""
        if chain == NONE:
            return "None"
        stages = []
        for stage in parse_chain(chain):
            size = f" ({stage.size:,})" if stage.size else ""
            stages.append(" & ".join(self.task_title(task) for task in stage.tasks) + size)
        return " → ".join(stages)

    def rows(self, task: str, split: str) -> int | None:
        """Return how many rows a split holds, or None where the data are not there."""
        return self.manifests.get(task, {}).get("splits", {}).get(split, {}).get("rows")


def read_inputs(
    *,
    published: Path | str,
    label: str,
    runs: Path | str | None = None,
    zero_shot: Path | str | None = None,
    manifests: Sequence[Path | str] = (),
    settings: Mapping[str, Any] | None = None,
    examples: Mapping[str, Path | str] | None = None,
    titles: Mapping[str, str] | None = None,
) -> Inputs:
    """Read the files behind a study's tables and figures.

    Args:
        published: `published.csv`; values stay text.
        label: what the scale is.
        runs: `runs.csv`; without it no run is available.
        zero_shot: `zero_shot.csv`; likewise.
        manifests: the data manifests, each with its `task`.
        settings: see `Inputs`; a stage size of None means all examples of the stage's tasks.
        examples: task name -> parquet file of canonical rows.
        titles: see `Inputs`.

    Raises:
        UserError: a file without the columns it must have.
    """
    records = [read_manifest(Path(path).parent) for path in manifests]
    by_task = {record["task"]: record for record in records}
    asked = (settings or {}).get("stage_sizes", {})
    sizes = {chain: _stage_size(chain, size, by_task) for chain, size in asked.items()}
    return Inputs(
        runs=_read(runs, RUN_COLUMNS),
        zero_shot=_read(zero_shot, ZERO_SHOT_COLUMNS),
        manifests=by_task,
        published=pd.read_csv(published, dtype=str, keep_default_na=False),
        label=label,
        settings={**(settings or {}), "stage_sizes": sizes},
        examples={task: _records(path) for task, path in (examples or {}).items()},
        titles=titles or {},
    )


def _stage_size(
    chain: str, size: int | None, manifests: Mapping[str, Mapping[str, Any]]
) -> int | None:
    """Return the examples a chain's last stage saw: each task gives `size`, or all it has."""
    tasks = parse_chain(chain)[-1].tasks
    if not all("train" in manifests.get(task, {}).get("splits", {}) for task in tasks):
        return size
    rows = [manifests[task]["splits"]["train"]["rows"] for task in tasks]
    return sum(count if size is None else min(count, size) for count in rows)


def _records(path: Path | str) -> list[dict[str, Any]]:
    return pd.read_parquet(path).to_dict("records")


def _read(path: Path | str | None, columns: Sequence[str]) -> pd.DataFrame:
    """Read a CSV of results; "None" and "none" are names here, only an empty cell is missing."""
    if path is None:
        return pd.DataFrame(columns=list(columns))
    table = pd.read_csv(path, keep_default_na=False, na_values=["", "nan", "NaN"])
    missing = [column for column in columns if column not in table]
    if missing:
        raise UserError(f"{path}: the column '{missing[0]}' is missing: delete it and run again")
    return table
