"""A task's data come to be: canonical rows as parquet, and a manifest that is written last."""

import hashlib
import io
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stilts.errors import UserError
from stilts.files import plugins
from stilts.files.manifest import MANIFEST, write_atomic, write_manifest
from stilts.tasks.audit import audit, overlap
from stilts.tasks.baselines import baselines
from stilts.tasks.columns import KINDS, Row
from stilts.tasks.findings import findings
from stilts.tasks.rows import limit_rows
from stilts.tasks.scoring import metric

TRAIN = "train"
TYPES = {
    "string": pa.string(),
    "list<string>": pa.list_(pa.string()),
    "int64": pa.int64(),
    "list<int64>": pa.list_(pa.int64()),
    "float64": pa.float64(),
}


def splits_of(task: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the splits to make of a task: `train`, and those that it is scored on."""
    return (TRAIN, *task["scored"])


def write_task(
    folder: Path | str,
    splits: Mapping[str, Sequence[Row]],
    fields: Mapping[str, Any],
    count: Callable[[Sequence[Row]], Mapping[str, Any]] = lambda rows: {},
) -> None:
    """Write canonical rows and then the manifest, which adds what can be counted from them.

    Args:
        folder: gets `<split>.parquet` (the same rows give the same bytes) and `manifest.json`.
        splits: rows by split.
        fields: of the manifest; `task`, `kind` and `labels` at least; with a `metric`, and classes
            or questions on a text, the trivial baselines are scored too.
        count: what else to count of the rows of each split, for its audit.

    Raises:
        UserError: a split without rows.
    """
    folder = Path(folder)
    # An older manifest would vouch for files that are about to change.
    (folder / MANIFEST).unlink(missing_ok=True)
    place = f"task '{fields['task']}'"
    kind = plugins.load(KINDS, fields["kind"], "kind", place)
    records, audits = {}, {}
    for split, rows in splits.items():
        if not rows:
            raise UserError(f"{place}: split '{split}' has no rows left")
        content = _parquet_bytes(rows, kind.columns(fields))
        write_atomic(folder / f"{split}.parquet", content)
        counts = Counter(row.get("label") for row in rows)
        records[split] = {
            "rows": len(rows),
            "sha256": hashlib.sha256(content).hexdigest(),
            "classes": {name: counts[place] for place, name in enumerate(fields["labels"])},
        }
        audits[split] = {**audit(rows, kind), **count(rows)}
    for split in splits.keys() - {TRAIN} if TRAIN in splits else ():
        audits[split]["also_in_train"] = overlap(splits[split], splits[TRAIN], kind)
        if "metric" in fields and (fields["labels"] or hasattr(kind, "silence")):
            score = metric(fields["metric"], place).score
            audits[split]["baselines"] = baselines(splits[TRAIN], splits[split], kind, score)
    manifest = {"size_check": {}, **fields, "splits": records, "audit": audits}
    manifest["findings"] = findings(audits)
    for line in manifest["findings"]:
        print(f"warning: {place}, {line}", file=sys.stderr)
    write_manifest(folder, manifest)


def _parquet_bytes(rows: Sequence[Row], columns: Mapping[str, str]) -> bytes:
    stream = io.BytesIO()
    schema = pa.schema([(name, TYPES[kind]) for name, kind in columns.items()])
    table = pa.Table.from_pylist(list(rows), schema=schema)
    pq.write_table(table, stream, compression="zstd")
    return stream.getvalue()


def facts(task: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a manifest tells of the task itself."""
    numbers = {"range": list(task["range"])} if task.get("range") else {}
    return {
        **numbers,
        "task": task["name"],
        "title": task["title"],
        "kind": task["kind"],
        "labels": list(task["labels"]),
        "metric": task["metric"],
        "published_sizes": dict(task["sizes"]),
    }


def short_enough(task: Mapping[str, Any], split: str, rows: list[Row]) -> list[Row]:
    """Return the rows whose longest sequence has no more words than the task's `longest` allows.

    Words stand between spaces; a sequence is text A and text B, of each option one.
    """
    most = task.get("longest", {}).get(split)
    if most is None or not rows:
        return rows
    kind = plugins.load(KINDS, task["kind"], "kind", f"task '{task['name']}'")
    sides = zip(*kind.pairs(rows), strict=True)
    words = [sum(len(text.split()) for text in (*first, *second)) for first, second in sides]
    each = len(words) // len(rows)
    return [row for n, row in enumerate(rows) if max(words[n * each : (n + 1) * each]) <= most]


def limited(splits: Mapping[str, Sequence[Row]], spec: Mapping[str, Any]) -> dict[str, list[Row]]:
    """Return the splits, each capped by a seeded sample where the spec has a limit for it."""
    limits = spec.get("limits") or {}
    return {
        split: limit_rows(rows, limits.get(split), spec["seed"]) for split, rows in splits.items()
    }
