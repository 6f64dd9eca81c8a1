"""The customary way: transformers' own forward and Trainer, on the engine's batches.

Trainer needs accelerate. Where that is missing, a plain loop over padded batches stands in.
"""

import tempfile
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import PreTrainedModel, TrainerCallback

from benchmarks.reference import PadToLongest, Reference, Rows
from benchmarks.shapes import DEVICE, TIMED
from stilts.models.tokens import Encoded
from stilts.question.recipe import complete
from stilts.training.steps import Window, draw, rate, total_steps

TRAINER = bool(find_spec("accelerate"))
NAME = "`Trainer`" if TRAINER else "plain padded loop"
MISSING = "accelerate is missing, which Trainer needs: a plain loop over padded batches stands in"


class Trains(Protocol):
    """Trains once by `train`; then `losses` holds the loss of every step."""

    losses: list[float]

    def train(self) -> object:
        """Train to the end of the recipe."""


def reference(
    model: PreTrainedModel,
    encoded: Encoded,
    recipe: Mapping[str, Any],
    *,
    width: int | None = None,
    bf16: bool = False,
    stepped: Callable[[], None] | None = None,
    **settings: Any,
) -> Trains:
    """Return what trains a model of transformers, in place.

    Args:
        model: it is trained on the device of all benchmarks.
        encoded: training examples.
        recipe: as for the engine.
        width: pad every example to so many tokens; None pads each batch to its longest.
        bf16: autocast.
        stepped: called after every step.
        settings: further `TrainingArguments`, for Trainer alone.
    """
    if not TRAINER:
        return PaddedLoop(model, encoded, recipe, width, bf16, stepped)
    settings |= {"bf16": bf16, "use_cpu": DEVICE == "cpu"}
    folder = tempfile.gettempdir()  # nothing is written
    trainer = Reference(model, encoded, dict(recipe), folder, width=width, **settings)
    if stepped:
        trainer.add_callback(_Steps(stepped))
    return trainer


class _Steps(TrainerCallback):
    def __init__(self, stepped: Callable[[], None]):
        self._stepped = stepped

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self._stepped()


class PaddedLoop:
    """A loop as tutorials have it: padded batches, autocast, clipping, fused AdamW."""

    def __init__(
        self,
        model: PreTrainedModel,
        encoded: Encoded,
        recipe: Mapping[str, Any],
        width: int | None,
        bf16: bool,
        stepped: Callable[[], None] | None,
    ):
        padding = model.config.pad_token_id
        self.model, self.recipe, self.stepped = model, complete(recipe), stepped
        self.rows, self.collate = Rows(encoded, padding, width), PadToLongest(padding)
        self.autocast = torch.autocast(DEVICE, torch.bfloat16, enabled=bf16)
        self._losses: list[Tensor] = []

    @property
    def losses(self) -> list[float]:
        """The loss of every step so far."""
        return torch.stack(self._losses).tolist()

    def train(self) -> None:
        """Train to the end of the recipe."""
        recipe, sizes = self.recipe, {TIMED: len(self.rows)}
        self.model.to(DEVICE).train()
        optimizer = torch.optim.AdamW(
            self.model.parameters(),
            betas=tuple(recipe["betas"]),
            eps=recipe["eps"],
            weight_decay=recipe["weight_decay"],
            fused=True,
        )
        total = total_steps(sizes, recipe)
        torch.manual_seed(recipe["seed"])
        order = torch.Generator().manual_seed(recipe["seed"])
        for _ in range(recipe["epochs"]):
            for window in draw(sizes, recipe, order):
                loss = self._accumulate(window)
                if recipe["clip"] is not None:
                    torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe["clip"])
                share = rate(len(self._losses), total, recipe)
                optimizer.param_groups[0]["lr"] = recipe["lr"] * share
                optimizer.step()
                optimizer.zero_grad()
                self._losses.append(loss)
                if self.stepped:
                    self.stepped()

    def _accumulate(self, window: Window) -> Tensor:
        """Add up the gradients of a window; return its loss, on the device."""
        whole = torch.zeros((), device=DEVICE)
        for examples, weight in window.parts:
            batch = self.collate([self.rows[int(i)] for i in examples])
            batch = {name: value.to(DEVICE, non_blocking=True) for name, value in batch.items()}
            with self.autocast:
                loss = self.model(**batch).loss * (len(examples) * weight)
            loss.backward()
            whole += loss.detach()
        return whole
