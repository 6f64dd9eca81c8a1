"""Several jobs at once on one device, against one after the other."""

import multiprocessing
import os
import time
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from typing import Any

import torch

from benchmarks.shapes import DEVICE, ENCODERS, TIMED, examples, model
from benchmarks.table import Table, progress
from benchmarks.trainer import RECIPE, STEPS, now, warm
from stilts.machine.hardware import device_kind
from stilts.training.loop import train
from stilts.training.precision import resolve_precision
from stilts.training.workspace import Workspace

TASK = "cola"
JOBS = (1, 2, 4)
ALONE = 600  # seconds after which a job that waits for the others gives up


def _work(shape: dict[str, Any], steps: int, threads: int, start: Barrier, spans: Queue) -> None:
    """Train for some steps when all jobs are ready; tell when that began and ended."""
    torch.set_num_threads(threads)
    precision = resolve_precision("auto", device_kind("auto"), shape["hidden_size"])
    encoded = examples(TASK, RECIPE["batch"] * steps, shape["vocab_size"])
    workspace = warm(Workspace(model(shape, "classification"), precision, DEVICE), encoded)
    start.wait(ALONE)
    began = time.time()  # of the machine: perf_counter is one process's own
    train(workspace, {TIMED: encoded}, RECIPE)
    now()
    spans.put((began, time.time()))


def seconds_per_step(shape: dict[str, Any], jobs: int, steps: int) -> float:
    """Return the time of a step, over all jobs: from the first's start to the last's end."""
    context = multiprocessing.get_context("spawn")  # CUDA does not survive a fork
    start, spans = context.Barrier(jobs), context.Queue()
    threads = max(1, (os.cpu_count() or 1) // jobs)
    started = [
        context.Process(target=_work, args=(shape, steps, threads, start, spans))
        for _ in range(jobs)
    ]
    for process in started:
        process.start()
    found = [spans.get(timeout=ALONE) for _ in started]
    for process in started:
        process.join()
    return (max(end for _, end in found) - min(began for began, _ in found)) / (jobs * steps)


def run(toy: bool = False) -> Table:
    """Time one job, then several at once."""
    counts, steps = (JOBS[:2], 2) if toy else (JOBS, 8 * STEPS[0])
    name, shape = next(iter(ENCODERS["toy" if toy else DEVICE].items()))
    rows, alone = [], 0.0
    for jobs in counts:
        progress(f"sharing: {jobs} at once")
        each = seconds_per_step(shape, jobs, steps)
        alone = alone or each
        rows.append([name, str(jobs), f"{1 / each:.3g}", f"**{alone / each:.2f}**"])
    note = (
        f"Training steps a second of all jobs together, 16 examples, lengths of {TASK.upper()}; on"
        " a CPU the jobs share its cores out, on a GPU they are `trials_per_gpu`."
    )
    return Table("Sharing a device", ["model", "jobs", "steps/s", "x one job"], rows, note)
