"""Models into a folder, and what of them stays behind."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from stilts.models.head import Head, LibraryHead, own_weights
from stilts.models.load import HeadReport
from stilts.models.model import Model
from stilts.models.silence import silence
from stilts.models.stored_heads import PASSES, SAME, TASK, StoredHead, write_heads

ONE_FILE = "1000GB"  # rules name one file of weights


def drop_heads(model: Model, reports: Mapping[str, HeadReport]) -> None:
    """Drop a model's heads, and a pooler that was as new as they were.

    reports: of `stilts.models.load.load`.
    """
    pooler = getattr(model.encoder, "pooler", None)
    of_pooler = set(map(id, pooler.parameters())) if pooler else set()
    for key, head in model.heads.items():
        weights = head.weights(model.encoder)
        came = {id(weights[name]) for name in reports[key]["carried"]}
        model.keep_pooler |= bool(came & of_pooler)
    for key in list(model.heads):
        model.forget(key)


def save(model: Model, tokenizer: Any, folder: Path | str, pass_head: str = SAME) -> None:
    """Write config, safetensors weights and tokenizer files, see `stilts.models.stored_heads`.

    pass_head: which heads may take those over that are trained here, SAME or ANY.
    """
    heads = list(model.heads.values())
    # What the checkpoint before this one said of its own head is not true of this one's.
    for config in (model.config, *(head.owner.config for head in heads if _is_library(head))):
        vars(config).pop(PASSES, None)
    if len(heads) == 1 and _is_plain(heads[0]) and not model.passed:
        owner = heads[0].owner
        if pass_head != SAME:
            setattr(owner.config, PASSES, pass_head)
        save_library(owner, tokenizer, folder, "~".join(model.answers))
        return
    model.config.num_labels = 2  # transformers' default: it says nothing about our heads
    model.config.problem_type = None
    save_library(model.encoder, tokenizer, folder)
    if not heads and not model.passed:
        return
    # What this stage has trained comes last, see `read_pretrained`.
    order = sorted(model.heads, key=lambda key: _trains(model.heads[key]))
    stored = {key: _stored(model, key, pass_head) for key in order}
    write_heads(Path(folder), {**model.passed, **stored})


def _is_library(head: Head) -> bool:
    return isinstance(head, LibraryHead)


def _is_plain(head: Head) -> bool:
    return _is_library(head) and not head.OWN_FORM


def _trains(head: Head) -> bool:
    return any(weight.requires_grad for weight in head.parameters())


def _stored(model: Model, key: str, pass_head: str) -> StoredHead:
    """Return a head as it is stored; one that is not trained goes on into its like only."""
    head = model.heads[key]
    tensors = own_weights(head, model.encoder)
    passes = pass_head if _trains(head) else SAME
    return StoredHead(type(head).__module__.rpartition(".")[2], dict(tensors), passes)


def save_library(
    model: PreTrainedModel, tokenizer: Any, folder: Path | str, task: str | None = None
) -> None:
    """Write a model of transformers; `task` names what its head solves."""
    setattr(model.config, TASK, task)
    if tokenizer.is_fast:  # a call leaves its settings behind, which would be saved as well
        tokenizer.backend_tokenizer.no_truncation()
        tokenizer.backend_tokenizer.no_padding()
    with silence():
        model.save_pretrained(folder, max_shard_size=ONE_FILE)
        tokenizer.save_pretrained(folder)
