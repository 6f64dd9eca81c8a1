"""Is the engine right on this device? Each check is a line."""

import functools
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.gpu import library
from benchmarks.gpu.comparisons import Wrong, at_most, of_losses, of_tensors
from benchmarks.gpu.models import TINY, build, fit, marked
from benchmarks.gpu.part import Teller, line_of, release
from benchmarks.shapes import BASE, DEVICE, LARGE, TIMED, TOY, examples
from benchmarks.trainer import STILL
from stilts.models.attention import attend
from stilts.models.batch import Batch, pack
from stilts.models.load import copy_weights, reset
from stilts.training.flat import ALL, lay_flat
from stilts.training.graphs import CudaGraph, Replayed, fill
from stilts.training.loop import train
from stilts.training.memory import KEPT, pieces, token_bytes
from stilts.training.snapshot import Snapshot
from stilts.training.workspace import Workspace

CUDA = DEVICE == "cuda"
# Accumulation with an incomplete last window, a warmup, and clipping that is at work.
RECIPE = {"lr": 5e-4, "batch": 8, "micro_batch": 4, "warmup": 0.2, "seed": 12, "epochs": 2}
RECIPE |= {"clip": 0.5}
EXAMPLES = 100
# What is allowed between sums in another order: of fp32; of a GPU that adds up in any order; and
# of bf16, which has 8 bits.
FP32, AGAIN, BF16 = 1e-5, 1e-4, 2e-2


class LeftOut(Exception):
    """This device cannot make the check; the text says why."""


class _Again:
    """What a CUDA graph does, without CUDA: the step once more, on the tensors it was given."""

    def __init__(self, step: Callable[..., Tensor], batch: Batch, weight: Tensor, earlier: object):
        self.step, self.batch, self.weight = step, batch, weight

    def replay(self) -> Tensor:
        return self.step(self.batch, self.weight)


def attention(first_only: bool) -> str:
    """Compare bf16 attention, the variable-length kernel on CUDA, with a padded block in fp32."""
    batch, heads = pack(examples("rte", 16, 300), range(16), DEVICE), 4
    torch.manual_seed(0)
    drawn = torch.randn(batch.tokens.shape[1], 3 * heads * 16, device=DEVICE).bfloat16()
    found, wanted = drawn.clone().requires_grad_(), drawn.float().requires_grad_()
    outputs = [attend(each, batch, heads, first_only=first_only) for each in (found, wanted)]
    upstream = torch.randn(outputs[0].shape, device=DEVICE).bfloat16()
    for output in outputs:
        output.backward(upstream.to(output.dtype))
    slopes = at_most(BF16, of_tensors(found.grad, wanted.grad))
    return f"{at_most(BF16, of_tensors(*outputs))}; gradients: {slopes}"


def replays(precision: str) -> str:
    """Compare loss and gradients of a replayed graph with those of single launches."""
    model = build(TINY, DEVICE, **STILL).train()
    gradients = lay_flat(model)[ALL].grad

    def step(batch: Batch, weight: Tensor) -> Tensor:
        with torch.autocast(DEVICE, torch.bfloat16, enabled=precision == "bf16"):
            loss = weight * model.loss(batch, TIMED)
        loss.backward()
        return loss.detach()

    def outcome(step: Callable[..., Tensor], *given: Any) -> Tensor:
        gradients.zero_()
        loss = step(*given).clone()
        return torch.cat([loss[None], gradients])

    replayed = Replayed(step, DEVICE, CudaGraph if CUDA else _Again)
    drawn, apart = pack(examples("cola", 8, 300), range(8)), []
    for shift in range(4):  # launched, recorded and replayed, replayed, replayed
        batch = replace(drawn, tokens=5 + (drawn.tokens + 31 * shift) % 290)
        weight = torch.full((), 0.1 + shift, device=DEVICE)
        wanted = outcome(step, fill(batch).to(DEVICE), weight)
        apart.append(of_tensors(outcome(replayed, batch, 0.1 + shift), wanted))
    if CUDA and replayed.record is None:
        raise Wrong("this device records no graph")
    told = at_most(AGAIN if precision == "fp32" else BF16, *apart)
    return told if CUDA else f"{told} (a stand-in for graphs: this is no GPU)"


def with_graphs(precision: str, **changes: float) -> str:
    """Compare training by graphs with training by single launches."""
    found, wanted = (
        fit(build(TINY, **changes), _task(), RECIPE, precision, graphs=graphs).losses
        for graphs in (True, False)
    )
    return at_most(AGAIN if precision == "fp32" else BF16, of_losses(found, wanted))


def against_library() -> str:
    """Compare every loss in fp32 with those of transformers' own forward and loop."""
    ours, theirs = (build(TINY, **STILL) for _ in range(2))
    found = fit(ours, _task(), RECIPE).losses
    trainer = library.reference(theirs.head(TIMED).owner, _task(), RECIPE)
    trainer.train()
    told = at_most(FP32, of_losses(found, trainer.losses))
    return f"{told}; the loss fell by {found[0] - min(found):.2f}"


def full_width(shape: dict[str, Any]) -> str:
    """Compare the losses of real widths, two layers, with those of padded batches in fp32."""
    shape, recipe = shape | {"num_hidden_layers": 2}, RECIPE | {"lr": 1e-5, "epochs": 1}
    encoded = examples("rte", 24, shape["vocab_size"])
    ours, theirs = (build(shape, DEVICE, **STILL) for _ in range(2))
    found = fit(ours, encoded, recipe).losses
    trainer = library.reference(theirs.head(TIMED).owner, encoded, recipe, width=128)
    trainer.train()
    return at_most(AGAIN, of_losses(found, trainer.losses))


def like_the_cpu() -> str:
    """Compare training on the device with training on the CPU."""
    found, wanted = (
        fit(build(TINY, **STILL), _task(), RECIPE, device=device).losses
        for device in (DEVICE, "cpu")
    )
    return at_most(AGAIN, of_losses(found, wanted))


def in_bf16() -> str:
    """Compare training in bf16 with training in fp32."""
    found, wanted = (
        fit(build(TINY, **STILL), _task(), RECIPE, precision).losses
        for precision in ("bf16", "fp32")
    )
    return at_most(BF16, of_losses(found, wanted))


def in_pieces() -> str:
    """Compare the gradients of a batch that is cut up with those of the whole."""
    encoded, every = _task(), np.arange(64)
    sums, counts = [], []
    for limit in (None, 100):
        workspace = Workspace(build(TINY, **STILL), "fp32", DEVICE)
        weights = workspace.open([encoded])[0]
        cut = list(pieces(encoded, every, limit))
        for piece in cut:
            workspace.accumulate(pack(encoded, piece), 1 / len(every), TIMED)
        sums.append(weights.grad.clone())
        counts.append(len(cut))
    return f"{counts[1]} pieces: {at_most(AGAIN, of_tensors(sums[1], sums[0]))}"


def again() -> str:
    """Compare three trials of one seed in the same memory, dropout on."""
    model = build(TINY)
    start, workspace = copy_weights(model), Workspace(model, "fp32", DEVICE)
    losses = []
    for _ in range(3):
        reset(model, start, {}, seed=0)
        losses.append(train(workspace, {TIMED: _task()}, RECIPE).losses)
    return at_most(AGAIN, *(of_losses(found, losses[0]) for found in losses[1:]))


def resumed() -> str:
    """Compare a run that was cut off and goes on from its snapshot with one that was not."""

    class CutOff(Exception):
        pass

    def cut(history: Any, *_: Any) -> None:
        if history.steps == 20:
            raise CutOff

    wanted = fit(build(TINY), _task(), RECIPE).losses
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "key"
        try:
            with Snapshot(place, minutes=0) as snapshot:
                fit(build(TINY), _task(), RECIPE, progress=cut, snapshot=snapshot)
        except CutOff:
            pass
        steps: list[int] = []
        with Snapshot(place, minutes=1) as snapshot:
            note = {"progress": lambda history, *_: steps.append(history.steps)}
            found = fit(build(TINY), _task(), RECIPE, snapshot=snapshot, **note).losses
    told = at_most(AGAIN, of_losses(found, wanted))
    return f"from step {steps[0] - 1} of {steps[-1]}: {told}"


def planned_memory(shape: dict[str, Any], precision: str) -> str:
    """Compare the memory that a batch takes with what is planned for it."""
    if not CUDA:
        raise LeftOut("this is no GPU")
    encoded = examples("rte", 96, shape["vocab_size"])
    workspace = Workspace(build(shape, DEVICE), precision, DEVICE, graphs=False)
    workspace.open([encoded])
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    workspace.accumulate(pack(encoded, range(96)), 1 / 96, TIMED)
    taken = torch.cuda.max_memory_allocated() - before
    each = token_bytes(workspace.model.config, precision, int(encoded.lengths.max()))
    share = taken / (each * int(encoded.lengths.sum()))
    told = f"{share:.2f} of what is planned with, {1 / KEPT:.2f} allowed"
    if share > 1 / KEPT:
        raise Wrong(told)
    return told


def checks(toy: bool) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield the checks by what they say."""
    of = functools.partial
    wide, base = (TOY, TOY) if toy else (LARGE, BASE)
    yield "attention of bf16 sequences is that of a padded block", of(attention, False)
    yield "so is the attention of first tokens alone", of(attention, True)
    yield f"fp32 losses equal those of the {library.NAME}", against_library
    for precision in ("fp32", "bf16"):
        yield f"graphs replayed equal launches one by one, {precision}", of(replays, precision)
    for precision in ("fp32", "bf16"):
        yield f"training with graphs equals without, {precision}", of(with_graphs, precision)
    still = of(with_graphs, "fp32", **STILL)
    yield "training with graphs equals without, dropout off", still
    yield "the device trains as the CPU does", like_the_cpu
    yield "bf16 trains as fp32 does", in_bf16
    yield "a batch that is cut up has the gradients of the whole", in_pieces
    yield "a run that is cut off goes on from its snapshot", resumed
    yield "trials in the same memory do not depend on each other", again
    yield "losses of full width equal those of padded batches, fp32", of(full_width, wide)
    for precision in ("fp32", "bf16"):
        planned = of(planned_memory, base, precision)
        yield f"a batch takes no more memory than is planned with, {precision}", planned


def run(tell: Teller, toy: bool) -> None:
    """Make all checks."""
    tell.table(
        ["check", "result", "in numbers"],
        "Tiny models unless a line says otherwise. Losses: the largest difference over all steps."
        " Attention and gradients: the norm of the difference over the norm.",
    )
    if not library.TRAINER:
        tell.warned(library.MISSING)
    for title, check in checks(toy):
        if tell.fits(title, 2):
            tell.say(title)
            _line(tell, title, check)
            release()


def _line(tell: Teller, title: str, check: Callable[[], str]) -> None:
    try:
        tell.row(title, "passed", check())
    except LeftOut as reason:
        tell.left_out(f"{title}: {reason}")
    except Exception as error:
        told = str(error) if isinstance(error, Wrong) else line_of(error)
        tell.row(title, "**FAILED**", told)
        tell.failed(f"{title}: {told}")
        if isinstance(error, torch.AcceleratorError):  # no later check can pass
            raise


def _task() -> Any:
    return marked("cola", EXAMPLES, TINY["vocab_size"])
