"""Models from a folder: encoders, tokenizers and most heads are those of transformers.

Which parts of a checkpoint survive is ours to say, and is reported.
"""

import copy
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedModel

from stilts.models.checkpoint import demand_whole
from stilts.models.family import choose_padding, family_of, read_config, read_tokenizer
from stilts.models.head import Head, LibraryHead, Posed, keep_fp32, own_weights, set_dropout, start
from stilts.models.model import Model
from stilts.models.probe import check_padding
from stilts.models.silence import silence
from stilts.models.stored_heads import (
    has_pooler,
    read_heads,
    read_pretrained,
    taken_over,
)

HeadReport = dict[str, list[str]]
_LOCAL = {"local_files_only": True, "trust_remote_code": False}


def load(
    folder: Path | str,
    posed: Sequence[Posed],
    seed: int,
    *,
    dropout: float | None = None,
    new_pooler: bool = False,
    pass_on: bool = False,
) -> tuple[Model, Any, dict[str, HeadReport]]:
    """Return the fp32 model of a folder with heads for tasks, its tokenizer and the head reports.

    A head of the checkpoint goes on into the head of the same name (see `Posed.key`) if it is of
    the same plug-in and shape, or into any that it fits where it says so (see `taken_over`); other
    heads are new, and their weights depend on `seed` and their shape only. A pooler that the
    checkpoint has is carried, unless a new one is asked for. A report lists the names of a head's
    parameters: {"carried", "new"}.

    Nothing is printed, fetched or unpickled, and no code of the checkpoint runs.

    Args:
        folder: a checkpoint, in the form of transformers or with `heads.safetensors`.
        posed: the tasks, each with the plug-in of its head.
        seed: of new heads.
        dropout: of the heads; None leaves what the model's config says.
        new_pooler: whether a pooler that a head reads starts anew, like the head.
        pass_on: keep the checkpoint's other heads and its pooler, so that `save` writes them as
            they were.

    Raises:
        UserError: a checkpoint whose files are not those of its manifest.
        ValueError: a checkpoint without all weights of its encoder.
        OSError: the folder holds no config or no safetensors weights.
    """
    demand_whole(folder)
    with silence():
        config = read_config(folder)
        tokenizer = read_tokenizer(folder)
    family = family_of(config.model_type)
    stored = read_heads(folder)
    by_key = {task.key: task for task in posed}
    passed = {key: head for key, head in stored.items() if key not in by_key} if pass_on else {}
    keep_pooler = pass_on and has_pooler(folder)
    encoder, heads, absent = _build(folder, config, by_key, keep_pooler=keep_pooler)
    _check_encoder(absent, folder)
    for one in (encoder, *(head.owner for head in heads.values() if isinstance(head, LibraryHead))):
        choose_padding(family, one.config, tokenizer)
    reports = {}
    for key, head in heads.items():
        own = taken_over(stored, key, by_key[key].head, _shapes(head, encoder))
        head.meet(tokenizer)
        keep_fp32(head)
        pretrained = read_pretrained(folder, stored, head.pretrained(encoder, family))
        reports[key] = _fill(head, encoder, {**pretrained, **own}, absent, new_pooler=new_pooler)
        if dropout is not None:
            set_dropout(head, dropout)
    answers = {task.name: task.key for task in posed}
    model = Model(encoder, heads, answers, passed, keep_pooler=keep_pooler)
    start_heads(model, reports, seed)
    model.eval()
    if not family.tested:
        place = f"{folder}: family '{config.model_type}'"
        check_padding(partial(model, task=posed[0].name), len(tokenizer), place)
    return model, tokenizer, reports


def _build(
    folder: Path | str, config: Any, posed: Mapping[str, Posed], *, keep_pooler: bool
) -> tuple[PreTrainedModel, dict[str, Head], set[str]]:
    """Return the encoder, the heads around it, and which names of the encoder the folder lacks.

    The encoder comes with one head's own class, so that transformers itself reads the folder;
    further heads are built without weights and given that encoder. A pooler comes if a head reads
    it, or if it must be kept for a later stage; then it is not trained.
    """
    autos = {key: task.plugin.auto(config) for key, task in posed.items()}
    shells = {}
    if len(posed) > 1 or keep_pooler:
        shells = {key: _shell(autos[key], config, task) for key, task in posed.items()}
    pooled = [key for key, task in posed.items() if task.plugin.POOLED or _pools(shells.get(key))]
    source = "" if keep_pooler and not pooled else next(iter(pooled or posed))
    auto = autos.get(source, AutoModel)
    whole, absent = _read(folder, auto, _config(config, posed.get(source)))
    encoder, heads = whole.base_model, {}
    for key, task in posed.items():
        if autos[key] is AutoModel:
            heads[key] = task.plugin(config, task.facts)
        elif key == source:
            heads[key] = task.plugin(whole)
        else:
            heads[key] = task.plugin(shells[key])
            _put_in(encoder, shells[key])
    if getattr(encoder, "pooler", None) is not None and auto is AutoModel and not pooled:
        encoder.pooler = encoder.pooler.requires_grad_(False) if keep_pooler else None
    return encoder, heads, absent


def _config(config: Any, task: Posed | None) -> Any:
    """Return the config of the class that a task's head belongs to."""
    config = copy.deepcopy(config)
    if task is not None and issubclass(task.plugin, LibraryHead):
        config.num_labels = task.plugin.width(task.facts)
        if task.plugin.PROBLEM:
            config.problem_type = task.plugin.PROBLEM
    return config


def _shell(auto: type, config: Any, task: Posed) -> PreTrainedModel | None:
    """Return a model of the head's class without any memory; None for heads of our own."""
    if auto is AutoModel:
        return None
    with torch.device("meta"):
        return auto.from_config(_config(config, task), dtype=torch.float32)


def _pools(shell: PreTrainedModel | None) -> bool:
    return shell is not None and getattr(shell.base_model, "pooler", None) is not None


def _put_in(encoder: PreTrainedModel, shell: PreTrainedModel) -> None:
    """Put that encoder into the shell, and give memory to all else."""
    setattr(shell, shell.base_model_prefix, encoder)
    for name, part in shell.named_children():
        if name != shell.base_model_prefix:
            part.to_empty(device="cpu")


def _read(folder: Path | str, auto: type, config: Any) -> tuple[PreTrainedModel, set[str]]:
    """Return the folder's model, and the encoder's names for which the folder has no values."""
    with silence():
        whole, info = auto.from_pretrained(
            folder,
            config=config,
            dtype=torch.float32,
            use_safetensors=True,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            **_LOCAL,
        )
    absent = {*info["missing_keys"], *(name for name, *_ in info["mismatched_keys"])}
    if auto is AutoModel:
        return whole, absent
    body = whole.base_model_prefix + "."
    return whole, {name.removeprefix(body) for name in absent if name.startswith(body)}


def _check_encoder(absent: set[str], folder: Path | str) -> None:
    lost = sorted(name for name in absent if not name.startswith("pooler."))
    if lost:
        raise ValueError(
            f"{folder} lacks {len(lost)} weights of the encoder ({lost[0]}, ...): "
            "it is not a whole checkpoint of this family; build or fetch it again"
        )


def _shapes(head: Head, encoder: PreTrainedModel) -> dict[str, torch.Size]:
    return {name: weight.shape for name, weight in own_weights(head, encoder).items()}


@torch.no_grad()
def _fill(
    head: Head,
    encoder: PreTrainedModel,
    carried: Mapping[str, Tensor],
    absent: set[str],
    *,
    new_pooler: bool,
) -> HeadReport:
    """Give a head the parameters that are carried over; report which those are, and which not.

    The encoder's pooler goes with the encoder, whatever the task, unless a new one is asked for.
    """
    report: HeadReport = {"carried": [], "new": []}
    pooler = getattr(encoder, "pooler", None)
    shared = {id(weight): name for name, weight in pooler.named_parameters()} if pooler else {}
    for name, weight in head.weights(encoder).items():
        if id(weight) in shared:
            there = not new_pooler and f"pooler.{shared[id(weight)]}" not in absent
        elif there := name in carried and carried[name].shape == weight.shape:
            weight.copy_(carried[name])
        weight._is_hf_initialized = there
        report["carried" if there else "new"].append(name)
    return {side: sorted(names) for side, names in report.items()}


def start_heads(model: Model, reports: Mapping[str, HeadReport], seed: int) -> None:
    """Give every new parameter of a head its starting value: the family's own rule, seeded."""
    for key, report in reports.items():
        start(model.heads[key], model.encoder, report["new"], seed)


@torch.no_grad()
def start_encoder(model: Model, seed: int) -> None:
    """Give every weight of the encoder a starting value: the family's own rule, seeded.

    A pooler is the heads' affair, see `new_pooler` of `load`.
    """
    torch.manual_seed(seed)
    fresh = type(model.encoder)(copy.deepcopy(model.encoder.config)).state_dict()
    for name, weight in model.encoder.state_dict().items():
        if not name.startswith("pooler."):
            weight.copy_(fresh[name])


def freeze_encoder(model: Model, reports: Mapping[str, HeadReport]) -> None:
    """Leave the encoder as it is; a pooler that it lacked is the head's, and is trained."""
    own = {
        id(weight)
        for key, report in reports.items()
        for name, weight in model.heads[key].weights(model.encoder).items()
        if name in report["new"]
    }
    for weight in model.encoder.parameters():
        weight.requires_grad_(id(weight) in own)


def freeze_heads(model: Model, names: Collection[str]) -> None:
    """Leave heads as they are, and a pooler that no other head reads."""
    weights = {name: head.weights(model.encoder) for name, head in model.heads.items()}
    trained = {id(w) for name in weights.keys() - names for w in weights[name].values()}
    for name in names:
        for weight in weights[name].values():
            if id(weight) not in trained:
                weight.requires_grad_(False)


def copy_weights(model: nn.Module) -> dict[str, Tensor]:
    """Return a copy of the model's weights on the CPU, to start other trials from."""
    return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}


def reset(
    model: Model, start: Mapping[str, Tensor], reports: Mapping[str, HeadReport], seed: int
) -> None:
    """Put the model back to `start` with the heads a fresh `load` with `seed` would give it."""
    model.load_state_dict(start)
    model.zero_grad(set_to_none=True)
    start_heads(model, reports, seed)
