"""Training steps: the engine against the customary way, as it comes and tuned."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import Any, NamedTuple

import torch

from benchmarks.gpu import library
from benchmarks.gpu.models import LENGTHS, PRECISION, build, encoders
from benchmarks.gpu.part import Teller
from benchmarks.shapes import DEVICE, TIMED, examples
from benchmarks.trainer import RECIPE, WIDTH, now
from stilts.models.tokens import Encoded
from stilts.training.loop import train
from stilts.training.workspace import Workspace

STEPS, REPEATS = 40, 3
ENOUGH = 6.0  # seconds of measuring, after which nothing is repeated
CUDA = DEVICE == "cuda"


class Stopwatch:
    """The seconds of a step, from the end of the first to the end of the last."""

    def __init__(self, steps: int):
        self.steps, self.count, self.ends = steps, 0, []

    def __call__(self, *_: Any) -> None:
        """Take notice of the end of a step; only the first and last are waited for."""
        self.count += 1
        if self.count in (1, self.steps):
            self.ends.append(now())

    @property
    def seconds(self) -> float:
        """The mean over the steps between."""
        return (self.ends[1] - self.ends[0]) / (self.steps - 1)


class Way(NamedTuple):
    """A way to train: what it is called, and what makes it ready to train once, timed."""

    name: str
    settings: str
    prepare: Callable[[dict[str, Any], Encoded], Callable[[Stopwatch], object]]


def engine(shape: dict[str, Any], encoded: Encoded) -> Callable[[Stopwatch], object]:
    """Return the engine's training; it has met every shape of the epoch, as later in a job."""
    workspace = Workspace(build(shape, DEVICE), PRECISION, DEVICE)
    for _ in range(2 if CUDA else 0):  # the first time it launches, the second time it records
        train(workspace, {TIMED: encoded}, RECIPE)
    return lambda watch: train(workspace, {TIMED: encoded}, RECIPE, progress=watch)


def tuned(shape: dict[str, Any], encoded: Encoded) -> Callable[[Stopwatch], object]:
    """Return the library's training with what its documents advise for speed."""
    owner = build(shape, DEVICE).head(TIMED).owner
    settings = {"optim": "adamw_torch_fused", "logging_nan_inf_filter": False}
    settings |= {"tf32": True} if CUDA else {}

    def once(watch: Stopwatch) -> None:
        usual = torch.backends.fp32_precision  # which `tf32` changes for the whole process
        try:
            library.reference(owner, encoded, RECIPE, bf16=True, stepped=watch, **settings).train()
        finally:
            torch.backends.fp32_precision = usual

    return once


def defaults(shape: dict[str, Any], encoded: Encoded) -> Callable[[Stopwatch], object]:
    """Return the library's training as the example scripts have it."""
    owner = build(shape, DEVICE).head(TIMED).owner
    return lambda watch: library.reference(
        owner, encoded, RECIPE, width=WIDTH, stepped=watch
    ).train()


WAYS = (
    Way("engine", PRECISION, engine),
    Way(f"{library.NAME}, tuned", "bf16, padded to the longest", tuned),
    Way(f"{library.NAME}, defaults", f"fp32, padded to {WIDTH}", defaults),
)


def measure(
    way: Way, shape: dict[str, Any], encoded: Encoded, steps: int, repeats: int
) -> tuple[float, str]:
    """Return the seconds of a step, the median of some repeats, and the peak memory in words."""
    if CUDA:
        torch.cuda.reset_peak_memory_stats()
    once = way.prepare(shape, encoded)
    found, began = [], time.perf_counter()
    while len(found) < repeats and (not found or time.perf_counter() - began < ENOUGH):
        watch = Stopwatch(steps)
        once(watch)
        found.append(watch.seconds)
    peak = f"{torch.cuda.max_memory_reserved() / 2**30:.1f}" if CUDA else "-"
    return median(found), peak


def cases(toy: bool) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield name and shape of a model, and the task whose lengths it meets."""
    for name, shape in encoders(toy).items():
        for lengths in LENGTHS:
            yield name, shape, lengths


def run(tell: Teller, toy: bool) -> None:
    """Time every way on every model and every task's lengths."""
    steps, repeats = (3, 1) if toy else (STEPS, REPEATS)
    header = ["model", "lengths of", "way", "in", "ms a step", "steps/s", "tokens/s"]
    tell.table([*header, "engine is faster by", "peak memory, GB"], _note(steps, repeats))
    if not library.TRAINER:
        tell.warned(library.MISSING)
    slowest = 0.0
    for name, shape, lengths in cases(toy):
        encoded, ours = examples(lengths, RECIPE["batch"] * steps, shape["vocab_size"]), None
        for way in WAYS:
            what = f"{name}, {lengths}, {way.name}"
            if not tell.fits(what, slowest):
                continue
            began = time.perf_counter()
            found = tell.attempt(what, partial(measure, way, shape, encoded, steps, repeats))
            slowest = max(slowest, time.perf_counter() - began)
            if found:
                seconds, peak = found
                ours = seconds if way.prepare is engine else ours
                tokens = int(encoded.lengths.sum()) / steps
                cells = [f"{1000 * seconds:.2f}", f"{1 / seconds:.1f}", f"{tokens / seconds:,.0f}"]
                faster = f"**{seconds / ours:.2f}**" if ours else "-"
                tell.row(name, lengths, way.name, way.settings, *cells, faster, peak)


def _note(steps: int, repeats: int) -> str:
    return (
        f"Training steps of {RECIPE['batch']} examples, dropout on; random weights and ids, lengths"
        f" of the real tasks, the same batches for every way. Medians of up to {repeats} times"
        f" {steps - 1} steps, one way after the other, each alone on the device. Tokens are real"
        " ones, padding not counted. Engine: no padding, kernels recorded where it records them,"
        " recording not included. Tuned: fused AdamW, TF32 for what is not bf16, no look at the"
        " loss in every step; not compiled, and batches are not grouped by length, which would"
        " draw other batches. Peak memory: what the allocator has taken from the device."
    )
