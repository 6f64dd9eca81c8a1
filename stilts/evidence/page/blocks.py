"""Tables and figures as the page shows them: what is said once, what a number, in which order."""

import base64
import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stilts.evidence.numbers import are_numbers
from stilts.evidence.page.charts import interactive

CLAIMS = ("claims", "forest")  # kinds that open a study, whatever order it states
_PRINTED = re.compile("paper|printed", re.IGNORECASE)  # columns that no run is behind
ALWAYS = ("Registered",)  # claims that changed after the runs are never out of sight
LONG = 32  # letters from which a column is given room
STAMP = "scale"  # the last column of every csv: the page says it of the whole study


def table_block(spec: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Return what the page shows of a table.

    Args:
        spec: its block in the study's report.yaml.
        file: its csv; beside it `<stem>.runs.json`, see `tables.writer`.

    Returns:
        name, kind, title, caption, notes, files (suffix -> path), columns (name, whether its cells
        are numbers, are ours, are long, whether only readers who ask for all columns see it), rows,
        same (what all rows say, by column) and behind (folders of run files by row).
    """
    with file.open(newline="", encoding="utf-8") as stream:
        names, *rows = csv.reader(stream)
    same = _same(names, rows)
    kept = [place for place, name in enumerate(names) if name not in same and name != STAMP]
    main = spec.get("columns", names)
    columns = [
        {
            "name": names[place],
            "number": are_numbers(row[place] for row in rows),
            "ours": not (_PRINTED.search(names[place]) or names[place] in spec.get("sources", ())),
            "long": max((len(row[place]) for row in rows), default=0) > LONG,
            "more": names[place] not in (*main, *ALWAYS),
        }
        for place in kept
    ]
    behind = json.loads(file.with_suffix(".runs.json").read_text(encoding="utf-8"))
    return {
        **_named(spec, file, ("csv", "md", "tex")),
        "part": "table",
        "notes": spec.get("notes", []),
        "columns": columns,
        "rows": [[row[place] for place in kept] for row in rows],
        "same": same,
        "behind": behind,
    }


def figure_block(spec: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Return what the page shows of a figure: as for a table, its `png` in base64, its `chart`."""
    return {
        **_named(spec, file, ("png", "pdf", "csv")),
        "part": "figure",
        "png": base64.b64encode(file.read_bytes()).decode(),
        "chart": interactive(spec, file),
    }


def in_order(blocks: Iterable[Mapping[str, Any]], order: Sequence[str]) -> list[dict[str, Any]]:
    """Return blocks as a reader wants them: the claims, what `order` names, then the rest."""
    places = {name: place for place, name in enumerate(order)}

    def key(block: Mapping[str, Any]) -> tuple[bool, int]:
        return block["kind"] not in CLAIMS, places.get(block["name"], len(places))

    return sorted(map(dict, blocks), key=key)


def verdicts(blocks: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many claims hold, do not hold or cannot be told, without "in the miniature"."""
    counts: Counter[str] = Counter()
    for block in blocks:
        if block["kind"] == "claims":
            names = [column["name"] for column in block["columns"]]
            said = block["same"].get("Verdict")
            place = None if said else names.index("Verdict")
            counts.update((said or row[place]).partition(",")[0] for row in block["rows"])
    return dict(counts.most_common())


def _named(spec: Mapping[str, Any], file: Path, suffixes: Iterable[str]) -> dict[str, Any]:
    below = f"{file.parent.parent.name}/{file.parent.name}"
    return {
        "name": file.stem,
        "kind": spec["kind"],
        "title": spec["title"],
        "caption": spec.get("caption", ""),
        "files": {suffix: f"{below}/{file.stem}.{suffix}" for suffix in suffixes},
    }


def _same(names: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return the columns that say the same in each of several rows, but the stamp."""
    if len(rows) < 2:
        return {}
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    columns.pop(STAMP, None)
    return {name: cells[0] for name, cells in columns.items() if len(set(cells)) == 1}
