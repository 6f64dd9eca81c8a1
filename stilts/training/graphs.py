"""Kernels of a GPU recorded once per shape and replayed: short batches do not wait for Python.

A step of a large encoder launches some thousand kernels. On short sequences each of them is done
sooner than Python can launch the next; replayed, they follow each other without it.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, Self

import torch
from torch import Tensor

from stilts.models.batch import IGNORED, Batch

# A batch of more tokens keeps the GPU at work for longer than its launches take.
SHORT = 8192
Step = Callable[[Batch, Tensor], Tensor]

log = logging.getLogger(__name__)


class Recording(Protocol):
    """A step that was recorded on `batch` and `weight`, to be replayed on other contents."""

    batch: Batch
    weight: Tensor

    def __init__(self, step: Step, batch: Batch, weight: Tensor, earlier: Self | None):
        """Record; `earlier` is another recording of the same step."""

    def replay(self) -> Tensor:
        """Do the step again and return its loss, which the next replay overwrites."""


class CudaGraph:
    """A `Recording` of CUDA; recording runs nothing.

    Graphs of one pool share their memory: their results are to be used before the next replay.
    """

    def __init__(self, step: Step, batch: Batch, weight: Tensor, earlier: Self | None):
        self.batch, self.weight = batch, weight
        self.graph = torch.cuda.CUDAGraph()
        pool = earlier.graph.pool() if earlier else None
        # A recording that fails would leave its own stream behind as the current one.
        with torch.cuda.stream(torch.cuda.current_stream()):
            with torch.cuda.graph(self.graph, pool=pool):
                self.loss = step(batch, weight)

    def replay(self) -> Tensor:
        """Launch all kernels at once."""
        self.graph.replay()
        return self.loss


class Replayed:
    """Does a step on batches of any shape, with a recording for each shape that comes again.

    A shape's first batch runs kernel by kernel, as a recording needs it: libraries set themselves
    up on the way. The numbers are the same either way, random ones included, so they do not
    depend on which shapes were seen before.

    Args:
        step: works on tensors that stay where they are; what it finds out in Python is recorded as
            a constant, and may depend on the shape of its batch alone.
        record: makes a recording, see `CudaGraph`; None to launch every batch kernel by kernel.
    """

    def __init__(self, step: Step, device: str, record: type[Recording] | None):
        self.step, self.device, self.record = step, device, record
        self._recordings: dict[tuple[int, ...], Recording | None] = {}

    def __call__(self, batch: Batch, weight: float) -> Tensor:
        """Return the loss of the step on a batch that lies on the CPU."""
        batch = fill(batch)
        shape = (batch.tokens.shape[1], len(batch.starts), batch.longest)
        if self.record and shape in self._recordings:
            recording = self._recordings[shape] or self._recorded(shape, batch)
            if recording:
                return _replay(recording, batch, weight)
        self._recordings.setdefault(shape, None)
        return self.step(batch.to(self.device), torch.full((), weight, device=self.device))

    def _recorded(self, shape: tuple[int, ...], batch: Batch) -> Recording | None:
        earlier = next(filter(None, self._recordings.values()), None)
        given = batch.to(self.device), torch.ones((), device=self.device)
        try:
            self._recordings[shape] = self.record(self.step, *given, earlier)
        except RuntimeError as error:
            cause = error.__context__ or error  # the end of a failed recording fails as well
            log.warning("no more CUDA graphs, training goes on without, slower: %s", cause)
            self.record = None
        return self._recordings[shape]


def _replay(recording: Recording, batch: Batch, weight: float) -> Tensor:
    for name, place in recording.batch.tensors().items():
        place.copy_(getattr(batch, name), non_blocking=True)
    recording.weight.fill_(weight)
    return recording.replay()


def fill(batch: Batch) -> Batch:
    """Return a batch with one more example, without label, that fills it up to a common shape.

    The number of tokens and the longest length become the next of few sizes: 8 from one power of
    two to the next for the tokens, so that 1/16 of them are new on average, and 2 for the length,
    which is a matter of the attention alone. No real token sees the new ones, and they have no
    loss: real losses and gradients stay as they are.
    """
    tokens, sequences, choices = batch.tokens.shape[1], len(batch.starts), batch.choices
    extra = _size(tokens + choices, 8) - tokens
    added = torch.full((choices,), extra // choices)
    added[: extra % choices] += 1
    longest = _size(max(batch.longest, int(added.max())), 2)
    lengths = torch.cat([batch.bounds.diff(), added])
    bounds = torch.cat([lengths.new_zeros(1), lengths.cumsum(0)])
    rows = torch.arange(sequences + choices).repeat_interleave(lengths)
    columns = torch.arange(tokens + extra) - bounds[:-1].repeat_interleave(lengths)
    hidden = torch.arange(longest) >= lengths[:, None]
    none = batch.tokens.new_zeros(1, extra)
    return replace(
        batch,
        tokens=torch.cat([batch.tokens, none], dim=1),
        # All at position 0: a filling can be longer than the positions that the model knows.
        positions=torch.cat([batch.positions, none], dim=1),
        types=torch.cat([batch.types, none], dim=1),
        starts=bounds[:-1],
        bounds=bounds.int(),
        slots=rows * longest + columns,
        mask=torch.zeros(hidden.shape).masked_fill_(hidden, -torch.inf)[:, None, None],
        longest=longest,
        labels=torch.cat([batch.labels, torch.full_like(batch.labels[:1], IGNORED)]),
    )


def _size(least: int, steps: int) -> int:
    """Return the smallest size that is not below `least`: `steps` of them an octave, from 8 on."""
    step = max(8, 2 ** (least - 1).bit_length() // 2 // steps)
    return -(-least // step) * step
