"""Snapshots of a run in training, so that a killed job goes on where it was.

A run that goes on from a snapshot ends, on a CPU, with the same bytes as one that never stopped.
Snapshots lie in the store, outside the declared outputs, which Snakemake deletes when a job fails.
"""

import logging
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from stilts.files import sealed
from stilts.training.history import History

FILE = "snapshot.safetensors"
# What schedulers send before they kill, and Ctrl-C.
SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)
# The fields of a History that are plain JSON; the other two are numbers by the thousand.
_PLAIN = ("epochs", "diverged", "steps", "tokens")

log = logging.getLogger(__name__)


@dataclass
class State:
    """Everything that a training loop changes as it goes.

    weights: what is trained; a gradient that is not zero waits for a later step and is kept too.
    optimizer: the moments. order: the generator that draws the examples.
    kept: the weights as they were after the best epoch so far, where that counts, on the CPU.
    windows, losses: how far the current draw is worked off, and the losses on the way, one
        number each, still on the device. drawn: the state of `order` before that draw.
    """

    weights: list[torch.nn.Parameter]
    optimizer: torch.optim.Optimizer
    order: torch.Generator
    history: History = field(default_factory=History)
    kept: list[Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Nothing is drawn yet."""
        self.next_draw()

    def next_draw(self) -> None:
        """Begin a draw of examples: nothing drawn so far is needed any more."""
        self.drawn = self.order.get_state()
        self.windows = 0
        self.losses: list[Tensor] = []

    def keep_weights(self, select: str) -> None:
        """Keep the weights as they are now; with `last` there is nothing to go back to."""
        if select != "last":
            self.kept = [weight.detach().cpu().clone() for weight in self.weights]

    def take_kept(self) -> None:
        """Go back to the kept weights, if any."""
        for weight, values in zip(self.weights, self.kept, strict=False):
            weight.detach().copy_(values)

    def tensors(self) -> dict[str, Tensor]:
        """Return every number but those of `record`, on the CPU."""
        kept = {"order": self.drawn, "random.cpu": torch.get_rng_state()}
        if self.weights[0].is_cuda:
            kept["random.cuda"] = torch.cuda.get_rng_state(self.weights[0].device)
        for place, weight in enumerate(self.weights):
            kept[f"weight.{place}"] = weight.detach()
            if weight.grad is not None and weight.grad.any():
                kept[f"gradient.{place}"] = weight.grad
        for place, moments in self.optimizer.state_dict()["state"].items():
            kept |= {f"optimizer.{place}.{name}": value for name, value in moments.items()}
        if self.losses:
            kept["losses"] = torch.stack(self.losses)
        kept["history.losses"] = torch.tensor(self.history.losses, dtype=torch.float64)
        for place, outputs in enumerate(self.history.outputs):
            for name, values in outputs.items():
                kept[f"history.outputs.{place}.{name}"] = torch.from_numpy(values)
        kept |= {f"kept.{place}": values for place, values in enumerate(self.kept)}
        return {name: value.cpu().contiguous() for name, value in kept.items()}

    def record(self) -> dict[str, Any]:
        """Return the JSON-like rest: the place in the current draw and the plain history."""
        plain = {name: getattr(self.history, name) for name in _PLAIN}
        return {"windows": self.windows, "history": plain}

    @torch.no_grad()
    def go_back(self, tensors: Mapping[str, Tensor], record: Mapping[str, Any]) -> None:
        """Take on the state that `tensors` and `record` were read from, in place."""
        moments: dict[int, dict[str, Tensor]] = {}
        outputs: dict[int, dict[str, np.ndarray]] = {}
        best: dict[int, Tensor] = {}
        for name, value in tensors.items():
            match name.split(".", 3):
                case ["weight", place]:
                    self.weights[int(place)].copy_(value)
                case ["gradient", place]:
                    self.weights[int(place)].grad.copy_(value)
                case ["optimizer", place, part]:
                    moments.setdefault(int(place), {})[part] = value.clone()
                case ["history", "outputs", place, split]:
                    outputs.setdefault(int(place), {})[split] = value.numpy().copy()
                case ["kept", place]:
                    best[int(place)] = value.clone()
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": moments, "param_groups": groups})
        self.order.set_state(tensors["order"])
        self.next_draw()
        self.windows = record["windows"]
        if "losses" in tensors:
            self.losses = list(tensors["losses"].to(self.weights[0].device))
        self.history.losses = tensors["history.losses"].tolist()
        epochs = len(record["history"]["epochs"])
        self.history.outputs = [outputs.get(place, {}) for place in range(epochs)]
        self.kept = [best[place] for place in sorted(best)]
        for name in _PLAIN:
            setattr(self.history, name, record["history"][name])
        torch.set_rng_state(tensors["random.cpu"])
        if "random.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random.cuda"], self.weights[0].device)


class Snapshot:
    """The snapshot of one run, in a folder named by the run's key.

    Use it as a context around the training: inside, SIGTERM, SIGUSR1 and SIGINT wait for the next
    `keep`, which saves and then ends the process with status 128 + signal.
    """

    def __init__(self, folder: Path, minutes: float):
        self.folder = folder
        self.earlier = 0.0  # seconds that the run has taken before this process
        self._interval = 60 * minutes
        self._signal: int | None = None

    def __enter__(self) -> Self:
        """Start the clock, and note the signals that would end the process."""
        self._began = time.monotonic()
        self._due = self._began + self._interval
        self._handlers = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Give the signals back; one that came after the last `keep` takes its usual effect."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if self._signal and kind is None:
            signal.raise_signal(self._signal)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._signal = number

    def restore(self, state: State) -> None:
        """Take `state` back to the snapshot, if there is one that is whole and of this run."""
        for leftover in self.folder.glob(f".{FILE}.*.tmp"):  # of a job killed while it was saving
            leftover.unlink(missing_ok=True)
        path = self.folder / FILE
        if not path.is_file():
            return
        try:
            tensors, record = sealed.read(path, self.folder.name)
        except sealed.ERRORS as error:
            log.warning("snapshot ignored, training from the start: %s: %s", path, error)
            return
        state.go_back(tensors, record)
        self.earlier = record["seconds"]
        log.info("resumed after step %d from %s", state.history.steps, path)

    def keep(self, state: State) -> None:
        """Save `state` if the interval is over; save it and end the process if told to stop."""
        if self._signal is None and time.monotonic() < self._due:
            return
        try:
            self._save(state)
        except sealed.ERRORS as error:
            log.warning("no snapshot, training goes on: %s: %s", self.folder, error)
        self._due = time.monotonic() + self._interval
        if self._signal:
            name = signal.Signals(self._signal).name
            log.warning("stopped by %s after step %d", name, state.history.steps)
            sys.exit(128 + self._signal)

    def _save(self, state: State) -> None:
        seconds = self.earlier + time.monotonic() - self._began
        record = {"seconds": seconds, **state.record()}
        sealed.write(self.folder / FILE, self.folder.name, state.tensors(), record)

    def discard(self) -> None:
        """Delete the snapshot: what the run has come to is stored."""
        shutil.rmtree(self.folder, ignore_errors=True)
