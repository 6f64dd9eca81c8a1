"""Training steps of the engine against transformers' Trainer, on the same batches."""

import tempfile
import time
from typing import Any

import numpy as np
from transformers import PreTrainedModel, TrainerCallback

from benchmarks.reference import Reference
from benchmarks.shapes import DEVICE, ENCODERS, TIMED, encoder, examples, kind_of, model
from benchmarks.table import Table, progress, side_by_side
from stilts.machine.hardware import device_kind
from stilts.models.tokens import Encoded
from stilts.training.loop import train
from stilts.training.precision import resolve_precision
from stilts.training.workspace import Workspace

RECIPE = {"lr": 1e-5, "batch": 16, "seed": 12, "epochs": 1, "warmup": 0.0}
WIDTH = 128  # of the example scripts
STILL = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
STEPS = (30, 3) if DEVICE == "cuda" else (3, 2)  # of an epoch, and epochs
TASKS = ("rte", "wic", "cola", "socialiqa")


class _Clock(TrainerCallback):
    def __init__(self) -> None:
        self.ends: list[float] = []

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.ends.append(time.perf_counter())


def now() -> float:
    """Return the time in seconds, after all that the GPU has been given is done."""
    if DEVICE == "cuda":
        import torch

        torch.cuda.synchronize()
    return time.perf_counter()


def engine_steps(workspace: Workspace, encoded: Encoded) -> list[float]:
    """Return the seconds of the steps of one epoch after the first, see `_seconds`."""
    ends: list[float] = []
    train(workspace, {TIMED: encoded}, RECIPE, progress=lambda *_: ends.append(time.perf_counter()))
    return _seconds(ends)


def warm(workspace: Workspace, encoded: Encoded) -> Workspace:
    """Let a GPU meet every shape of an epoch twice: it then has all recordings, as in a job."""
    for _ in range(2 if DEVICE == "cuda" else 0):
        train(workspace, {TIMED: encoded}, RECIPE)
    return workspace


def trainer_steps(
    model: PreTrainedModel, encoded: Encoded, precision: str, width: int | None
) -> list[float]:
    """Return the seconds of the steps after the first; see `Reference` for `width`."""
    clock = _Clock()
    trainer = _reference(model, encoded, width, bf16=precision == "bf16")
    trainer.add_callback(clock)
    trainer.train()
    return _seconds(clock.ends)


def _seconds(ends: list[float]) -> list[float]:
    """Return the time between the ends of steps; on a GPU their mean up to the end of its work."""
    if DEVICE == "cuda":  # kernels run on after they were launched, and no step is waited for
        return [(now() - ends[0]) / (len(ends) - 1)]
    return np.diff(ends).tolist()


def _reference(
    model: PreTrainedModel, encoded: Encoded, width: int | None, **settings: Any
) -> Reference:
    folder = tempfile.gettempdir()  # nothing is written
    return Reference(
        model, encoded, RECIPE, folder, width=width, use_cpu=DEVICE == "cpu", **settings
    )


def check_equality(shape: dict[str, Any], task: str, width: int | None) -> None:
    """Fail unless engine and Trainer have the same loss in the first step, dropout off, fp32.

    Two layers of the shape: the same arithmetic in less time.
    """
    shape = {**shape, "num_hidden_layers": 2}
    kind, encoded = kind_of(task), examples(task, RECIPE["batch"], shape["vocab_size"])
    workspace = Workspace(model(shape, kind, **STILL), device=DEVICE)
    ours = train(workspace, {TIMED: encoded}, RECIPE).losses
    reference = _reference(encoder(shape, kind, **STILL), encoded, width)
    reference.train()
    np.testing.assert_allclose(ours, reference.losses, atol=1e-4 if DEVICE == "cuda" else 1e-5)


def run(toy: bool = False) -> Table:
    """Time every model on the lengths of every task."""
    steps, rounds, tasks = (2, 1, TASKS[::3]) if toy else (*STEPS, TASKS)
    rows = []
    for name, shape in ENCODERS["toy" if toy else DEVICE].items():
        for task in tasks:
            progress(f"trainer: {name}, {task}")
            # The example script for multiple choice pads to the longest of a batch, not to 128.
            width = WIDTH if kind_of(task) == "classification" else None
            check_equality(shape, task, width)
            encoded = examples(task, RECIPE["batch"] * steps, shape["vocab_size"])
            precision = resolve_precision("auto", device_kind("auto"), shape["hidden_size"])
            # Three models: accelerate leaves its autocast on a model that it has once prepared.
            plain, tuned = (encoder(shape, kind_of(task)) for _ in range(2))
            ours = warm(Workspace(model(shape, kind_of(task)), precision, DEVICE), encoded)
            found = side_by_side(
                {
                    "engine": lambda: engine_steps(ours, encoded),  # noqa: B023
                    "defaults": lambda: trainer_steps(plain, encoded, "fp32", width),  # noqa: B023
                    "tuned": lambda: trainer_steps(tuned, encoded, precision, None),  # noqa: B023
                },
                rounds,
            )
            rows.append(_row(name, task, encoded, steps, found))
            progress(f"  {' | '.join(rows[-1])}")
    note = (
        "Seconds of one training step of 16 examples, dropout on; random weights and ids, lengths"
        " of the real tasks. Defaults: `Trainer` as in the example scripts (fp32; classification"
        f" padded to {WIDTH} tokens, multiple choice to the longest of the batch). Tuned:"
        f" {precision}, padded to the longest of the batch. Engine: {precision}. With dropout off"
        " the losses of the first batch agree to 1e-5 (two layers of each shape). Medians of"
        f" {rounds} times {steps - 1} steps, taken in turn."
    )
    header = ["model", "lengths of", "engine, s", "tokens/s", "defaults, s", "tuned, s"]
    return Table("Training", [*header, "x defaults", "x tuned"], rows, note)


def _row(name: str, task: str, encoded: Encoded, steps: int, found: dict[str, float]) -> list[str]:
    engine, defaults, tuned = (found[key] for key in ("engine", "defaults", "tuned"))
    tokens = encoded.lengths.sum() / steps
    seconds = [f"{engine:.3g}", f"{tokens / engine:,.0f}", f"{defaults:.3g}", f"{tuned:.3g}"]
    return [name, task, *seconds, f"**{defaults / engine:.1f}**", f"**{tuned / engine:.1f}**"]
