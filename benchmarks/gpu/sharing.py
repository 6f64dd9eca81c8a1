"""Trials on one GPU: each in its own process, one after the other in one, two processes at once."""

import multiprocessing
import queue
import time
from functools import partial
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any

from benchmarks.gpu.models import PRECISION, build, encoders
from benchmarks.gpu.part import Teller, line_of
from benchmarks.shapes import DEVICE, TIMED, examples
from benchmarks.trainer import RECIPE, now
from stilts.models.load import copy_weights, reset
from stilts.training.loop import train
from stilts.training.workspace import Workspace

LENGTHS = "cola"  # short: what a single process leaves idle the most
STEPS = 60  # of a trial
FIRST, LATER = 2, 3  # trials until every shape is recorded, and those that are timed
AT_ONCE = 2


def work(
    shape: dict[str, Any], steps: int, later: int, start: Barrier, told: Queue, patience: float
) -> None:
    """Do trials like a job: put down when the first one, the waiting and all others ended."""
    try:
        model = build(shape, DEVICE)
        weights, workspace = copy_weights(model), Workspace(model, PRECISION, DEVICE)
        encoded = examples(LENGTHS, RECIPE["batch"] * steps, shape["vocab_size"])

        def trial() -> float:
            reset(model, weights, {}, seed=0)
            train(workspace, {TIMED: encoded}, RECIPE)
            now()
            return time.time()  # of the machine: perf_counter is one process's own

        first = [trial() for _ in range(FIRST)]
        start.wait(patience)
        began = time.time()
        ends = [trial() for _ in range(later)]
        told.put((first[0], began, ends[-1]))
    except Exception as error:  # foreign code on foreign machines
        told.put(line_of(error))


def jobs(
    count: int, shape: dict[str, Any], steps: int, later: int, patience: float
) -> tuple[float, float]:
    """Let so many jobs run at once.

    Returns:
        Seconds until a job that has just been started has done its first trial, and seconds per
        trial, over all jobs, from the first's start of the timed ones to the last's end.

    Raises:
        RuntimeError: a job failed, or said nothing for so long.
    """
    context = multiprocessing.get_context("spawn")  # CUDA does not survive a fork
    start, told = context.Barrier(count), context.Queue()
    given = (shape, steps, later, start, told, patience)
    processes = [context.Process(target=work, args=given) for _ in range(count)]
    began = time.time()
    for process in processes:
        process.start()
    try:
        found = [told.get(timeout=patience) for _ in processes]
    except queue.Empty:
        raise RuntimeError("a job said nothing") from None
    finally:
        for process in processes:
            process.join(2)
            process.terminate()
    errors = [each for each in found if isinstance(each, str)]
    if errors:
        raise RuntimeError(errors[0])
    first, starts, ends = zip(*found, strict=True)
    return max(first) - began, (max(ends) - min(starts)) / (count * later)


def run(tell: Teller, toy: bool) -> None:
    """Time one job, then two at once."""
    steps, later = (2, 1) if toy else (STEPS, LATER)
    name, shape = next(iter(encoders(toy).items()))
    tell.table(
        ["trials of", "how", "seconds a trial", "steps/s", "x one after the other"], _note(steps)
    )
    alone = None
    for count in (1, AT_ONCE):
        what = f"{name}, {count} at once"
        if not tell.fits(what, 0 if toy else 20):
            continue
        found = tell.attempt(what, partial(jobs, count, shape, steps, later, tell.left()))
        if found and count == 1:
            first, alone = found
            rows = [("a fresh process for each", first), ("one after the other in one", alone)]
        elif found:
            rows = [(f"{count} processes at once, together", found[1])]
        for how, seconds in rows if found else []:
            ratio = f"**{alone / seconds:.2f}**" if alone else "-"
            tell.row(name, how, f"{seconds:.2f}", f"{steps / seconds:.1f}", ratio)


def _note(steps: int) -> str:
    return (
        f"Trials of {steps} steps of {RECIPE['batch']} examples, lengths of {LENGTHS.upper()},"
        f" {PRECISION}, each from the same starting weights. A fresh process imports, builds the"
        f" model and launches every kernel; the others have done {FIRST} trials before, which"
        " recorded their kernels. Two at once are `trials_per_gpu=2`."
    )
