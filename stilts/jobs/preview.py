"""Three rows of a task as a model reads them, what truncation cuts, and what audits found."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from stilts.errors import UserError
from stilts.files import plugins
from stilts.files.manifest import read_manifest
from stilts.models.family import read_tokenizer
from stilts.models.lengths import row_lengths
from stilts.models.tokens import Encoded, encode
from stilts.tasks.columns import KINDS
from stilts.tasks.make import TRAIN
from stilts.tasks.rows import limit_rows, read_split

SHOWN = 3
MEASURED = 2_000  # rows whose length is looked at, drawn once
WIDTH = 100  # columns of a terminal


def preview(spec: Mapping[str, Any], manifests: Sequence[str]) -> str:
    """Return the text of a preview.

    Args:
        spec: of `stilts.question.preview.preview_spec`.
        manifests: of the task's canonical rows, and of the model whose tokenizer reads them.

    Raises:
        UserError: no task is named, or it has no answers, so that no model is asked about it.
    """
    if "target" not in spec:
        known = ", ".join(spec["tasks"])
        raise UserError(f"preview: which task? --config task=<name>, one of {known}")
    data, model = (Path(file).parent for file in manifests)
    manifest, recipe = read_manifest(data), spec["recipe"]
    kind = plugins.load(KINDS, manifest["kind"], "kind", f"task '{spec['target']}'")
    if not hasattr(kind, "pairs"):
        raise UserError(f"task '{spec['target']}' is a {manifest['kind']}: it asks nothing")
    tokenizer = read_tokenizer(model)
    rows = limit_rows(read_split(data, TRAIN), MEASURED, seed=0)
    reading = (manifest["kind"], tokenizer, recipe["max_tokens"])
    encoded = encode(rows[:SHOWN], *reading, recipe["stride"], recipe["layout"])
    head = f"{manifest['title']}: {kind.TITLE}, as {spec['model']} reads it"
    lines = [head, f"data: {manifest.get('note') or 'as published'}", ""]
    for row in rows[:SHOWN]:
        lines += [*_shown(row, encoded, tokenizer, manifest), ""]
    whole = None if encoded.spans is not None else row_lengths(rows, *reading[:2])
    return "\n".join([*lines, *_lengths(whole, recipe["max_tokens"]), *_facts(manifest)])


def _shown(
    row: Mapping[str, Any], encoded: Encoded, tokenizer: Any, manifest: Mapping[str, Any]
) -> Iterator[str]:
    """Yield a row: its texts, its answer, and each of its sequences in tokens."""
    yield f"row {row['id']}"
    for name, value in row.items():
        if name in ("id", "label"):
            continue
        yield from _folded(name, " | ".join(map(str, value)) if _listed(value) else str(value))
    if "label" in row:
        labels = manifest.get("labels") or []
        value = row["label"]
        yield f"  label      {labels[value] if labels and value < len(labels) else value}"
    numbers = [place for place, name in enumerate(encoded.ids) if name == str(row["id"])]
    for sequence in (n * encoded.choices + k for n in numbers for k in range(encoded.choices)):
        start = encoded.offsets[sequence]
        ids = encoded.tokens[start : start + encoded.lengths[sequence]]
        yield from _folded("tokens", " ".join(tokenizer.convert_ids_to_tokens(ids.tolist())))


def _listed(value: Any) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str)


def _folded(name: str, text: str) -> list[str]:
    indent = " " * 13
    lines = textwrap.wrap(text, WIDTH, initial_indent=f"  {name:<11}", subsequent_indent=indent)
    return lines or [f"  {name}"]


def _lengths(longest: np.ndarray | None, limit: int) -> Iterator[str]:
    """Yield how long sequences are, and how many a limit cuts."""
    if longest is None:
        yield f"length: windows of {limit} tokens; nothing is cut"
        return
    rows = len(longest)
    cut = (longest > limit).mean()
    middle, most = np.median(longest), longest.max()
    yield f"length: {middle:.0f} tokens in the middle, {most} at most, of {rows:,} rows"
    yield f"max_tokens {limit} cuts {100 * cut:.1f} % of them"


def _facts(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield sizes, classes and what audits found."""
    for split, told in manifest["splits"].items():
        classes = told.get("classes") or {}
        total = max(sum(classes.values()), 1)
        shares = ", ".join(f"{name} {100 * count / total:.0f} %" for name, count in classes.items())
        yield f"{split}: {told['rows']:,} rows" + (f"; {shares}" if shares else "")
    for line in manifest.get("findings", ()):
        yield f"found: {line}"
