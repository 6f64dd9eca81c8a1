"""Weights and gradients of a model in one long tensor each, as an optimiser likes them."""

import torch
from transformers import PreTrainedModel

from stilts.models.encoder import join, part, side_by_side


def lay_flat(model: PreTrainedModel, into: torch.nn.Parameter | None = None) -> torch.nn.Parameter:
    """Move weights and gradients into one long tensor each, with the model's as views of them.

    Clipping, optimiser and zeroing are then one call each, not one per parameter, which is what
    they cost for small models and for large models on a fast device.

    Args:
        model: its trained parameters are of one type and on one device.
        into: what an earlier call on this model has returned: the same memory is used again.

    Returns:
        The weights, with a gradient of zeros.
    """
    parameters = side_by_side(model)
    values = [parameter.detach().flatten() for parameter in parameters]
    if into is None:
        weights = torch.nn.Parameter(torch.cat(values))
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
    join(model)
    return weights


def lay_apart(model: PreTrainedModel) -> None:
    """Give every parameter its own memory again, as saving expects, and drop the gradients."""
    part(model)
    for parameter in model.parameters():
        parameter.data = parameter.detach().clone()
        parameter.grad = None
