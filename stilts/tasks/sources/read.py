"""Raw rows of a data set: from the hub, from a mirror folder, or from the reader's own files."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stilts.errors import UserError
from stilts.tasks.sources.divide import base_split, part, shares
from stilts.tasks.sources.files import read_files
from stilts.tasks.sources.formats import Row
from stilts.tasks.sources.hub import read_hub
from stilts.tasks.sources.mirror import find_split, find_splits, read_mirror

_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?")


def read_source(
    source: Mapping[str, Any], split: str, *, mirror: str | None = None
) -> tuple[list[Row], dict[str, Any]]:
    """Read one split of a task's source.

    Args:
        source: the `source` field of a task: `hub` or `files`, see `catalogue/README.md`.
        split: the project's name of the split, such as `validation`.
        mirror: a folder `<org>/<name>/<config>/<split>-*.parquet` that replaces the hub; nothing
            touches the network then.

    Returns:
        The rows (column -> value, in the order of the source) and where they came from: the
        hub's revision, or the digest and row count of each file. With `divide`, part of them, see
        `stilts.tasks.sources.divide`.

    Raises:
        UserError: something is missing, empty, unreadable or out of reach.
    """
    base = base_split(source, split)
    if "files" in source:
        rows, origin = read_files(source, base)
        place = origin["files"][0]["path"]
    else:
        name = _checked(source["hub"])
        config = _checked(source["config"]) if "config" in source else None
        there = _checked(source.get("splits", {}).get(base, base))
        if mirror:
            rows, origin = read_mirror(Path(mirror), name, config, there)
        else:
            rows, origin = read_hub(name, config, there, source.get("revision"))
        place = f"split '{there}' of data set '{name}'" + (f" ({config})" if config else "")
    if not rows:
        raise UserError(f"{place} holds no rows: check the source of the task")
    rows, told = part(rows, source, split)
    return rows, origin | told


def source_files(
    source: Mapping[str, Any], splits: Sequence[str], mirror: str | None
) -> list[Path]:
    """Return the files that splits of a source are read from; none for the hub itself.

    Raises:
        UserError: a mirror lacks them.
    """
    splits = list(dict.fromkeys(base_split(source, split) for split in splits))
    if "files" in source:
        named = (source["files"].get(split, ()) for split in splits)
        return [
            Path(path) for some in named for path in ([some] if isinstance(some, str) else some)
        ]
    if not mirror:
        return []
    found: list[Path] = []
    for split in splits:
        there = _checked(source.get("splits", {}).get(split, split))
        config = _checked(source["config"]) if "config" in source else None
        folder, _, card, paths = find_split(Path(mirror), _checked(source["hub"]), config, there)
        found += [*([folder / "README.md"] if card else []), *paths]
    return list(dict.fromkeys(found))


def splits_there(source: Mapping[str, Any], mirror: str | None) -> list[str] | None:
    """Return the splits that a source has, as the project names them.

    None for the hub itself, and for a mirror in which the data set cannot be read: the job that
    reads it says what is wrong.
    """
    if "files" in source:
        return [*source["files"], *shares(source)]
    if not mirror:
        return None
    try:
        config = _checked(source["config"]) if "config" in source else None
        there = find_splits(Path(mirror), _checked(source["hub"]), config)[-1]
    except UserError:
        return None
    ours = source.get("splits", {})
    own = [*(name for name in ours if ours[name] in there), *(n for n in there if n not in ours)]
    return list(dict.fromkeys([*own, *shares(source)]))


def _checked(name: Any) -> str:
    """Return a name that is about to become part of a path, or refuse it."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or ".." in name:
        raise UserError(f"'{name}' cannot name a data set, config or split: write org/name or name")
    return name
