"""Models, tokenizers and heads are those of transformers; which head weights survive is ours."""

import contextlib
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import (
    AutoModelForMultipleChoice,
    AutoModelForSequenceClassification,
    PreTrainedModel,
)
from transformers.utils import logging

from stilts.models.batch import Batch
from stilts.models.encoder import first_states
from stilts.models.family import choose_padding, family_of, inputs, read_config, read_tokenizer
from stilts.models.probe import check_padding

CLASSES = {
    "classification": AutoModelForSequenceClassification,
    "multiple_choice": AutoModelForMultipleChoice,
}
TASK = "finetuning_task"  # the config field that names the task a saved head was trained on

HeadReport = dict[str, list[str]]


def load(
    folder: Path | str, kind: str, num_labels: int, seed: int, task: str | None = None
) -> tuple[PreTrainedModel, Any, HeadReport]:
    """Return the fp32 model of a folder with a head for `kind`, its tokenizer and the head report.

    The head of a multiple-choice checkpoint is carried over to multiple choice (pooler and
    scorer), and a classification head to the very `task` it was saved for; any other head is new,
    and its weights depend on `seed` and its shape only. A pooler that belongs to the pretrained
    encoder (BERT) is always carried. The report lists parameter names: {"carried", "new"}.

    Nothing is printed, fetched or unpickled, and no code of the checkpoint runs.

    Raises:
        ValueError: unknown kind, or a checkpoint without all weights of its encoder.
        OSError: the folder holds no config or no safetensors weights.
    """
    if kind not in CLASSES:
        raise ValueError(f"kind {kind!r} has no head: use one of {', '.join(CLASSES)}")
    with silence():
        config = read_config(folder)
        family = family_of(config.model_type)
        carry = _carries_head(config, kind, task)
        config.num_labels = num_labels if kind == "classification" else 1
        model, info = head_class(kind, config.model_type).from_pretrained(
            folder,
            config=config,
            dtype=torch.float32,
            use_safetensors=True,
            ignore_mismatched_sizes=True,
            output_loading_info=True,
            local_files_only=True,
            trust_remote_code=False,
        )
        tokenizer = read_tokenizer(folder)
    choose_padding(family, model.config, tokenizer)
    absent = set(info["missing_keys"]) | {name for name, *_ in info["mismatched_keys"]}
    report = _report(model, absent, carry, folder)
    _start_head(model, report, seed)
    if not family.tested:
        place = f"{folder}: family '{config.model_type}'"
        check_padding(functools.partial(forward, model), len(tokenizer), place)
    return model, tokenizer, report


def head_class(kind: str, model_type: str) -> Any:
    """Return the class of transformers that has the head of a kind in a family."""
    lacks = kind == "multiple_choice" and not family_of(model_type).multiple_choice
    return CLASSES["classification" if lacks else kind]


def copy_weights(model: PreTrainedModel) -> dict[str, Tensor]:
    """Return a copy of the model's weights on the CPU, to start other trials from."""
    return {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}


def reset(model: PreTrainedModel, start: dict[str, Tensor], report: HeadReport, seed: int) -> None:
    """Put the model back to `start` with the head a fresh `load` with `seed` would give it."""
    model.load_state_dict(start)
    model.zero_grad(set_to_none=True)
    _start_head(model, report, seed)


def forward(model: PreTrainedModel, batch: Batch) -> Tensor:
    """Return the logits: [n, classes], or [n, choices] for multiple choice."""
    family = family_of(model.config.model_type)
    if family.walk is not None:
        logits = family.walk.head(model, first_states(model, batch))
    else:
        arguments = inputs(family, batch, model.config.pad_token_id)
        if type(model).__name__.endswith("ForMultipleChoice"):
            # One "choice" per row: the reshape to examples is the same for every family, below.
            arguments = {name: value[:, None] for name, value in arguments.items()}
        logits = model(**arguments).logits
    return logits.view(-1, batch.choices) if batch.choices > 1 else logits


def save(
    model: PreTrainedModel, tokenizer: Any, folder: Path | str, task: str | None = None
) -> None:
    """Write config, safetensors weights and tokenizer files; `task` names what the head solves."""
    setattr(model.config, TASK, task)
    if tokenizer.is_fast:  # a call leaves its settings behind, which would be saved as well
        tokenizer.backend_tokenizer.no_truncation()
        tokenizer.backend_tokenizer.no_padding()
    with silence():
        model.save_pretrained(folder, safe_serialization=True)
        tokenizer.save_pretrained(folder)


def _carries_head(config: Any, kind: str, task: str | None) -> bool:
    """Return whether the checkpoint's own head goes on into this model."""
    architecture = (config.architectures or [""])[0]
    if kind == "multiple_choice":
        if family_of(config.model_type).multiple_choice:
            return architecture.endswith("ForMultipleChoice")
        return architecture.endswith("ForSequenceClassification") and config.num_labels == 1
    same_task = task is not None and getattr(config, TASK, None) == task
    return same_task and architecture.endswith("ForSequenceClassification")


def _report(
    model: PreTrainedModel, absent: set[str], carry: bool, folder: Path | str
) -> HeadReport:
    """Return the names of the head's parameters, by where their values come from."""
    prefix = model.base_model_prefix + "."
    pretrained = (prefix + "pooler.", *family_of(model.config.model_type).pretrained)
    report: HeadReport = {"carried": [], "new": []}
    lost = []
    for name, _ in sorted(model.named_parameters()):
        pooler = name.startswith(pretrained)
        if name.startswith(prefix) and not pooler:
            lost += [name] * (name in absent)
        else:
            report["carried" if name not in absent and (pooler or carry) else "new"].append(name)
    if lost:
        raise ValueError(
            f"{folder} lacks {len(lost)} weights of the encoder ({lost[0]}, ...): "
            "it is not a whole checkpoint of this family; build or fetch it again"
        )
    return report


def _start_head(model: PreTrainedModel, report: HeadReport, seed: int) -> None:
    """Give every new head parameter its starting value: the family's own rule, seeded."""
    torch.manual_seed(seed)
    for name in sorted({parameter.rpartition(".")[0] for parameter in report["new"]}):
        module = model.get_submodule(name)
        for parameter in module.parameters(recurse=False):
            parameter._is_hf_initialized = False  # transformers skips what it has filled before
        model._init_weights(module)
    # Some families have rules for their heads as a whole; what is not new stays as it is.
    owners = {name.rpartition(".")[0].rpartition(".")[0] for name in report["new"]}
    for name in sorted(owners | {""} if owners else (), reverse=True):
        model._init_weights(model.get_submodule(name))


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep load reports and progress bars off the terminal: the head report says it all."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
