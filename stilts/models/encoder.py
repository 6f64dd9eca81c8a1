"""What an encoder makes of a batch: walked without padding, or by the family's own forward.

In a walk every linear layer, norm and dropout sees real tokens only. Query, key and value are one
product per layer, and the last layer answers for the first token of each sequence alone where the
heads read no more. Every function takes a whole model or its encoder.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from stilts.errors import UserError
from stilts.models.attention import attend
from stilts.models.batch import Batch
from stilts.models.family import Family, after_padding, family_of, inputs
from stilts.models.walk import Walk


def packed(model: PreTrainedModel) -> bool:
    """Return whether the model's family is walked without padding."""
    return _family(model).walk is not None


def first_states(model: PreTrainedModel, batch: Batch) -> Tensor:
    """Return the last hidden state that answers for each sequence, [S, 1, hidden].

    It is the first token's, in causal families the last one's.
    """
    family = _family(model)
    if family.walk is None:
        return _answers(family, _padded(model, batch).last_hidden_state, batch)
    walk, encoder = family.walk, model.base_model
    *layers, last = walk.layers(encoder)
    states = _embed(model, batch)
    for layer in layers:
        states = _step(walk, layer, states, batch)
    return _step(walk, last, states, batch, first_only=True)[:, None]


def all_states(model: PreTrainedModel, batch: Batch) -> Tensor:
    """Return the last hidden state of every token, [T, hidden].

    Raises:
        UserError: the encoder makes fewer states than there are tokens.
    """
    walk = _family(model).walk
    if walk is None:
        states = _padded(model, batch).last_hidden_state
        if states.shape[1] != batch.longest:
            raise UserError(
                f"family '{model.config.model_type}' has no state for every token, which this task"
                " needs: use another model for it"
            )
        return states.flatten(0, 1).index_select(0, batch.slots)
    states = _embed(model, batch)
    for layer in walk.layers(model.base_model):
        states = _step(walk, layer, states, batch)
    return states


def pooled(model: PreTrainedModel, batch: Batch) -> Tensor:
    """Return one state per sequence, [S, hidden], through the encoder's pooler where it has one."""
    family = _family(model)
    if family.walk is not None:
        return family.walk.pool(model.base_model, first_states(model, batch))
    output = _padded(model, batch)
    state = getattr(output, "pooler_output", None)
    return _answers(family, output.last_hidden_state, batch)[:, 0] if state is None else state


def _family(model: PreTrainedModel) -> Family:
    return family_of(model.config.model_type)


def _padded(model: PreTrainedModel, batch: Batch) -> Any:
    """Return the output of the encoder's own forward."""
    return model.base_model(**inputs(_family(model), batch, model.config.pad_token_id))


def _answers(family: Family, states: Tensor, batch: Batch) -> Tensor:
    """Return the states [S, 1, hidden] of the tokens that answer, from [S, L, hidden]."""
    if not family.causal:
        return states[:, :1]
    ends = batch.bounds.diff().long() - 1
    return states[torch.arange(len(ends), device=ends.device), ends][:, None]


def _embed(model: PreTrainedModel, batch: Batch) -> Tensor:
    """Return the states [T, hidden] that enter the first layer of a walk."""
    family = _family(model)
    positions = batch.positions + family.first_position(model.config)
    if batch.padding is not None and family.first_position is after_padding:
        positions = _past_padding(batch, batch.padding)
    return family.walk.embed(model.base_model, batch.tokens, batch.types, positions)


def _past_padding(batch: Batch, padding: int) -> Tensor:
    """Return positions [1, T] as transformers counts them from token ids: padding takes none.

    A text that holds the padding token ("a <pad> b") has it as any other word's token.
    """
    real = (batch.tokens[0] != padding).long()
    counted = real.cumsum(0)
    before = (counted - real)[batch.starts]
    own = counted - before[batch.slots // batch.longest]
    return (own * real + padding)[None]


def _step(
    walk: Walk, layer: torch.nn.Module, states: Tensor, batch: Batch, first_only: bool = False
) -> Tensor:
    """Return states [T, hidden] one layer further, or [S, hidden] for the first tokens alone."""
    attention = walk.attention(layer)
    mixed = attend(
        functional.linear(states, *_projection(walk, attention)),
        batch,
        walk.heads(attention),
        dropout=walk.dropout(attention).p if layer.training else 0.0,
        first_only=first_only,
    )
    if first_only:
        states = states[batch.starts]
    return walk.finish(layer, mixed, states)


def side_by_side(model: PreTrainedModel) -> list[torch.nn.Parameter]:
    """Return the parameters that are trained, those that `join` joins next to each other."""
    joined = [
        getattr(part, name)
        for walk, attention in _attentions(model)
        for name in ("weight", "bias")
        for part in walk.projections(attention)
    ]
    seen = set(map(id, joined))
    return joined + [p for p in model.parameters() if p.requires_grad and id(p) not in seen]


def join(model: PreTrainedModel) -> None:
    """See query, key and value as one parameter, where they lie next to each other in memory.

    Its values and its gradient are those of the three: no copy is made at any step.
    """
    for walk, attention in _attentions(model):
        query = walk.projections(attention)[0]
        attention.joined = tuple(map(_threefold, (query.weight, query.bias)))


def part(model: PreTrainedModel) -> None:
    """Undo `join`."""
    for _, attention in _attentions(model):
        del attention.joined


def _attentions(model: PreTrainedModel) -> list[tuple[Walk, torch.nn.Module]]:
    """Return every attention that is walked through and trained, once."""
    walk = _family(model).walk
    if walk is None:
        return []
    found = dict.fromkeys(map(walk.attention, walk.layers(model.base_model)))
    return [
        (walk, attention)
        for attention in found
        if walk.projections(attention)[0].weight.requires_grad
    ]


def _threefold(first: torch.nn.Parameter) -> torch.nn.Parameter:
    """Return a parameter over the memory of `first` and of the two that follow it."""
    shape = (3 * len(first), *first.shape[1:])
    whole = torch.nn.Parameter(first.detach().as_strided(shape, first.stride()))
    whole.grad = first.grad.as_strided(shape, first.stride())
    return whole


def _projection(walk: Walk, attention: torch.nn.Module) -> tuple[Tensor, Tensor]:
    """Return weight [3 * hidden, hidden] and bias [3 * hidden] of query, key and value."""
    if hasattr(attention, "joined"):
        return attention.joined
    parts = walk.projections(attention)
    return torch.cat([part.weight for part in parts]), torch.cat([part.bias for part in parts])
