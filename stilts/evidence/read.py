"""The files behind a study's tables and figures, read into what these are made from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from stilts.errors import UserError
from stilts.evidence.parts import shown
from stilts.evidence.published import load, load_inconsistencies, nothing
from stilts.evidence.record import with_rows
from stilts.evidence.results import Inputs
from stilts.files.manifest import read_manifest, sha256_of
from stilts.question.claims import FILE, load_claims

RUN_COLUMNS = (
    "model",
    "chain",
    "target",
    "point",
    "metric",
    "score",
    "degenerate",
    "like_majority",
)
ESTIMATE_COLUMNS = ("model", "chain", "target", "estimator", "value")
EPOCH_COLUMNS = ("model", "chain", "target", "point", "epoch", "loss", "score", "degenerate")
SCORE_COLUMNS = (
    *("model", "chain", "target", "metric", "score", "chance", "n_validation"),
    *("new_heads", "score_std", "score_min", "score_max"),
)


def read_inputs(
    study: str,
    *,
    question: str,
    runs: str,
    scores: str,
    data: Sequence[str] = (),
    prints: Sequence[str] = (),
    rows: Sequence[Mapping[str, Any]] = (),
    examples: Sequence[str] = (),
    walked: Sequence[str] = (),
    predictions: Sequence[str] = (),
    estimates: Sequence[str] = (),
    epochs: Sequence[str] = (),
) -> Inputs:
    """Read what a study's tables and figures may draw on.

    Args:
        study: its name in the record.
        question: the record of the question.
        runs: `runs.csv`.
        scores: `scores.csv`.
        data: the data manifests of the study's tasks.
        prints: `published.csv`, `inconsistencies.csv` and `claims.yaml` of the study, where it has
            them.
        rows: see `stilts.evidence.published.load`.
        examples: the data manifests of the tasks of which a figure shows rows.
        walked: the manifests of the checkpoints of which a figure shows epochs.
        predictions: files of predictions, for what says `predictions: true`.
        estimates: `estimates.csv`, for what says `estimates: true`.
        epochs: `epochs.csv`, for what says `epochs: true`.

    Raises:
        UserError: a file without the columns it must have.
    """
    record = yaml.safe_load(Path(question).read_text(encoding="utf-8"))
    manifests = {folder.name: read_manifest(folder) for folder in _folders(data)}
    inputs = Inputs(
        question=with_rows(record["studies"][study], manifests),
        tasks=record["tasks"],
        manifests=manifests,
        runs=read_table(runs, RUN_COLUMNS),
        scores=read_table(scores, SCORE_COLUMNS),
        walked={place.parts[-2:]: read_manifest(place) for place in _folders(walked)},
        **_prints({Path(file).name: file for file in prints}, rows),
        **_claims(study, {Path(file).name: file for file in prints}),
        predictions={_run_of(Path(file)): Path(file) for file in predictions},
        estimates=read_table(estimates[0], ESTIMATE_COLUMNS) if estimates else None,
        epochs=read_table(epochs[0], EPOCH_COLUMNS) if epochs else None,
    )
    inputs = replace(inputs, runs=shown(inputs), everything=inputs.runs)
    rows_of = {folder.name: _rows(inputs, folder) for folder in _folders(examples)}
    return replace(inputs, examples=rows_of)


def _folders(files: Sequence[str]) -> list[Path]:
    return [Path(file).parent for file in files]


def _run_of(file: Path) -> tuple[str, ...]:
    """Return model, chain, target and point of a file of predictions."""
    return (*file.parts[-4:-1], file.stem)


def _prints(files: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    numbers, flaws = files.get("published.csv"), files.get("inconsistencies.csv")
    return {
        "published": load(numbers, rows) if numbers else nothing(),
        "inconsistencies": load_inconsistencies(flaws) if flaws else None,
    }


def _claims(study: str, files: Mapping[str, str]) -> dict[str, Any]:
    if FILE not in files:
        return {}
    digest = sha256_of(files[FILE])[:16]
    return {"claims": load_claims(files[FILE]), "claims_digest": f"{study}:{digest}"}


def _rows(inputs: Inputs, folder: Path) -> list[dict[str, Any]]:
    """Return the canonical rows of the first split that a task is scored on."""
    split = next(iter(inputs.scored(folder.name)))
    return pd.read_parquet(folder / f"{split}.parquet").to_dict("records")


def read_table(path: str | Path, columns: Sequence[str] = ()) -> pd.DataFrame:
    """Read a CSV of results; "None" and "none" are names here, only an empty cell is missing."""
    table = pd.read_csv(path, keep_default_na=False, na_values=["", "nan", "NaN"])
    missing = [column for column in columns if column not in table]
    if missing:
        raise UserError(f"{path}: the column '{missing[0]}' is missing: delete it and run again")
    return table
