"""Raw rows of a data set: from the hub, from a mirror folder, or from the reader's own files."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stilts.errors import UserError
from stilts.tasks.sources.files import read_files
from stilts.tasks.sources.formats import Row
from stilts.tasks.sources.hub import read_hub
from stilts.tasks.sources.mirror import read_mirror

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
        hub's revision, or the digest and row count of each file.

    Raises:
        UserError: something is missing, empty, unreadable or out of reach.
    """
    if "files" in source:
        rows, origin = read_files(source, split)
        place = origin["files"][0]["path"]
    else:
        name = _checked(source["hub"])
        config = _checked(source["config"]) if "config" in source else None
        there = _checked(source.get("splits", {}).get(split, split))
        if mirror:
            rows, origin = read_mirror(Path(mirror), name, config, there)
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
