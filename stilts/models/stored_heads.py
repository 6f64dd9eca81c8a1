"""The heads of a checkpoint's folder: what each is, and its numbers.

A checkpoint with one head of transformers' own is saved in that class's own form. One with several
heads, or with a head of our own, keeps the encoder alone in `model.safetensors`, and the heads in
`heads.safetensors` beside it.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from stilts.models.checkpoint import WEIGHTS

HEADS = "heads.safetensors"
TASK = "finetuning_task"  # the config field that names the task a saved head was trained on


class StoredHead(NamedTuple):
    """A head as it lies in a folder: its plug-in's name, and its parameters by their names."""

    head: str
    tensors: dict[str, Tensor]


def read_heads(folder: Path | str) -> dict[str, StoredHead]:
    """Return the heads of a checkpoint's folder by name, those of unknown tasks left out."""
    folder = Path(folder)
    if (folder / HEADS).is_file():
        return _read_several(folder / HEADS)
    named = _single(json.loads((folder / "config.json").read_text()))
    if named is None:
        return {}
    name, head = named
    body = _body(folder)
    outside = {key for key in _keys(folder) if not key.startswith(body)}
    return {name: StoredHead(head, _read(folder, outside))}


def has_pooler(folder: Path | str) -> bool:
    """Return whether a checkpoint's encoder has a pooler."""
    body = "" if (Path(folder) / HEADS).is_file() else _body(Path(folder))
    return any(key.removeprefix(body).startswith("pooler.") for key in _keys(Path(folder)))


def _single(config: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return name and plug-in of the one head that is saved in transformers' own form."""
    architecture = (config.get("architectures") or [""])[0] or ""
    if architecture.endswith("ForMultipleChoice"):
        return "multiple_choice", "multiple_choice"
    task = config.get(TASK)
    if not task or not architecture.endswith("ForSequenceClassification"):
        return None
    if config.get("problem_type") == "regression":
        return task, "regression"
    if len(config.get("id2label") or "two") == 1:  # a family without a class for multiple choice
        return "multiple_choice", "multiple_choice"
    return task, "classification"


def _body(folder: Path) -> str:
    """Return what the names of the encoder's parameters begin with: most of all parameters."""
    tops = [key.split(".")[0] for key in _keys(folder)]
    return max(sorted(set(tops)), key=tops.count) + "."


def _keys(folder: Path) -> list[str]:
    with safe_open(folder / WEIGHTS, framework="pt") as file:
        return list(file.keys())


def _read(folder: Path, wanted: Iterable[str]) -> dict[str, Tensor]:
    with safe_open(folder / WEIGHTS, framework="pt") as file:
        return {key: file.get_tensor(key) for key in wanted}


def _read_several(path: Path) -> dict[str, StoredHead]:
    with safe_open(path, framework="pt") as file:
        plugins = json.loads((file.metadata() or {})["heads"])
        heads = {name: StoredHead(head, {}) for name, head in plugins.items()}
        for key in file.keys():
            name, _, parameter = key.partition("/")
            heads[name].tensors[parameter] = file.get_tensor(key)
    return heads


def write_heads(folder: Path, heads: Mapping[str, StoredHead]) -> None:
    """Write `heads.safetensors`."""
    tensors = {
        f"{name}/{parameter}": tensor.detach().cpu().contiguous()
        for name, stored in heads.items()
        for parameter, tensor in stored.tensors.items()
    }
    record = {name: stored.head for name, stored in sorted(heads.items())}
    save_file(tensors, folder / HEADS, {"format": "pt", "heads": json.dumps(record)})
