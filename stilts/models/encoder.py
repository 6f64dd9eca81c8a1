"""The walk through an encoder without padding, layer by layer, with transformers' own modules.

Every linear layer, norm and dropout sees real tokens only. Query, key and value are one product
per layer, and the last layer answers for the first token of each sequence alone, as that is all
that the heads read.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from stilts.models.attention import attend
from stilts.models.batch import Batch

# Families proven to give the same numbers packed as padded, with the position of a first token.
# The others (MobileBERT mixes neighbouring embeddings, SqueezeBERT transposes) are padded.
PACKED: dict[str, Callable[[Any], int]] = {
    "roberta": lambda config: config.pad_token_id + 1,
    "bert": lambda config: 0,
    "electra": lambda config: 0,
}


def first_states(model: PreTrainedModel, batch: Batch) -> Tensor:
    """Return the last hidden state of every sequence's first token, [S, 1, hidden]."""
    *layers, last = model.base_model.encoder.layer
    states = _embed(model, batch)
    for layer in layers:
        states = _walk(layer, states, batch)
    return _walk(last, states, batch, first_only=True)[:, None]


def all_states(model: PreTrainedModel, batch: Batch) -> Tensor:
    """Return the last hidden state of every token, [T, hidden]."""
    states = _embed(model, batch)
    for layer in model.base_model.encoder.layer:
        states = _walk(layer, states, batch)
    return states


def _embed(model: PreTrainedModel, batch: Batch) -> Tensor:
    """Return the states [T, hidden] that enter the first layer."""
    encoder = model.base_model
    states = encoder.embeddings(
        input_ids=batch.tokens,
        token_type_ids=batch.types,
        position_ids=batch.positions + PACKED[model.config.model_type](model.config),
    )[0]
    return encoder.embeddings_project(states) if hasattr(encoder, "embeddings_project") else states


def _walk(layer: torch.nn.Module, states: Tensor, batch: Batch, first_only: bool = False) -> Tensor:
    """Return states [T, hidden] one layer further, or [S, hidden] for the first tokens alone."""
    attention = layer.attention.self
    mixed = attend(
        functional.linear(states, *_projection(attention)),
        batch,
        attention.num_attention_heads,
        dropout=attention.dropout.p if layer.training else 0.0,
        first_only=first_only,
    )
    if first_only:
        states = states[batch.starts]
    return layer.feed_forward_chunk(layer.attention.output(mixed, states))


def side_by_side(model: PreTrainedModel) -> list[torch.nn.Parameter]:
    """Return the parameters that are trained, those that `join` joins next to each other."""
    joined = [
        getattr(part, name)
        for attention in _attentions(model)
        for name in ("weight", "bias")
        for part in _parts(attention)
    ]
    seen = set(map(id, joined))
    return joined + [p for p in model.parameters() if p.requires_grad and id(p) not in seen]


def join(model: PreTrainedModel) -> None:
    """See query, key and value as one parameter, where they lie next to each other in memory.

    Its values and its gradient are those of the three: no copy is made at any step.
    """
    for attention in _attentions(model):
        query = attention.query
        attention.joined = tuple(map(_threefold, (query.weight, query.bias)))


def part(model: PreTrainedModel) -> None:
    """Undo `join`."""
    for attention in _attentions(model):
        del attention.joined


def _attentions(model: PreTrainedModel) -> list[torch.nn.Module]:
    if model.config.model_type not in PACKED:
        return []
    return [layer.attention.self for layer in model.base_model.encoder.layer]


def _parts(attention: torch.nn.Module) -> tuple[torch.nn.Module, ...]:
    return attention.query, attention.key, attention.value


def _threefold(first: torch.nn.Parameter) -> torch.nn.Parameter:
    """Return a parameter over the memory of `first` and of the two that follow it."""
    shape = (3 * len(first), *first.shape[1:])
    whole = torch.nn.Parameter(first.detach().as_strided(shape, first.stride()))
    whole.grad = first.grad.as_strided(shape, first.stride())
    return whole


def _projection(attention: torch.nn.Module) -> tuple[Tensor, Tensor]:
    """Return weight [3 * hidden, hidden] and bias [3 * hidden] of query, key and value."""
    if hasattr(attention, "joined"):
        return attention.joined
    parts = _parts(attention)
    return torch.cat([part.weight for part in parts]), torch.cat([part.bias for part in parts])
