"""Token ids of a split, worked out once per task and tokenizer and read from disk from then on."""

import contextlib
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from stilts.files import plugins, sealed
from stilts.files.fingerprint import fingerprint
from stilts.files.manifest import digest_of
from stilts.files.store import Store
from stilts.models.sources import TEMPLATE
from stilts.models.tokens import Encoded, encode
from stilts.models.windows import Question
from stilts.tasks.columns import KINDS
from stilts.tasks.rows import limit_rows, read_split, split_digest

RECORD = ("ids", "choices", "padding")
ARRAYS = ("tokens", "types", "lengths", "labels", "offsets", "spans")

log = logging.getLogger(__name__)


def encoded_split(
    data: Path,
    split: str,
    kind: str,
    tokenizer: Any,
    max_tokens: int,
    *,
    stride: int = 0,
    layout: str = TEMPLATE,
    size: int | None = None,
    seed: int = 0,
    store: Store,
) -> Encoded:
    """Return a split of the task in the folder `data` as `stilts.models.tokens.encode` gives it.

    Its arrays are mapped into memory: jobs on one machine share them. What a tokenizer written in
    Python gives is not kept, as its rules cannot be told from outside.

    Args:
        data: the folder of the task's canonical rows and manifest.
        split: `train` or `validation`.
        kind: as for `encode`.
        tokenizer: as for `encode`; every setting of it that matters is part of the key.
        max_tokens: as for `encode`.
        stride: as for `encode`.
        layout: as for `encode`.
        size: a sample of so many rows; None takes all.
        seed: of the sample.
        store: holds encoded splits.

    Raises:
        UserError: a file of the task is missing or damaged.
        ValueError: see `encode`.
    """

    def encode_rows() -> Encoded:
        rows = limit_rows(read_split(data, split), size, seed)
        return encode(rows, kind, tokenizer, max_tokens, stride, layout)

    if not tokenizer.is_fast:
        return encode_rows()
    posed = plugins.load(KINDS, kind, "kind", str(data))
    read = [part for part in ("pairs", "spans", "kept", "choices") if hasattr(posed, part)]
    entries = [f"{KINDS}.{kind}:{part}" for part in read]
    key = digest_of(
        {
            **({"stride": stride} if "spans" in read else {}),
            **({"layout": layout} if "kept" in read else {}),
            "rows": split_digest(data, split),
            "sample": [size, seed] if size else None,
            "kind": kind,
            "tokenizer": _rules(tokenizer),
            "max_tokens": max_tokens,
            "code": fingerprint("stilts.models.tokens", *entries),
        }
    )
    path = store.encoding(key)
    if path.is_file():
        try:
            return _read(path, key)
        except sealed.ERRORS as error:
            log.warning("stored tokens ignored: %s: %s", path, error)
    encoded = encode_rows()
    try:
        _write(path, key, encoded)
    except sealed.ERRORS as error:
        log.warning("tokens not stored: %s: %s", path, error)
    return encoded


def _rules(tokenizer: Any) -> dict[str, Any]:
    """Return all that decides how text becomes ids, without what the last call has left behind."""
    rules = json.loads(tokenizer.backend_tokenizer.to_str())
    last_call = {"truncation": None, "padding": None}
    inputs = {"separator": tokenizer.sep_token, "inputs": tokenizer.model_input_names}
    return {"rules": rules | last_call, "side": tokenizer.truncation_side, **inputs}


def _write(path: Path, key: str, encoded: Encoded) -> None:
    arrays = {name: getattr(encoded, name) for name in ARRAYS}
    tensors = {name: torch.from_numpy(a) for name, a in arrays.items() if a is not None}
    record = {name: getattr(encoded, name) for name in RECORD}
    sealed.write(path, key, tensors, record | _told(encoded.questions))


def _told(questions: Sequence[Question]) -> dict[str, Any]:
    """Return questions as a record, each context once: many have the same."""
    contexts = list(dict.fromkeys(question.context for question in questions))
    places = {context: place for place, context in enumerate(contexts)}
    asked = [(places[question.context], *question[1:]) for question in questions]
    return {"contexts": contexts, "questions": asked}


def _read(path: Path, key: str) -> Encoded:
    tensors, record = sealed.read(path, key)
    with contextlib.suppress(OSError):
        os.utime(path)  # `prune` spares what was read of late
    arrays = {name: tensors[name].numpy() if name in tensors else None for name in ARRAYS}
    told = {name: record[name] for name in RECORD}
    contexts = record["contexts"]
    questions = (
        Question(contexts[place], *map(tuple, rest)) for place, *rest in record["questions"]
    )
    return Encoded(**arrays, **told | {"ids": tuple(record["ids"])}, questions=tuple(questions))
