"""Pose a task in the miniature language, as canonical rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stilts.files import asked, plugins
from stilts.tasks.columns import canonical_rows
from stilts.tasks.make import facts, limited, short_enough, write_task

THEMES = "stilts.tasks.miniature.themes"


def make_task(spec: Mapping[str, Any], folder: Path | str) -> None:
    """Write the data of a task as its theme poses it in the miniature language.

    Args:
        spec: `task` (its fields), `miniature`: {theme, sizes: {split: rows}, seed}, `limits` and
            `seed` of the sample that they take, and `note`, what readers are told about such data.
        folder: where the data go.
    """
    task, made = spec["task"], spec["miniature"]
    place = f"task '{task['name']}'"
    theme = plugins.load(THEMES, made["theme"], "theme", place)
    raw = theme.make(dict(made["sizes"]), made["seed"])
    splits = {
        split: short_enough(task, split, canonical_rows(task, rows)) for split, rows in raw.items()
    }
    origin = {"from": "miniature", **made}
    note = spec.get("note") or "miniature language, not the paper's data"
    fields = {**facts(task), **asked.told(spec), "origin": origin, "note": note}
    write_task(folder, limited(splits, spec), fields)
