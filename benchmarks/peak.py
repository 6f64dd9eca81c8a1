"""The share of the machine's matrix-product rate that training reaches."""

import time

import torch
from torch import Tensor

from benchmarks.shapes import DEVICE, ENCODERS, encoder, examples
from benchmarks.table import Table, progress, side_by_side
from benchmarks.trainer import RECIPE, engine_steps, now

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16}


def product_rate(dtype: torch.dtype, size: int, seconds: float = 0.5) -> float:
    """Return the operations a second of square matrix products, best of as many as fit."""
    left, right = (torch.randn(size, size, device=DEVICE).to(dtype) for _ in range(2))
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        best = min(best, _once(left, right))
    return 2 * size**3 / best


def _once(left: Tensor, right: Tensor) -> float:
    start = now()
    torch.matmul(left, right)
    return now() - start


def operations(shape: dict[str, int], lengths: list[int]) -> float:
    """Return the operations of one training step on sequences of these lengths.

    6 per weight of the body and token, and 12 * width per layer and pair of tokens that attend to
    each other (Kaplan et al. 2020, section 2.1, with the backward pass twice the forward one).
    """
    layers, width = shape["num_hidden_layers"], shape["hidden_size"]
    body = 12 * layers * width**2
    return 6 * body * sum(lengths) + 12 * layers * width * sum(n * n for n in lengths)


def run(toy: bool = False) -> Table:
    """Measure the peak and the engine's rate, in turn, in fp32 and bf16."""
    steps, rounds, size = (2, 1, 64) if toy else (3, 2, 8192 if DEVICE == "cuda" else 1024)
    rows = []
    for name, shape in ENCODERS["toy" if toy else DEVICE].items():
        encoded = examples("rte", RECIPE["batch"] * steps, shape["vocab_size"])
        work = operations(shape, encoded.lengths.tolist()) / steps
        model = encoder(shape, "classification")
        for precision, dtype in PRECISIONS.items():
            progress(f"peak: {name}, {precision}")
            found = side_by_side(
                {
                    "peak": lambda: [1 / product_rate(dtype, size)],  # noqa: B023
                    "engine": lambda: engine_steps(model, encoded, precision),  # noqa: B023
                },
                rounds,
            )
            peak, reached = 1 / found["peak"], work / found["engine"]
            rates = [f"{peak / 1e9:,.0f}", f"{reached / 1e9:,.0f}"]
            rows.append([name, precision, *rates, f"**{reached / peak:.0%}**"])
    note = (
        "Lengths of RTE, batch 16. Operations counted as 6 per weight of the body and token, plus"
        f" attention; peak: `torch.matmul` of {size} x {size} with the same threads."
    )
    header = ["model", "precision", "peak, 10⁹/s", "training, 10⁹/s", "share"]
    return Table("Share of the matrix-product peak", header, rows, note)
