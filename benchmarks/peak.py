"""The share of what the machine can do that training reaches."""

import time
from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.shapes import DEVICE, ENCODERS, examples, model
from benchmarks.table import Table, progress, side_by_side
from benchmarks.trainer import RECIPE, STEPS, engine_steps, now, warm
from stilts.training.workspace import Workspace

PRECISIONS = {"fp32": torch.float32, "bf16": torch.bfloat16}
TASKS = ("rte", "cola")  # long and short batches
# Bytes that a step must move per weight, in fp32: the gradient is cleared, filled and read for its
# norm, Adam reads four numbers and writes three.
MOVED = 4 * (3 + 4 + 3)


def product_rate(dtype: torch.dtype, size: int) -> float:
    """Return the operations a second of square matrix products, best of half a second."""
    left, right = (torch.randn(size, size, device=DEVICE).to(dtype) for _ in range(2))
    return 2 * size**3 / _best(lambda: torch.matmul(left, right))


def copy_rate(size: int) -> float:
    """Return the bytes a second that are read and written while tensors are copied."""
    source: Tensor = torch.zeros(size, device=DEVICE)
    target = torch.empty_like(source)
    return 2 * source.nbytes / _best(lambda: target.copy_(source))


def _best(call: Callable[[], object], seconds: float = 0.5) -> float:
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = now()
        call()
        best = min(best, now() - start)
    return best


def operations(shape: dict[str, int], lengths: list[int]) -> float:
    """Return the operations of one training step on sequences of these lengths.

    6 per weight of the body and token, and 12 * width per layer and pair of tokens that attend to
    each other (Kaplan et al. 2020, section 2.1, with the backward pass twice the forward one).
    """
    layers, width = shape["num_hidden_layers"], shape["hidden_size"]
    body = 12 * layers * width**2
    return 6 * body * sum(lengths) + 12 * layers * width * sum(n * n for n in lengths)


def run(toy: bool = False) -> Table:
    """Measure products, copies and the engine in turn, in fp32 and bf16."""
    sizes = {"cuda": (8192, 2**28), "cpu": (1024, 2**26)}[DEVICE]
    (steps, rounds), (side, length) = ((2, 1), (64, 2**16)) if toy else (STEPS, sizes)
    rows = []
    for name, shape in ENCODERS["toy" if toy else DEVICE].items():
        for task in TASKS:
            encoded = examples(task, RECIPE["batch"] * steps, shape["vocab_size"])
            work = operations(shape, encoded.lengths.tolist()) / steps
            for precision, dtype in PRECISIONS.items():
                progress(f"peak: {name}, {task}, {precision}")
                timed = model(shape, "classification")
                moved = MOVED * sum(weight.numel() for weight in timed.parameters())
                workspace = warm(Workspace(timed, precision, DEVICE), encoded)
                found = side_by_side(
                    {
                        "products": lambda: [work / product_rate(dtype, side)],  # noqa: B023
                        "memory": lambda: [moved / copy_rate(length)],  # noqa: B023
                        "engine": lambda: engine_steps(workspace, encoded),  # noqa: B023
                    },
                    rounds,
                )
                rows.append([name, task, precision, *_shares(**found)])
    note = (
        "What a step of 16 examples takes at least, and what it takes. Products: 6 operations per"
        " weight of the body and token, plus attention, at the rate of `torch.matmul` of"
        f" {side} x {side} with the same threads. Memory: {MOVED} bytes per weight for gradient,"
        " norm and AdamW at the rate of a copy."
    )
    header = ["model", "lengths of", "precision", "products, s", "memory, s", "engine, s"]
    return Table("Share of the floor", [*header, "products' share", "floor's share"], rows, note)


def _shares(products: float, memory: float, engine: float) -> list[str]:
    seconds = [f"{value:.3g}" for value in (products, memory, engine)]
    return [*seconds, f"**{products / engine:.0%}**", f"**{(products + memory) / engine:.0%}**"]
