"""The heads of a checkpoint's folder: what each is, and its numbers.

A checkpoint with one head of transformers' own is saved in that class's own form. One with several
heads, or with a head of our own, keeps the encoder alone in `model.safetensors`, and the heads in
`heads.safetensors` beside it.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from stilts.models.checkpoint import HEADS, WEIGHTS
from stilts.models.family import family_of
from stilts.models.shards import INDEX, shard_names

SAME, ANY, NOWHERE = "same", "any", "none"
PASSES = "pass_head"  # the config field that says which heads may take a saved one over
TASK = "finetuning_task"  # the config field that names the task a saved head was trained on


class StoredHead(NamedTuple):
    """A head as it lies in a folder: its plug-in's name, and its parameters by their names.

    `pass_head` says which heads may take it over, see the setting.
    """

    head: str
    tensors: dict[str, Tensor]
    pass_head: str = SAME


def read_heads(folder: Path | str) -> dict[str, StoredHead]:
    """Return the heads of a checkpoint's folder by name, those of unknown tasks left out."""
    folder = Path(folder)
    if (folder / HEADS).is_file():
        return _read_several(folder / HEADS)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    named = _single(config)
    if named is None:
        return {}
    name, head = named
    body = _body(folder)
    tensors = _read(folder, lambda key: not key.startswith(body))
    return {name: StoredHead(head, tensors, config.get(PASSES, SAME))}


def taken_over(
    stored: Mapping[str, StoredHead], key: str, head: str, shapes: Mapping[str, Any]
) -> dict[str, Tensor]:
    """Return the stored parameters that a head starts from, by name; none if it is all new.

    It takes over the head of its own name, or the last one that may go on into any, if that one
    fits as a whole.

    Args:
        stored: see `read_heads`.
        key: the head's name.
        head: its plug-in's.
        shapes: of its parameters, by name.
    """
    own = stored.get(key)
    if own and own.head == head:
        return own.tensors
    for other in reversed(stored.values()):
        given = {name: tensor.shape for name, tensor in other.tensors.items()}
        if other.pass_head == ANY and other.head == head and given == shapes:
            return other.tensors
    return {}


def read_pretrained(
    folder: Path | str, stored: Mapping[str, StoredHead], prefixes: tuple[str, ...]
) -> dict[str, Tensor]:
    """Return what goes with the encoder but stands outside it, by names that begin with `prefixes`.

    Of several heads, which have trained it each for itself, it is the one trained last that counts.
    """
    if not prefixes:
        return {}
    if not (Path(folder) / HEADS).is_file():
        return _read(Path(folder), lambda key: key.startswith(prefixes))
    tensors = (item for head in stored.values() for item in head.tensors.items())
    return {name: tensor for name, tensor in tensors if name.startswith(prefixes)}


def has_pooler(folder: Path | str) -> bool:
    """Return whether a checkpoint has a pooler in its encoder."""
    keys = _keys(Path(folder))
    alone = any(key.startswith("embeddings.") for key in keys)  # saved without any head
    body = "" if alone else _body(Path(folder))
    return any(key.startswith(f"{body}pooler.") for key in keys)


def _single(config: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return name and plug-in of the one head that is saved in transformers' own form."""
    architecture = (config.get("architectures") or [""])[0] or ""
    if architecture.endswith("ForMultipleChoice"):
        return "multiple_choice", "multiple_choice"
    task, regression = config.get(TASK), config.get("problem_type") == "regression"
    if architecture.endswith("ForQuestionAnswering"):
        return (task, "span") if task else None
    if not architecture.endswith("ForSequenceClassification"):
        return None
    one = len(config.get("id2label") or "two") == 1
    if one and not regression and not family_of(config["model_type"]).multiple_choice:
        return "multiple_choice", "multiple_choice"
    return (task, "regression" if regression else "classification") if task else None


def _body(folder: Path) -> str:
    """Return what the names of the encoder's parameters begin with: most of all parameters."""
    tops = [key.split(".")[0] for key in _keys(folder)]
    return max(sorted(set(tops)), key=tops.count) + "."


def _keys(folder: Path) -> dict[str, Path]:
    """Return the names of all parameters, each with its file; elsewhere they are saved in many."""
    whole, found = folder / WEIGHTS, {}
    names = [WEIGHTS] if whole.is_file() else shard_names(folder / INDEX)
    for path in (folder / name for name in names):
        with safe_open(path, framework="pt") as file:
            found |= dict.fromkeys(file.keys(), path)
    return found


def _read(folder: Path, wanted: Callable[[str], bool]) -> dict[str, Tensor]:
    tensors = {}
    for key, path in _keys(folder).items():
        if wanted(key):
            with safe_open(path, framework="pt") as file:
                tensors[key] = file.get_tensor(key)
    return tensors


def _read_several(path: Path) -> dict[str, StoredHead]:
    with safe_open(path, framework="pt") as file:
        heads = {}
        for name, told in json.loads((file.metadata() or {})["heads"]).items():
            head, pass_head = (told, SAME) if isinstance(told, str) else told
            heads[name] = StoredHead(head, {}, pass_head)
        for key in file.keys():
            name, _, parameter = key.partition("/")
            heads[name].tensors[parameter] = file.get_tensor(key)
    return heads


def write_heads(folder: Path, heads: Mapping[str, StoredHead]) -> None:
    """Write `heads.safetensors`, the heads in the order in which they were trained."""
    tensors = {
        f"{name}/{parameter}": tensor.detach().cpu().contiguous()
        for name, stored in heads.items()
        for parameter, tensor in stored.tensors.items()
    }
    record = {
        name: stored.head if stored.pass_head == SAME else [stored.head, stored.pass_head]
        for name, stored in heads.items()
    }
    # One entry only: safetensors writes several in any order, and the bytes are to be the same.
    save_file(tensors, folder / HEADS, {"heads": json.dumps(record)})
