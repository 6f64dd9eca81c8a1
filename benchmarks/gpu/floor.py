"""The share of what the GPU can do that a training step reaches."""

from functools import partial
from typing import Any

import torch

from benchmarks.gpu.models import PRECISION, build
from benchmarks.gpu.part import Teller
from benchmarks.gpu.training import REPEATS, STEPS, WAYS, cases, measure
from benchmarks.peak import MOVED, copy_rate, operations, product_rate
from benchmarks.shapes import DEVICE, examples
from benchmarks.trainer import RECIPE

SIDE, COPIED = 8192, 2**28  # of the products' matrices; numbers that are copied


def least(
    shape: dict[str, Any], lengths: list[int], steps: int, side: int, copied: int
) -> tuple[float, float, float, float]:
    """Return the rates of products and copies, and the seconds that a step takes by each."""
    products, copies = product_rate(torch.bfloat16, side), copy_rate(copied)
    weights = sum(weight.numel() for weight in build(shape, "meta").parameters())
    return products, copies, operations(shape, lengths) / steps / products, MOVED * weights / copies


def run(tell: Teller, toy: bool) -> None:
    """Measure products, copies and the engine, one after the other."""
    steps, repeats, side, copied = (3, 1, 64, 2**16) if toy else (STEPS, REPEATS, SIDE, COPIED)
    header = ["model", "lengths of", "tokens", "products, TFLOP/s", "copies, TB/s"]
    header += ["products, ms", "memory, ms", "engine, ms", "larger of both", "sum of both"]
    tell.table(header, _note(side))
    for name, shape, lengths in cases(toy):
        what = f"{name}, {lengths}"
        if not tell.fits(what, 0 if toy else 4):
            continue
        encoded = examples(lengths, RECIPE["batch"] * steps, shape["vocab_size"])
        sizes = encoded.lengths.tolist()
        floor = tell.attempt(
            f"{what}: what it takes at least", partial(least, shape, sizes, steps, side, copied)
        )
        timing = partial(measure, WAYS[0], shape, encoded, steps, repeats)
        found = tell.attempt(f"{what}: the engine", timing)
        if floor and found:
            products, copies, busy, moving = floor
            rates = [f"{sum(sizes) / steps:,.0f}", f"{products / 1e12:.0f}", f"{copies / 1e12:.2f}"]
            times = [f"{1000 * seconds:.3g}" for seconds in (busy, moving, found[0])]
            shares = [f"**{part / found[0]:.0%}**" for part in (max(busy, moving), busy + moving)]
            tell.row(name, lengths, *rates, *times, *shares)


def _note(side: int) -> str:
    return (
        f"What a step of {RECIPE['batch']} examples takes at least, and what it takes, in"
        f" {PRECISION} on {DEVICE}. Products: 6 operations per weight of the body and token, plus"
        f" attention, at the rate of `torch.matmul` of {side} x {side}. Memory: {MOVED} bytes per"
        " weight for gradient, norm and AdamW at the rate of a copy, bytes read and written."
        " Larger, sum: these over the engine's time; what computes and what moves can run side by"
        " side only in part, so the floor lies between them."
    )
