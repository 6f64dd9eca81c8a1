"""How far two results lie apart, and what is said of it."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor


class Wrong(Exception):
    """Results differ by more than they may; the text says by how much."""


def of_losses(found: Sequence[float], wanted: Sequence[float]) -> float:
    """Return the largest difference of two lists of losses; infinite if their numbers differ."""
    if len(found) != len(wanted):
        return float("inf")
    return float(np.abs(np.subtract(found, wanted)).max())


def of_tensors(found: Tensor, wanted: Tensor) -> float:
    """Return the norm of the difference over the norm of what is wanted."""
    found, wanted = found.detach().double(), wanted.detach().double()
    return float((found - wanted).norm() / wanted.norm())


def at_most(limit: float, *differences: float) -> str:
    """Return the largest difference in words.

    Raises:
        Wrong: one of them is above the limit, or NaN.
    """
    largest = float(np.max(differences))  # NaN, if there is one
    told = f"{largest:.1e}, {limit:.0e} allowed"
    if not largest <= limit:
        raise Wrong(told)
    return told
