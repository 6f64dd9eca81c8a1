"""Data of a task on disk: canonical rows as parquet, and a manifest that is written last."""

import hashlib
import importlib
import inspect
import io
import pkgutil
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from stilts.errors import UserError, unknown
from stilts.files.manifest import MANIFEST, read_manifest, write_atomic, write_manifest
from stilts.tasks.audit import audit, overlap
from stilts.tasks.columns import Row, canonical_rows
from stilts.tasks.sources.read import MissingFile, read_source

SPLITS = ("train", "validation")
_TEXTS = pa.list_(pa.string())
SCHEMAS = {
    "classification": pa.schema(
        {"id": pa.string(), "first": _TEXTS, "second": _TEXTS, "label": pa.int64()}
    ),
    "multiple_choice": pa.schema(
        {
            "id": pa.string(),
            "first": _TEXTS,
            "prefix": pa.string(),
            "options": _TEXTS,
            "suffix": pa.string(),
            "label": pa.int64(),
        }
    ),
    "corpus": pa.schema({"id": pa.string(), "text": pa.string()}),
}


def fetch_task(spec: Mapping[str, Any], folder: Path | str) -> None:
    """Write the data of a task that is read from the hub, a mirror or files.

    Args:
        spec: `task` (its fields), `limits` (split -> rows or None), `seed`, `mirror`.
        folder: where the data go.

    Raises:
        UserError: something is missing or wrong in the source, in one line.
    """
    task = spec["task"]
    splits, origin = {}, {}
    for split in SPLITS:
        try:
            raw, origin[split] = read_source(task["source"], split, mirror=spec.get("mirror"))
        except MissingFile as error:
            advice = f"; {task['restricted']}" if task["restricted"] else ""
            raise UserError(f"{error}{advice}") from None
        splits[split] = canonical_rows(task, raw)
    sizes = {split: len(rows) for split, rows in splits.items()}
    limited = _limited(splits, spec)
    write_task(
        folder,
        limited,
        {
            **_facts(task),
            "origin": origin,
            "size_check": _check_sizes(task, sizes),
            "note": _stand_in_note(origin),
        },
    )


def make_task(spec: Mapping[str, Any], folder: Path | str) -> None:
    """Write the data of a task as its theme poses it in the miniature language.

    Args:
        spec: `task` (its fields), `miniature`: {theme, sizes: {split: rows}, seed}, and `note`,
            what readers are told about such data.
        folder: where the data go.
    """
    task, made = spec["task"], spec["miniature"]
    place = f"task '{task['name']}'"
    theme = _module("stilts.tasks.miniature.themes", made["theme"], "theme", place)
    raw = theme.make(dict(made["sizes"]), made["seed"])
    splits = {split: canonical_rows(task, rows) for split, rows in raw.items()}
    origin = {"from": "miniature", **made}
    note = spec.get("note") or "miniature language, not the paper's data"
    write_task(folder, splits, {**_facts(task), "origin": origin, "note": note})


def derive_task(
    spec: Mapping[str, Any],
    parent_folder: Path | str,
    folder: Path | str,
    *,
    sample: Callable[..., list[list[str]]] | None = None,
) -> None:
    """Write the data of a task that a generator makes from its parent's.

    Args:
        spec: `task` (its fields), `limits`, `seed`, `settings` of the generator, and `origins`,
            which says where each of them comes from.
        parent_folder: the parent's data.
        folder: where the data go.
        sample: draws endings for prompts, for generators that need a language model: those that
            have `compose` in place of `derive`.

    Raises:
        UserError: an unknown generator or setting.
    """
    task, parent = spec["task"], read_manifest(parent_folder)
    place = f"task '{task['name']}'"
    generator = _module("stilts.tasks.generators", task["derive"]["generator"], "generator", place)
    settings = {"seed": spec["seed"], **spec.get("settings", {})}
    if sample is not None:
        settings = _known(generator.compose, settings, place)
        texts = [row["text"] for row in read_split(parent_folder, "train")]
        splits = generator.compose(texts, sample, **settings)
    else:
        settings = _known(generator.derive, settings, place)
        rows = {split: read_split(parent_folder, split) for split in SPLITS}
        splits = {split: generator.derive(rows[split], **settings) for split in SPLITS}
    origin = {
        "from": "derived",
        **task["derive"],
        "settings": settings,
        "settings_from": dict(spec.get("origins", {})),
        "parent_sha256": {split: parent["splits"][split]["sha256"] for split in SPLITS},
        "parent_origin": parent["origin"],
    }
    fields = {**_facts(task), "origin": origin, "note": parent["note"]}
    write_task(folder, _limited(splits, spec), fields)


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


def write_task(
    folder: Path | str, splits: Mapping[str, Sequence[Row]], fields: Mapping[str, Any]
) -> None:
    """Write canonical rows and then the manifest, which adds what can be counted from them.

    Args:
        folder: gets `<split>.parquet` (the same rows give the same bytes) and `manifest.json`.
        splits: rows by split.
        fields: of the manifest; `task`, `kind` and `labels` at least.

    Raises:
        UserError: a split without rows.
    """
    folder = Path(folder)
    # An older manifest would vouch for files that are about to change.
    (folder / MANIFEST).unlink(missing_ok=True)
    records, audits = {}, {}
    for split, rows in splits.items():
        if not rows:
            raise UserError(f"task '{fields['task']}': split '{split}' has no rows left")
        content = _parquet_bytes(rows, fields["kind"])
        write_atomic(folder / f"{split}.parquet", content)
        counts = Counter(row.get("label") for row in rows)
        records[split] = {
            "rows": len(rows),
            "sha256": hashlib.sha256(content).hexdigest(),
            "classes": {name: counts[place] for place, name in enumerate(fields["labels"])},
        }
        audits[split] = audit(rows)
    if set(SPLITS) <= set(splits):
        audits["validation"]["also_in_train"] = overlap(splits["validation"], splits["train"])
    write_manifest(folder, {"size_check": {}, **fields, "splits": records, "audit": audits})


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


def _parquet_bytes(rows: Sequence[Row], kind: str) -> bytes:
    stream = io.BytesIO()
    table = pa.Table.from_pylist(list(rows), schema=SCHEMAS[kind])
    pq.write_table(table, stream, compression="zstd")
    return stream.getvalue()


def _facts(task: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "task": task["name"],
        "title": task["title"],
        "kind": task["kind"],
        "labels": list(task["labels"]),
        "metric": task["metric"],
        "published_sizes": dict(task["sizes"]),
    }


def _limited(splits: Mapping[str, Sequence[Row]], spec: Mapping[str, Any]) -> dict[str, list[Row]]:
    limits = spec.get("limits") or {}
    return {
        split: limit_rows(rows, limits.get(split), spec["seed"]) for split, rows in splits.items()
    }


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


def _module(package: str, name: str, what: str, place: str) -> ModuleType:
    """Import the module of a theme or generator, which tasks name in the catalogue."""
    known = [
        found.name for found in pkgutil.iter_modules(importlib.import_module(package).__path__)
    ]
    if name not in known:
        raise unknown(what, name, known, place)
    return importlib.import_module(f"{package}.{name}")


def _known(call: Callable[..., Any], settings: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return the settings a generator takes; `seed` is offered to all, anything else must fit."""
    parameters = inspect.signature(call).parameters.values()
    names = {each.name for each in parameters if each.kind is each.KEYWORD_ONLY}
    open_ended = any(each.kind is each.VAR_KEYWORD for each in parameters)
    for key in settings:
        if key not in names and key != "seed" and not open_ended:
            raise unknown("setting", key, names, place)
    return {key: value for key, value in settings.items() if open_ended or key in names}
