"""Weights and gradients of a model in few long tensors, as an optimiser likes them."""

from collections.abc import Mapping

import torch
from torch.nn import Parameter
from transformers import PreTrainedModel

from stilts.models.encoder import join, part, side_by_side
from stilts.models.model import Model

ALL = ""  # the tensor of what every step trains


def lay_flat(
    model: Model | PreTrainedModel, into: Mapping[str, Parameter] | None = None
) -> dict[str, Parameter]:
    """Move trained weights and their gradients into long tensors, the model's as views of them.

    Clipping, optimiser and zeroing are then one call each, not one per parameter, which is what
    they cost for small models and for large models on a fast device. Of a model with several heads
    each has a tensor of its own, since a step moves only the one it goes through.

    Args:
        model: its trained parameters are of one type and on one device.
        into: what an earlier call on this model has returned: the same memory is used again.

    Returns:
        The weights, with gradients of zeros: ALL, and by name the heads where there are several.
    """
    groups = _groups(model)
    flat = {}
    for name, parameters in groups.items():
        flat[name] = _flatten(parameters, (into or {}).get(name))
    join(model)
    return flat


def _groups(model: Model | PreTrainedModel) -> dict[str, list[Parameter]]:
    trained = side_by_side(model)
    heads = model.heads if isinstance(model, Model) and len(model.heads) > 1 else {}
    encoder = {id(parameter) for parameter in model.base_model.parameters()}
    owner = {
        id(parameter): name
        for name, head in heads.items()
        for parameter in head.parameters()
        if id(parameter) not in encoder
    }
    groups: dict[str, list[Parameter]] = {ALL: [], **{name: [] for name in heads}}
    for parameter in trained:
        groups[owner.get(id(parameter), ALL)].append(parameter)
    return {name: parameters for name, parameters in groups.items() if parameters}


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
