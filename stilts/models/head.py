"""What a head is: it turns the states of an encoder into outputs, a loss and an answer.

A head is a file of `stilts/models/heads` with a class `Head`: one of transformers' own
(`LibraryHead`) or modules of our own on the states of `stilts.models.encoder`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoModel, PretrainedConfig, PreTrainedModel

from stilts.files import plugins
from stilts.models.batch import Batch, padded
from stilts.models.encoder import PACKED, first_states
from stilts.models.tokens import Encoded
from stilts.tasks.columns import KINDS

HEADS = "stilts.models.heads"


class Posed(NamedTuple):
    """A task as a model meets it: `facts` (name, kind, labels, range) and the head that answers."""

    facts: Mapping[str, Any]
    head: str

    @property
    def name(self) -> str:
        """The task's name."""
        return self.facts["name"]

    @property
    def plugin(self) -> type["Head"]:
        """The class of the head."""
        return plugins.load(HEADS, self.head, "head", f"task '{self.name}'").Head

    @property
    def key(self) -> str:
        """The name of the head in a checkpoint: the task's, or its own where tasks share it."""
        return self.head if self.plugin.SHARED else self.name


def pose(facts: Mapping[str, Any], head: str | None = None) -> Posed:
    """Return a task with the head that a setting names, or with that of its kind."""
    kind = plugins.load(KINDS, facts["kind"], "kind", f"task '{facts['name']}'")
    return Posed(facts, head or kind.head(facts))


class Head(nn.Module):
    """Modules of our own on the states of an encoder; a subclass is built by `Head(config, facts)`.

    Attributes:
        SHARED: all tasks of a model that have this head share one, named by the head; otherwise
            each task has one of its own, named by the task, which no other task takes over.
        POOLED: it reads the encoder's pooler; one that the checkpoint lacks is new, like the head.
    """

    SHARED: ClassVar[bool] = False
    POOLED: ClassVar[bool] = False

    @classmethod
    def auto(cls, config: PretrainedConfig) -> type:
        """Return transformers' class that brings the encoder of a model with this config."""
        return AutoModel

    def forward(self, encoder: PreTrainedModel, batch: Batch) -> Tensor:
        """Return the outputs of a batch, [n, k]: what `loss` and `answer` are made of."""
        raise NotImplementedError

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        """Return the loss, fp32, summed over the examples; those labelled IGNORED have none.

        outputs: [n, k], of `forward`. labels: [n] or whatever the kind's rows say.
        """
        raise NotImplementedError

    @staticmethod
    def answer(outputs: np.ndarray, encoded: Encoded) -> np.ndarray:
        """Return the predictions of a split, comparable with its labels.

        outputs: float32 [N, k] of all its examples, in order.
        """
        raise NotImplementedError

    @staticmethod
    def ties(outputs: np.ndarray) -> np.ndarray:
        """Return for which examples [N] the outputs do not tell one answer from the next."""
        return np.zeros(len(outputs), bool)

    def owned(self, encoder: PreTrainedModel) -> Iterator[tuple[str, nn.Module]]:
        """Yield the modules that are the head's, by name, and the pooler where it reads that."""
        if self.POOLED and getattr(encoder, "pooler", None) is not None:
            yield from encoder.pooler.named_modules(prefix="pooler")
        yield from ((name, part) for name, part in self.named_modules() if name)


class LibraryHead(Head):
    """The head of one of transformers' AutoModelFor… classes: its modules beside the encoder.

    Args:
        owner: a model of that class; its encoder is the one that all heads share.
    """

    AUTO: ClassVar[type]
    PROBLEM: ClassVar[str | None] = None  # the config's `problem_type`, where it is to be told

    def __init__(self, owner: PreTrainedModel):
        super().__init__()
        # In a list: the encoder must not be registered once more with every head.
        self._owner = [owner]
        for name, part in owner.named_children():
            if name != owner.base_model_prefix:
                self.add_module(name, part)

    @classmethod
    def auto(cls, config: PretrainedConfig) -> type:
        """Return the class whose head this is."""
        return cls.AUTO

    @staticmethod
    def width(facts: Mapping[str, Any]) -> int:
        """Return how many numbers (`num_labels`) the head gives for a sequence of a task."""
        raise NotImplementedError

    @property
    def owner(self) -> PreTrainedModel:
        """The model of transformers whose head this is."""
        return self._owner[0]

    def forward(self, encoder: PreTrainedModel, batch: Batch) -> Tensor:
        """Return the logits of every sequence, [S, width]."""
        owner = self.owner
        if owner.config.model_type in PACKED:
            return _apply(owner, first_states(owner, batch))
        tokens, types, visible = padded(batch, owner.config.pad_token_id)
        if type(owner).__name__.endswith("ForMultipleChoice"):
            # One "choice" per row: how sequences make up examples is ours to say.
            tokens, types, visible = tokens[:, None], types[:, None], visible[:, None]
        return owner(input_ids=tokens, token_type_ids=types, attention_mask=visible).logits

    def owned(self, encoder: PreTrainedModel) -> Iterator[tuple[str, nn.Module]]:
        """Yield the modules that are the head's, by their name in the class of transformers."""
        body = self.owner.base_model_prefix + "."
        for name, part in self.owner.named_modules():
            inside = f"{name}.".startswith(body)
            if name and (not inside or f"{name}.".startswith(f"{body}pooler.")):
                yield name, part


def _apply(owner: PreTrainedModel, features: Tensor) -> Tensor:
    """Apply the class's own head modules to first-token states [S, 1, hidden]."""
    pooler = getattr(owner.base_model, "pooler", None)
    if hasattr(owner, "sequence_summary"):
        return owner.classifier(owner.sequence_summary(features))
    if pooler is not None and hasattr(owner, "dropout"):
        return owner.classifier(owner.dropout(pooler(features)))
    return owner.classifier(features)


def largest(outputs: np.ndarray) -> np.ndarray:
    """Return the index [N] of the largest of outputs [N, k]; ties are drawn, seeded by place.

    Plain argmax gives a tie to option 0, so a collapsed model would score 100 % on a task whose
    right answer always comes first. NaN counts as a tie with everything: it says nothing.
    """
    values = np.where(np.isnan(outputs).any(axis=1, keepdims=True), 0, outputs)
    best = values == values.max(axis=1, keepdims=True)
    chosen = best.argmax(axis=1)
    if (best.sum(axis=1) > 1).any():
        draw = np.random.default_rng(0).random(values.shape)
        chosen = np.where(best, draw, -1).argmax(axis=1)
    return chosen


def tied(outputs: np.ndarray) -> np.ndarray:
    """Return for which rows of outputs [N, k] the largest is not unique, bool [N]."""
    with np.errstate(invalid="ignore"):
        return (outputs == outputs.max(axis=1, keepdims=True)).sum(axis=1) > 1


def set_dropout(head: nn.Module, share: float) -> None:
    """Let the dropout layers of a head drop that share of what they are given."""
    for part in head.modules():
        if isinstance(part, nn.Dropout):
            part.p = share
        elif hasattr(part, "drop_prob"):  # DeBERTa's own
            part.drop_prob = share


@torch.no_grad()
def start(
    modules: Mapping[str, nn.Module], new: Sequence[str], encoder: PreTrainedModel, seed: int
) -> None:
    """Give new parameters their starting values: the family's own rule, seeded.

    A module for which the family has no rule gets normal weights and zero biases.

    Args:
        modules: of a head, by name.
        new: names of parameters.
        encoder: knows the rule.
        seed: the values depend on it and on the modules' shapes only.
    """
    torch.manual_seed(seed)
    for name in sorted({parameter.rpartition(".")[0] for parameter in new}):
        for parameter in modules[name].parameters(recurse=False):
            parameter.fill_(torch.nan)
            parameter._is_hf_initialized = False  # transformers skips what it has filled before
        encoder._init_weights(modules[name])
        for leaf, parameter in modules[name].named_parameters(recurse=False):
            if parameter.isnan().any():
                spread = 0.0 if leaf == "bias" else encoder.config.initializer_range
                parameter.normal_(0.0, spread)
