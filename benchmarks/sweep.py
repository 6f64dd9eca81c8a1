"""A whole sweep: one job of the workflow against one Trainer process per grid point."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from benchmarks.shapes import encoder
from benchmarks.table import Table, progress, side_by_side
from stilts.files.fingerprint import ROOT
from stilts.files.manifest import write_manifest
from stilts.jobs.make_task import make_task
from stilts.models.checkpoint import describe
from stilts.models.save import save_library
from stilts.question.ask import Question, ask
from stilts.question.cells import Cell
from stilts.tasks.rows import read_split
from stilts.training.corpus import make_tokenizer

STUDY, MODEL, TASK = "rethinking", "roberta-large", "rte"


def question(toy: bool) -> Question:
    """Return the miniature study with one cell: 36 points, or 2."""
    grid = {"grid": {"lr": [1e-5], "batch": [16], "warmup": [0]}} if toy else {}
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    only = {"chains": ["none"], "targets": [TASK], **grid}
    settings = {"targets": {"epochs": 1}} if toy else {}
    return ask({**config, "studies": [STUDY], "scale": "mini", "only": only, "settings": settings})


def prepare(asked: Question, folder: Path) -> None:
    """Write the task's rows and a starting model of the miniature's size, of random weights."""
    make_task(asked.task_spec(TASK), folder / "data")
    recipe = asked.model_spec(MODEL)["origin"]["pretrain"]
    texts = [
        " ".join([*row["first"], *row["second"]]) for row in read_split(folder / "data", "train")
    ]
    tokenizer = make_tokenizer(recipe, texts)
    shape = {**recipe["config"], "vocab_size": len(tokenizer), "pad_token_id": 1}
    model = encoder(shape, "classification", num_labels=2)
    save_library(model, tokenizer, folder / "model")
    write_manifest(folder / "model", describe(folder / "model"))


def child(module: str, *words: str) -> list[float]:
    """Return the seconds that a process of its own takes for a module, imports included."""
    start = time.perf_counter()
    call = [sys.executable, "-m", f"benchmarks.{module}", *words]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(call)} failed:\n{done.stderr[-2000:]}")
    return [time.perf_counter() - start]


def run(toy: bool = False) -> Table:
    """Time both; of the Trainer's points some are run, and the time is scaled up to all."""
    asked = question(toy)
    points = list(asked.plans[STUDY].points[Cell(MODEL, "none", TASK)])
    measured = 1 if toy else 4
    chosen = points[:: len(points) // measured][:measured]
    spec = {"cell": asked.plans[STUDY].target_spec(MODEL, "none", TASK), "points": points}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(asked, folder)
        (folder / "spec.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
        contenders: dict[str, Any] = {"engine": lambda: child("sweep_engine", name)}
        for point in chosen:
            contenders[point] = lambda point=point: child("sweep_trainer", name, point)
        progress(f"sweep: {len(points)} points in one job, {measured} of them by the Trainer")
        found = side_by_side(contenders, 1)
    theirs = sum(found[point] for point in chosen) / measured * len(points)
    rows = [[f"{len(points)}", f"{found['engine']:.0f}", f"{theirs:.0f}"]]
    rows[0] += [f"{measured} of {len(points)}", f"**{theirs / found['engine']:.1f}**"]
    note = (
        "Seconds for a grid on the miniature RTE and a model of the miniature's size. Engine: one"
        " fresh process does what a job of the workflow does, trial store and files of predictions"
        " included, and scores every epoch. `Trainer`: a fresh process per point imports, loads,"
        " tokenises, trains and scores the last epoch; padded to the longest of the batch."
    )
    header = ["points", "engine, s", "`Trainer`, s", "points run by `Trainer`", "ratio"]
    return Table("Sweep", header, rows, note)
