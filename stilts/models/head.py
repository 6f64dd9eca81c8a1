"""What a head is: it turns the states of an encoder into outputs, a loss and an answer.

A head is a file of `stilts/models/heads` with a class `Head`: one of transformers' own
(`LibraryHead`) or modules of our own on the states of `stilts.models.encoder`.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoModel, PretrainedConfig, PreTrainedModel

from stilts.errors import UserError
from stilts.files import plugins
from stilts.models.batch import Batch
from stilts.models.encoder import first_states
from stilts.models.family import Family, family_of, inputs
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
    """Return a task with the head that a setting names, or with that of its kind.

    Raises:
        UserError: unknown kind or head, or a head that does not fit the task.
        ValueError: a kind without answers.
    """
    kind = plugins.load(KINDS, facts["kind"], "kind", f"task '{facts['name']}'")
    if not hasattr(kind, "head"):
        raise ValueError(f"kind {facts['kind']!r} has no answers to learn: it has no head")
    posed = Posed(facts, head or kind.head(facts))
    if not posed.plugin.fits(facts):
        raise UserError(
            f"task '{posed.name}' of kind {facts['kind']} cannot be answered by the head"
            f" '{posed.head}': leave the setting head out, or name another"
        )
    return posed


class Head(nn.Module):
    """Modules of our own on the states of an encoder; a subclass is built by `Head(config, facts)`.

    Attributes:
        SHARED: all tasks of a model that have this head share one, named by the head; otherwise
            each task has one of its own, named by the task, which no other task takes over.
        POOLED: it reads the encoder's pooler; one that the checkpoint lacks is new, like the head.
            Of transformers' heads those do whose own class has one.
    """

    SHARED: ClassVar[bool] = False
    POOLED: bool = False

    @classmethod
    def fits(cls, facts: Mapping[str, Any]) -> bool:
        """Return whether it can answer a task."""
        return True

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
    def references(encoded: Encoded) -> np.ndarray:
        """Return what the predictions of a split are held against, in their order."""
        return encoded.labels

    @classmethod
    def table(cls, outputs: np.ndarray, encoded: Encoded) -> dict[str, Any]:
        """Return what is kept of the predictions of a split: column -> [N], or float32 [N, k].

        `id`, `label` and `prediction` at least, comparable with each other.
        """
        answers = cls.answer(outputs, encoded)
        named = {"id": encoded.ids, "label": cls.references(encoded), "prediction": answers}
        return {**named, "logits": outputs}

    @staticmethod
    def ties(outputs: np.ndarray) -> np.ndarray:
        """Return for which examples [N] the outputs do not tell one answer from the next."""
        return np.zeros(len(outputs), bool)

    def meet(self, tokenizer: Any) -> None:
        """Take from the model's tokenizer what the head must know of it; most heads nothing."""

    def pretrained(self, encoder: PreTrainedModel, family: Family) -> tuple[str, ...]:
        """Return how names of its parameters begin that pretraining has trained as well."""
        return ()

    def owned(self, encoder: PreTrainedModel) -> Iterator[tuple[str, nn.Module]]:
        """Yield the modules that are the head's, by name, and the pooler where it reads that."""
        if self.POOLED and getattr(encoder, "pooler", None) is not None:
            yield from encoder.pooler.named_modules(prefix="pooler")
        yield from self.named_modules()

    def weights(self, encoder: PreTrainedModel) -> dict[str, nn.Parameter]:
        """Return the parameters that are the head's, by name, and the pooler's likewise."""
        return {
            f"{part}.{leaf}".lstrip("."): weight
            for part, module in self.owned(encoder)
            for leaf, weight in module.named_parameters(recurse=False)
        }


class LibraryHead(Head):
    """The head of one of transformers' AutoModelFor… classes: its modules beside the encoder.

    Args:
        owner: a model of that class as it is built; its encoder may then give way to the one that
            all heads share.
    """

    AUTO: ClassVar[type]
    PROBLEM: ClassVar[str | None] = None  # the config's `problem_type`, where it is to be told
    # Its numbers mean something else than in that class: it is never saved in transformers' form.
    OWN_FORM: ClassVar[bool] = False

    def __init__(self, owner: PreTrainedModel):
        super().__init__()
        self.POOLED = getattr(owner.base_model, "pooler", None) is not None
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

    def pretrained(self, encoder: PreTrainedModel, family: Family) -> tuple[str, ...]:
        """Return what the family says of its heads."""
        return family.pretrained

    @property
    def owner(self) -> PreTrainedModel:
        """The model of transformers whose head this is."""
        return self._owner[0]

    def forward(self, encoder: PreTrainedModel, batch: Batch) -> Tensor:
        """Return the logits of every sequence, [S, width]."""
        owner = self.owner
        family = family_of(owner.config.model_type)
        if family.walk is not None:
            return family.walk.head(owner, first_states(owner, batch))
        arguments = inputs(family, batch, owner.config.pad_token_id)
        if type(owner).__name__.endswith("ForMultipleChoice"):
            # One "choice" per row: how sequences make up examples is ours to say.
            arguments = {name: value[:, None] for name, value in arguments.items()}
        return owner(**arguments).logits

    def owned(self, encoder: PreTrainedModel) -> Iterator[tuple[str, nn.Module]]:
        """Yield the modules that are the head's, by their name in the class of transformers."""
        body = self.owner.base_model_prefix + "."
        for name, part in self.owner.named_modules():
            inside, pooler = (f"{name}.".startswith(start) for start in (body, f"{body}pooler."))
            if name and (not inside or (pooler and self.POOLED)):
                yield name, part


def keep_fp32(head: Head) -> None:
    """Let the modules of a head compute in fp32, whatever the encoder does.

    bf16 has 8 bits of mantissa, so that the logits of two options are often the same number.
    """
    for part in head.children():
        part.forward = _in_fp32(part.forward)


def _in_fp32(forward: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(forward)
    def wide(*given: Any, **named: Any) -> Any:
        device = next((item.device.type for item in given if isinstance(item, Tensor)), "cpu")
        with torch.autocast(device, enabled=False):
            return forward(*map(_wide, given), **named)

    return wide


def _wide(item: Any) -> Any:
    return item.float() if isinstance(item, Tensor) and item.is_floating_point() else item


def own_weights(head: Head, encoder: PreTrainedModel) -> dict[str, nn.Parameter]:
    """Return a head's parameters, by name, without those that are the encoder's too."""
    shared = {id(weight) for weight in encoder.parameters()}
    return {
        name: weight for name, weight in head.weights(encoder).items() if id(weight) not in shared
    }


def set_dropout(head: nn.Module, share: float) -> None:
    """Let the dropout layers of a head drop that share of what they are given."""
    for part in head.modules():
        if isinstance(part, nn.Dropout):
            part.p = share
        elif hasattr(part, "drop_prob"):  # DeBERTa's own
            part.drop_prob = share


@torch.no_grad()
def start(head: Head, encoder: PreTrainedModel, new: Sequence[str], seed: int) -> None:
    """Give new parameters of a head their starting values: the family's own rule, seeded.

    A module for which the family has no rule gets normal weights and zero biases.

    Args:
        head: its other parameters stay as they are.
        encoder: knows the rule.
        new: names of parameters, see `Head.owned`.
        seed: the values depend on it and on the shapes only.
    """
    torch.manual_seed(seed)
    modules = dict(head.owned(encoder))
    owner = head.owner if isinstance(head, LibraryHead) else encoder
    places = [name.rpartition(".")[::2] for name in new]
    fresh = [modules[part].get_parameter(leaf) for part, leaf in places]
    for parameter in fresh:
        parameter.fill_(torch.nan)
        parameter._is_hf_initialized = False  # transformers skips what it has filled before
    parts = sorted({part for part, _ in places})
    for part in parts:
        owner._init_weights(modules[part])
    # Some families have rules for their heads as a whole.
    wholes = {part.rpartition(".")[0] for part in parts} & modules.keys()
    for whole in [*sorted(wholes, reverse=True), *([""] if parts else ())]:
        owner._init_weights(modules[whole] if whole else owner)
    for parameter in fresh:
        if parameter.isnan().any():
            spread = encoder.config.initializer_range if parameter.dim() > 1 else 0.0
            parameter.normal_(0.0, spread)
