"""Raw rows of a data set: from the hub, from a mirror folder, or from the reader's own files."""

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from stilts.errors import UserError
from stilts.files.manifest import sha256_of
from stilts.tasks.sources.hub import read_hub

Row = dict[str, Any]
_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")


class MissingFile(UserError):
    """A data file of the reader that is not there."""


def read_source(
    source: Mapping[str, Any], split: str, *, mirror: str | None = None
) -> tuple[list[Row], dict[str, Any]]:
    """Read one split of a task's source.

    Args:
        source: the `source` field of a task: `hub` or `files`, see `catalogue/tasks.yaml`.
        split: the project's name of the split, such as `validation`.
        mirror: a folder `<org>/<name>/<config>/<split>-*.parquet` that replaces the hub; nothing
            touches the network then.

    Returns:
        The rows (column -> value, in the order of the source) and where they came from: the
        hub's revision, or the digest and row count of each file.

    Raises:
        UserError: something is missing, empty, unreadable or out of reach.
    """
    if "files" in source:
        rows, origin = _read_files(source["files"], split)
        place = origin["files"][0]["path"]
    else:
        name = _checked(source["hub"])
        config = _checked(source["config"]) if "config" in source else None
        there = _checked(source.get("splits", {}).get(split, split))
        if mirror:
            rows, origin = _read_mirror(Path(mirror), name, config, there)
        else:
            rows, origin = read_hub(name, config, there, source.get("revision"))
        place = f"split '{there}' of data set '{name}'" + (f" ({config})" if config else "")
    if not rows:
        raise UserError(f"{place} holds no rows: check the source of the task")
    return rows, origin


def _checked(name: Any) -> str:
    """Return a name that is about to become part of a path, or refuse it."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or ".." in name:
        raise UserError(f"'{name}' cannot name a data set, config or split: write org/name or name")
    return name


# The reader's own files


def _read_files(files: Mapping[str, str], split: str) -> tuple[list[Row], dict[str, Any]]:
    if split not in files:
        raise UserError(f"split '{split}' has no file; 'files' names: {', '.join(files)}")
    path = Path(files[split])
    reader = READERS.get(path.suffix)
    if reader is None:
        raise UserError(f"{path}: unknown ending '{path.suffix}'; allowed: {', '.join(READERS)}")
    if not path.is_file():
        raise MissingFile(f"{path} does not exist: put it there, or change 'files' of the task")
    rows = reader(path)
    return rows, {"from": "files", "files": [_record(path, files[split], rows)]}


def _record(path: Path, name: str, rows: list[Row]) -> dict[str, Any]:
    return {"path": name, "sha256": sha256_of(path), "rows": len(rows)}


def _read_parquet(path: Path) -> list[Row]:
    try:
        # One file at a time: read_table would take columns from folder names such as a=b.
        with pq.ParquetFile(path) as file:
            return file.read().to_pylist()
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise UserError(f"{path} is not a whole parquet file ({reason}): fetch it again") from None


def _read_jsonl(path: Path) -> list[Row]:
    rows = []
    for number, line in enumerate(_text(path).split("\n"), start=1):
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
    reader = csv.reader(io.StringIO(_text(path)), strict=True, **dialect)
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


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text (byte {error.start}): convert it") from None


READERS: Mapping[str, Callable[[Path], list[Row]]] = {
    ".csv": _read_csv,
    ".tsv": _read_tsv,
    ".jsonl": _read_jsonl,
    ".parquet": _read_parquet,
}


# A mirror of the hub


def _read_mirror(
    mirror: Path, name: str, config: str | None, split: str
) -> tuple[list[Row], dict[str, Any]]:
    folder = mirror / name
    if not folder.is_dir():
        known = sorted(str(found.relative_to(mirror)) for found in mirror.glob("*/*/"))
        raise UserError(f"mirror {mirror} has no data set '{name}'; it has: {_listed(known)}")
    readme = folder / "README.md"
    card = _text(readme) if readme.is_file() else ""
    configs = _named_configs(card, readme)
    if config is None:
        default = [key for key, block in configs.items() if block.get("default")]
        config = default[0] if default else next(iter(configs)) if len(configs) == 1 else "default"
    splits = _named_splits(folder, configs, config)
    if split not in splits:
        raise UserError(f"{folder} ({config}) has no split '{split}'; it has: {_listed(splits)}")
    paths = list(dict.fromkeys(path for glob in splits[split] for path in _matches(folder, glob)))
    rows: list[Row] = []
    records = []
    for path in paths:
        found = _read_parquet(path)
        rows += found
        records.append(_record(path, path.relative_to(folder).as_posix(), found))
    section = _section(card, config)
    note = re.search(r"^- note: *(.*)$", section, re.MULTILINE)
    return rows, {
        "from": "mirror",
        "dataset": name,
        "config": config,
        "split": split,
        "files": records,
        "stand_in": "stand-in" in section.lower() or paths[0].parent.name.endswith("-standin"),
        "subset": re.search(r"\bsubset\b", section, re.IGNORECASE) is not None,
        "note": note.group(1) if note else "",
    }


def _named_configs(card: str, path: Path) -> dict[str, Mapping[str, Any]]:
    """Return the `configs` of a README's front matter by name; none without a front matter."""
    match = re.match(r"---\n(.*?)\n---", card, re.DOTALL)
    try:
        found = yaml.safe_load(match.group(1)) if match else {}
        blocks = (found or {}).get("configs") or []
        return {block.get("config_name", "default"): block for block in blocks}
    except (yaml.YAMLError, AttributeError):
        raise UserError(f"{path}: the front matter is not a card of the hub: remove it") from None


def _named_splits(folder: Path, configs: Mapping[str, Any], config: str) -> dict[str, list[str]]:
    """Return patterns of files by split: what the README's configs say, or the plain layout."""
    if not configs:
        if not (folder / config).is_dir():
            known = sorted(found.name for found in folder.iterdir() if found.is_dir())
            raise UserError(f"{folder} has no config '{config}'; it has: {_listed(known)}")
        shards = (folder / config).glob("*-*.parquet")
        splits = sorted({shard.name.split("-")[0] for shard in shards})
        return {split: [f"{config}/{split}-*.parquet"] for split in splits}
    if config not in configs:
        raise UserError(f"{folder} has no config '{config}'; it has: {_listed(configs)}")
    entries = configs[config].get("data_files") or []
    patterns: dict[str, list[str]] = {}
    for entry in entries if isinstance(entries, list) else [entries]:
        # As on the hub, files that name no split are the training split.
        block = entry if isinstance(entry, dict) else {"path": entry}
        paths = block.get("path", [])
        patterns.setdefault(block.get("split", "train"), []).extend(
            paths if isinstance(paths, list) else [paths]
        )
    return patterns


def _matches(folder: Path, pattern: str) -> list[Path]:
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise UserError(f"{folder / 'README.md'}: '{pattern}' leaves the folder: correct the path")
    paths = sorted(path for path in folder.glob(pattern) if path.suffix == ".parquet")
    if not paths:
        raise UserError(f"{folder / pattern} does not exist: fetch it, or correct the README there")
    return paths


def _section(card: str, config: str) -> str:
    """Return what a README says under the heading of a config; all of it without such a heading."""
    match = re.search(rf"^## {re.escape(config)}\s*$(.*?)(?=^## |\Z)", card, re.DOTALL | re.M)
    return match.group(1) if match else card


def _listed(names: Any, most: int = 20) -> str:
    names = [str(name) for name in names]
    return (", ".join(names[:most]) + (", …" if len(names) > most else "")) or "nothing"
