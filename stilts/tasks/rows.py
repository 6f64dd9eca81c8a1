"""Canonical rows of a task on disk: read, proved by their manifest, sampled."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from stilts.errors import UserError
from stilts.files.manifest import MANIFEST, read_manifest
from stilts.tasks.columns import Row


def read_split(folder: Path | str, split: str, *, verify: bool = True) -> list[Row]:
    """Return the rows of one split.

    Args:
        folder: the data of a task.
        split: `train` or `validation`.
        verify: compare the file's digest with the manifest's, where there is one.

    Raises:
        UserError: the file is missing, unreadable, or not the one the manifest tells of.
    """
    content = _content(Path(folder), split, verify)
    try:
        return pq.read_table(pa.BufferReader(content)).to_pylist()
    except (pa.ArrowException, OSError):
        path = Path(folder) / f"{split}.parquet"
        raise UserError(f"{path} is not a whole parquet file: delete it and rerun") from None


def split_digest(folder: Path | str, split: str) -> str:
    """Return the SHA-256 of a split that the manifest tells of, once the file has proved to be it.

    Raises:
        UserError: the file is missing, or not the one the manifest tells of.
    """
    _content(Path(folder), split, verify=True)
    return read_manifest(folder)["splits"][split]["sha256"]


def _content(folder: Path, split: str, verify: bool) -> bytes:
    path = folder / f"{split}.parquet"
    if not path.is_file():
        known = ", ".join(sorted(found.stem for found in folder.glob("*.parquet")))
        raise UserError(f"{path} does not exist; the folder has: {known or 'no split'}")
    content = path.read_bytes()
    if verify and (folder / MANIFEST).is_file():
        told = read_manifest(folder)["splits"].get(split, {}).get("sha256")
        if told != hashlib.sha256(content).hexdigest():
            raise UserError(f"{path} was changed after its manifest: delete the folder and rerun")
    return content


def limit_rows(rows: Sequence[Row], n: int | None, seed: int) -> list[Row]:
    """Return a seeded sample of `n` rows in their original order; all rows for None or many.

    Samples of one seed are nested: the 2,000 of a curve are among its 10,000.
    """
    if n is None or n >= len(rows):
        return list(rows)
    if n < 1:
        raise UserError(f"a limit of {n} rows leaves nothing: give at least 1")
    places = list(range(len(rows)))
    Random(seed).shuffle(places)
    return [rows[place] for place in sorted(places[:n])]
