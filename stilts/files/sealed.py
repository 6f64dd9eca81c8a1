"""Files of tensors and a record that carry their own digest and the key they were written under."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from stilts.files.manifest import atomic_path

ERRORS = (OSError, SafetensorError, ValueError)  # what `write` and `read` may raise


def write(path: Path, key: str, tensors: Mapping[str, Tensor], record: Mapping[str, Any]) -> None:
    """Write contiguous CPU tensors and a JSON-like record, whole or not at all."""
    text = json.dumps({"key": key, **record})
    # One entry only: safetensors writes several in any order, and the bytes are to be the same.
    seal = json.dumps({"record": text, "sha256": _digest(tensors, text)})
    with atomic_path(path) as temporary:
        save_file(dict(tensors), temporary, {"seal": seal})


def read(path: Path, key: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the tensors, mapped into memory, and the record of a file.

    Raises:
        ValueError: the file is damaged, or was written under another key.
        OSError, SafetensorError: it cannot be read.
    """
    with safe_open(path, framework="pt") as file:
        seal = json.loads((file.metadata() or {}).get("seal", "{}"))
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    text = seal.get("record", "")
    if seal.get("sha256") != _digest(tensors, text):
        raise ValueError("its content does not match its digest")
    record = json.loads(text)
    if record["key"] != key:
        raise ValueError("it belongs to something else")
    return tensors, record


def _digest(tensors: Mapping[str, Tensor], record: str) -> str:
    digest = hashlib.sha256(record.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).numpy())
    return digest.hexdigest()
