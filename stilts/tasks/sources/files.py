"""Raw rows from the reader's own files: which make up a split, and how they go together."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stilts.errors import UserError
from stilts.files.manifest import sha256_of
from stilts.tasks.sources.formats import Row, bare_lines, format_of, read_rows


class MissingFile(UserError):
    """A data file of the reader that is not there."""


def read_files(source: Mapping[str, Any], split: str) -> tuple[list[Row], dict[str, Any]]:
    """Return the rows of a split, and of which files they are.

    Several files with the same columns follow each other; with no column in common, such as
    questions and their answers, they stand side by side.

    Args:
        source: of a task: `files` (split -> path or paths), and optionally `columns`: the names of
            the columns of files without a heading, file after file; `format`, in place of the one
            that an ending stands for; `quoted`, see `read_rows`.
        split: the one to read.

    Raises:
        UserError: no file is named, or one is missing, of an unknown form, or damaged; files do
            not go together, or `columns` are not those that are there.
    """
    files = source["files"]
    if split not in files:
        raise UserError(f"split '{split}' has no file; 'files' names: {', '.join(files)}")
    names = [files[split]] if isinstance(files[split], str) else list(files[split])
    unnamed = list(source.get("columns", ()))
    parts = [_read_file(Path(name), source, unnamed) for name in names]
    if unnamed:
        raise UserError(f"{names[-1]}: no column is left for '{unnamed[0]}' of 'columns'")
    told = zip(names, parts, strict=True)
    records = [record(Path(name), name, part) for name, part in told]
    return _together(names, parts), {"from": "files", "files": records}


def _together(names: Sequence[str], parts: Sequence[list[Row]]) -> list[Row]:
    filled = [(name, part) for name, part in zip(names, parts, strict=True) if part]
    columns = [set(part[0]) for _, part in filled]
    if all(each == columns[0] for each in columns):
        return [row for part in parts for row in part]
    if sum(map(len, columns)) > len(set().union(*columns)):
        shared = sorted(set.intersection(*columns) or columns[0] & columns[1])
        raise UserError(
            f"{', '.join(names)}: some columns are in several of them ({', '.join(shared[:5])}) and"
            " some are not: give them the same columns, to follow each other, or none in common,"
            " to stand side by side"
        )
    for name, part in zip(names, parts, strict=True):
        if len(part) != len(parts[0]):
            raise UserError(
                f"{name} has {len(part)} rows, but {names[0]} has {len(parts[0])}: files side by"
                " side need equally many"
            )
    return [{key: row[key] for row in side for key in row} for side in zip(*parts, strict=True)]


def _read_file(path: Path, source: Mapping[str, Any], unnamed: list[str]) -> list[Row]:
    """Read a file; one without a heading takes the names of its columns off `unnamed`."""
    form = source.get("format") or format_of(path)
    if not path.is_file():
        raise MissingFile(f"{path} does not exist: put it there, or change 'files' of the task")
    names: list[str] = []
    if form == "txt":
        lines = bare_lines(path)
        count = len(lines[0]) if lines else 0
        names = [unnamed.pop(0) for _ in range(min(count, len(unnamed)))]
    return read_rows(path, form, names=names, quoted=source.get("quoted", False))


def record(path: Path, name: str, rows: list[Row]) -> dict[str, Any]:
    """Return what the manifest tells of a file that was read: name, digest, rows."""
    return {"path": name, "sha256": sha256_of(path), "rows": len(rows)}
