"""Weights and gradients of a model in one long tensor each, as an optimiser likes them."""

import torch
from transformers import PreTrainedModel

from stilts.encoder import join, part, side_by_side


def lay_flat(model: PreTrainedModel) -> torch.nn.Parameter:
    """Move weights and gradients into one long tensor each, with the model's as views of them.

    Clipping, optimiser and zeroing are then one call each, not one per parameter, which is what
    they cost for small models and for large models on a fast device.
    """
    parameters = side_by_side(model)
    weights = torch.nn.Parameter(torch.cat([p.detach().flatten() for p in parameters]))
    weights.grad = torch.zeros_like(weights)
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
