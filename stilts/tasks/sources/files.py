"""Raw rows from the reader's own files: csv, tsv, jsonl or parquet."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stilts.errors import UserError
from stilts.files.manifest import sha256_of

Row = dict[str, Any]


class MissingFile(UserError):
    """A data file of the reader that is not there."""


def read_files(files: Mapping[str, str], split: str) -> tuple[list[Row], dict[str, Any]]:
    """Return the rows of a split, and of which file they are.

    Args:
        files: split -> path; the ending says how it is read.
        split: the one to read.

    Raises:
        UserError: no file is named, or it is missing, of an unknown form, or damaged.
    """
    if split not in files:
        raise UserError(f"split '{split}' has no file; 'files' names: {', '.join(files)}")
    path = Path(files[split])
    reader = READERS.get(path.suffix)
    if reader is None:
        raise UserError(f"{path}: unknown ending '{path.suffix}'; allowed: {', '.join(READERS)}")
    if not path.is_file():
        raise MissingFile(f"{path} does not exist: put it there, or change 'files' of the task")
    rows = reader(path)
    return rows, {"from": "files", "files": [record(path, files[split], rows)]}


def record(path: Path, name: str, rows: list[Row]) -> dict[str, Any]:
    """Return what the manifest tells of a file that was read: name, digest, rows."""
    return {"path": name, "sha256": sha256_of(path), "rows": len(rows)}


def read_parquet(path: Path) -> list[Row]:
    """Return the rows of a parquet file."""
    try:
        # One file at a time: read_table would take columns from folder names such as a=b.
        with pq.ParquetFile(path) as file:
            return file.read().to_pylist()
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise UserError(f"{path} is not a whole parquet file ({reason}): fetch it again") from None


def _read_jsonl(path: Path) -> list[Row]:
    rows = []
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UserError(f"{path}, line {number}: not JSON ({error.msg}): fix it") from None
        if not isinstance(row, dict):
            raise UserError(f"{path}, line {number}: expected an object of columns, found {row!r}")
        rows.append(row)
    return rows


def _read_csv(path: Path) -> list[Row]:
    return _read_table(path, delimiter=",")


def _read_tsv(path: Path) -> list[Row]:
    # Published tsv files (GLUE, CoLA, WiC) hold bare quotation marks, which mean nothing there.
    return _read_table(path, delimiter="\t", quoting=csv.QUOTE_NONE)


def _read_table(path: Path, **dialect: Any) -> list[Row]:
    reader = csv.reader(io.StringIO(read_text(path)), strict=True, **dialect)
    rows = []
    try:
        columns = next(reader, [])
        if len(set(columns)) < len(columns):
            raise UserError(f"{path}: the first line names a column twice: {', '.join(columns)}")
        for fields in reader:
            if fields and len(fields) != len(columns):
                raise UserError(
                    f"{path}, line {reader.line_num}: {len(fields)} fields, but the first line"
                    f" names {len(columns)} columns: fix the line"
                )
            if fields:
                rows.append(dict(zip(columns, fields, strict=True)))
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num}: {error}: fix the line") from None
    return rows


def read_text(path: Path) -> str:
    """Return the content of a UTF-8 file, a byte order mark left out."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text (byte {error.start}): convert it") from None


READERS: Mapping[str, Callable[[Path], list[Row]]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".jsonl": _read_jsonl,
    ".parquet": read_parquet,
}
