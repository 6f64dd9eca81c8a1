"""Fetch a task from the hub, a mirror or files, as canonical rows."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stilts.errors import UserError
from stilts.files import asked
from stilts.tasks.columns import canonical_rows, is_dropped
from stilts.tasks.make import facts, limited, short_enough, splits_of, write_task
from stilts.tasks.sources.files import MissingFile
from stilts.tasks.sources.read import read_source

NAMED = 20  # rows that are dropped and named by their position; more are only counted


def fetch_task(spec: Mapping[str, Any], folder: Path | str) -> None:
    """Write the data of a task that is read from the hub, a mirror or files.

    Args:
        spec: `task` (its fields), `limits` (split -> rows or None), `seed`, `mirror`.
        folder: where the data go.

    Raises:
        UserError: something is missing or wrong in the source, in one line.
    """
    task = spec["task"]
    splits, origin, sizes = {}, {}, {}
    for split in splits_of(task):
        try:
            raw, origin[split] = read_source(task["source"], split, mirror=spec.get("mirror"))
        except MissingFile as error:
            advice = f"; {task['restricted']}" if task["restricted"] else ""
            raise UserError(f"{error}{advice}") from None
        rows = canonical_rows(task, raw)
        splits[split], sizes[split] = short_enough(task, split, rows), len(rows)
        origin[split]["left_out"] = len(rows) - len(splits[split])
        dropped = [place for place, row in enumerate(raw) if is_dropped(task, row)]
        origin[split]["dropped"] = len(dropped)
        if dropped:
            origin[split]["dropped_rows"] = dropped[:NAMED]
    write_task(
        folder,
        limited(splits, spec),
        {
            **facts(task),
            **asked.told(spec),
            "origin": origin,
            "size_check": _check_sizes(task, sizes),
            "note": _stand_in_note(origin),
        },
    )


def _check_sizes(task: Mapping[str, Any], found: Mapping[str, int]) -> dict[str, Any]:
    """Compare sizes with the published ones; a difference is told on stderr, not refused."""
    checks = {
        split: {"published": size, "found": found[split], "equal": size == found[split]}
        for split, size in task["sizes"].items()
        if split in found
    }
    wrong = [
        f"{split} has {check['found']} rows, published are {check['published']}"
        for split, check in checks.items()
        if not check["equal"]
    ]
    if wrong:
        print(f"warning: task '{task['name']}': {'; '.join(wrong)}", file=sys.stderr)
    return checks


def _stand_in_note(origin: Mapping[str, Mapping[str, Any]]) -> str:
    notes = []
    for told in origin.values():
        if told.get("stand_in") or told.get("subset"):
            kind = "stand-in" if told["stand_in"] else "subset"
            notes.append(f"{kind}: {re.sub(rf'^{kind}[:,]? *', '', told['note'], flags=re.I)}")
    return " · ".join(dict.fromkeys(notes))
