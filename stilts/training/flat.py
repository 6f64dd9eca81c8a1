"""Weights and gradients of a model in few long tensors, as an optimiser likes them."""

from collections.abc import Mapping

import torch
from torch.nn import Parameter
from transformers import PreTrainedModel

from stilts.models.encoder import join, part, side_by_side
from stilts.models.model import Model

Group = frozenset[str]
ALL: Group = frozenset()  # of what every step trains


def lay_flat(
    model: Model | PreTrainedModel, into: Mapping[Group, Parameter] | None = None
) -> dict[Group, Parameter]:
    """Move trained weights and their gradients into long tensors, the model's as views of them.

    Clipping, optimiser and zeroing are then one call each, not one per parameter, which is what
    they cost for small models and for large models on a fast device. Of a model with several heads
    each has a tensor of its own, since a step moves only the one it goes through; so has a pooler
    that only some of them read.

    Args:
        model: its trained parameters are of one type and on one device.
        into: what an earlier call on this model has returned: the same memory is used again.

    Returns:
        The weights, with gradients of zeros: ALL, and the rest by the names of the heads whose
        steps go through them.
    """
    groups = _groups(model)
    flat = {}
    for name, parameters in groups.items():
        flat[name] = _flatten(parameters, (into or {}).get(name))
    join(model)
    return flat


def _groups(model: Model | PreTrainedModel) -> dict[Group, list[Parameter]]:
    users: dict[int, Group] = {}
    heads: Group = ALL
    for name, head in model.heads.items() if isinstance(model, Model) else ():
        trained = [w for w in head.weights(model.encoder).values() if w.requires_grad]
        users |= {id(weight): users.get(id(weight), ALL) | {name} for weight in trained}
        heads |= {name} if trained else ALL
    groups: dict[Group, list[Parameter]] = {ALL: []}
    for parameter in side_by_side(model):
        group = users.get(id(parameter), ALL)
        groups.setdefault(ALL if group == heads else group, []).append(parameter)
    return {group: parameters for group, parameters in groups.items() if parameters}


def _flatten(parameters: list[Parameter], into: Parameter | None) -> Parameter:
    values = [parameter.detach().flatten() for parameter in parameters]
    if into is None:
        weights = Parameter(torch.cat(values))
        weights.grad = torch.zeros_like(weights)
    else:
        weights = into
        torch.cat(values, out=weights.detach())
        weights.grad.zero_()
    sizes = [parameter.numel() for parameter in parameters]
    pieces = zip(weights.detach().split(sizes), weights.grad.split(sizes), strict=True)
    for parameter, (values, gradient) in zip(parameters, pieces, strict=True):
        parameter.data = values.view_as(parameter)
        parameter.grad = gradient.view_as(parameter)
    return weights


def lay_apart(model: Model | PreTrainedModel) -> None:
    """Give every parameter its own memory again, as saving expects, and drop the gradients."""
    part(model)
    for parameter in model.parameters():
        parameter.data = parameter.detach().clone()
        parameter.grad = None
