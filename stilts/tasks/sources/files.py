"""Raw rows from the reader's own files: csv, tsv, jsonl, parquet, or lines without a heading."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stilts.errors import UserError
from stilts.files.manifest import sha256_of

Row = dict[str, Any]


class MissingFile(UserError):
    """A data file of the reader that is not there."""


def read_files(
    files: Mapping[str, str | Sequence[str]], split: str, columns: Sequence[str] = ()
) -> tuple[list[Row], dict[str, Any]]:
    """Return the rows of a split, and of which files they are.

    Args:
        files: split -> path, or paths whose rows stand side by side, such as questions and their
            answers; the ending says how a file is read.
        split: the one to read.
        columns: names of the columns of files without a heading (.txt, .lst: lines, cut at tabs),
            file after file.

    Raises:
        UserError: no file is named, or one is missing, of an unknown form, or damaged; files side
            by side differ in their rows, or `columns` are not those that are there.
    """
    if split not in files:
        raise UserError(f"split '{split}' has no file; 'files' names: {', '.join(files)}")
    names = [files[split]] if isinstance(files[split], str) else list(files[split])
    unnamed = list(columns)
    parts = [_read_file(Path(name), unnamed) for name in names]
    for name, part in zip(names, parts, strict=True):
        if len(part) != len(parts[0]):
            raise UserError(
                f"{name} has {len(part)} rows, but {names[0]} has {len(parts[0])}: files side by"
                " side need equally many"
            )
    if unnamed:
        raise UserError(f"{names[-1]}: no column is left for '{unnamed[0]}' of 'columns'")
    rows = [{key: row[key] for row in side for key in row} for side in zip(*parts, strict=True)]
    told = zip(names, parts, strict=True)
    return rows, {"from": "files", "files": [record(Path(name), name, part) for name, part in told]}


def _read_file(path: Path, unnamed: list[str]) -> list[Row]:
    """Read a file; one without a heading takes the names of its columns off `unnamed`."""
    if path.suffix not in {*READERS, *BARE}:
        known = ", ".join([*READERS, *BARE])
        raise UserError(f"{path}: unknown ending '{path.suffix}'; allowed: {known}")
    if not path.is_file():
        raise MissingFile(f"{path} does not exist: put it there, or change 'files' of the task")
    if path.suffix in READERS:
        return READERS[path.suffix](path)
    lines = [line.removesuffix("\r").split("\t") for line in read_text(path).split("\n")]
    if lines[-1] == [""]:  # the last line ends too
        lines.pop()
    count = len(lines[0]) if lines else 0
    names = [unnamed.pop(0) for _ in range(min(count, len(unnamed)))]
    for number, fields in enumerate(lines, start=1):
        if len(fields) != len(names):
            raise UserError(
                f"{path}, line {number}: {len(fields)} fields, but 'columns' of the task's source"
                f" has {len(names)} names for them: {', '.join(names) or 'none'}"
            )
    return [dict(zip(names, fields, strict=True)) for fields in lines]


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


BARE = (".txt", ".lst")
READERS: Mapping[str, Callable[[Path], list[Row]]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".jsonl": _read_jsonl,
    ".parquet": read_parquet,
}
