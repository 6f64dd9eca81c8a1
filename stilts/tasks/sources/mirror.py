"""Raw rows from a mirror: a folder laid out as the hub, which replaces it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stilts.errors import UserError
from stilts.files.strict_yaml import parse_yaml
from stilts.tasks.sources.files import record
from stilts.tasks.sources.formats import Row, read_parquet, read_text

_SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})(?:-[0-9a-f]+)?\.parquet")


def read_mirror(
    mirror: Path, name: str, config: str | None, split: str
) -> tuple[list[Row], dict[str, Any]]:
    """Return the rows of a split of a data set, and which files of the mirror they are from.

    Args:
        mirror: the folder.
        name: `<org>/<name>`, or a name alone.
        config: None takes the one that the data set's README calls the default.
        split: the data set's own name of it.

    Raises:
        UserError: the mirror lacks it, or it is damaged.
    """
    folder, config, card, paths = find_split(mirror, name, config, split)
    rows: list[Row] = []
    records = []
    for path in paths:
        found = read_parquet(path)
        rows += found
        records.append(record(path, path.relative_to(folder).as_posix(), found))
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


def find_split(
    mirror: Path, name: str, config: str | None, split: str
) -> tuple[Path, str, str, list[Path]]:
    """Return the folder of a data set, its config, its README's text, and a split's files.

    Arguments and errors as for `read_mirror`.
    """
    mirror = mirror.expanduser()
    folder, config, card, splits = find_splits(mirror, name, config)
    if split not in splits:
        raise UserError(f"{folder} ({config}) has no split '{split}'; it has: {_listed(splits)}")
    paths = list(
        dict.fromkeys(path for glob in splits[split] for path in _matches(mirror, folder, glob))
    )
    _demand_whole(paths)
    return folder, config, card, paths


def find_splits(
    mirror: Path, name: str, config: str | None
) -> tuple[Path, str, str, dict[str, list[str]]]:
    """Return the folder of a data set, its config, its README's text, and its splits' patterns.

    Arguments and errors as for `read_mirror`.
    """
    mirror = mirror.expanduser()
    if not mirror.is_dir():
        raise UserError(f"config key 'mirror': {mirror} is no folder: correct the path")
    folder = mirror / name
    if not folder.is_dir():
        known = sorted(str(found.relative_to(mirror)) for found in mirror.glob("*/*/"))
        raise UserError(f"mirror {mirror} has no data set '{name}'; it has: {_listed(known)}")
    readme = folder / "README.md"
    card = read_text(readme) if readme.is_file() else ""
    configs = _named_configs(card, readme)
    if config is None:
        default = [key for key, block in configs.items() if block.get("default")]
        config = default[0] if default else next(iter(configs)) if len(configs) == 1 else "default"
    splits = _named_splits(folder, configs, config)
    return folder, config, card, splits


def _named_configs(card: str, path: Path) -> dict[str, Mapping[str, Any]]:
    """Return the `configs` of a README's front matter by name; none without a front matter."""
    match = re.match(r"---\n(.*?)\n---", card, re.DOTALL)
    try:
        found = parse_yaml(match.group(1), str(path)) if match else {}
        blocks = (found or {}).get("configs") or []
        return {block.get("config_name", "default"): block for block in blocks}
    except AttributeError:
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


def _matches(mirror: Path, folder: Path, pattern: str) -> list[Path]:
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise UserError(f"{folder / 'README.md'}: '{pattern}' leaves the folder: correct the path")
    paths = sorted(path for path in folder.glob(pattern) if path.suffix == ".parquet")
    if not paths:
        raise UserError(f"{folder / pattern} does not exist: fetch it, or correct the README there")
    # A hub's cache links to its own blobs; nothing further away is read.
    for path in paths:
        if not path.resolve().is_relative_to(mirror.resolve()):
            raise UserError(f"{path} is a link out of {mirror}, which none follows: copy the file")
    return paths


def _demand_whole(paths: list[Path]) -> None:
    """Refuse a split that lacks some of its files, or has files of two times.

    Names say how many there are: `train-00000-of-00003.parquet`.
    """
    counts: dict[tuple[str, int], set[int]] = {}
    for path in paths:
        found = _SHARD.fullmatch(path.name)
        if found:
            stem = (path.parent / found[1]).as_posix()
            counts.setdefault((stem, int(found[3])), set()).add(int(found[2]))
    for (stem, count), there in counts.items():
        others = sorted(other for name, other in counts if name == stem and other != count)
        if others:
            raise UserError(
                f"{stem}-*: files of two times stand side by side, one of {count} and one of"
                f" {others[0]} files: remove those that are left over"
            )
        missing = sorted(set(range(count)) - there)
        if missing:
            raise UserError(
                f"{stem}-{missing[0]:05d}-of-{count:05d}.parquet does not exist: {len(missing)} of"
                f" {count} files of the split are missing: fetch it again"
            )


def _section(card: str, config: str) -> str:
    """Return what a README says under the heading of a config; all of it without such a heading."""
    match = re.search(rf"^## {re.escape(config)}\s*$(.*?)(?=^## |\Z)", card, re.DOTALL | re.M)
    return match.group(1) if match else card


def _listed(names: Any, most: int = 20) -> str:
    names = [str(name) for name in names]
    return (", ".join(names[:most]) + (", …" if len(names) > most else "")) or "nothing"
