"""Jobs that are killed for real: a process that trains a shard, and signals from outside."""

import multiprocessing
import random
import shutil
import signal
import time

import pytest

from stilts.files.manifest import sha256_of, write_manifest
from stilts.files.store import Store
from stilts.machine.handling import Handling
from stilts.machine.job import job
from stilts.models.checkpoint import describe
from stilts.tasks.make import write_task
from tests.toys.tiny_jobs import K, X, data_in, model_in, posed_as, stage_of
from tests.toys.tiny_models import checkpoint, pairs

KILLS = 20
POINTS = ["lr0.005_bs4_wu0.3_s12", "lr0.005_bs4_wu0.3_s42"]
TASK = {"name": "t", "kind": "classification", "labels": ["x", "y"], "range": None}
TASK |= {"metric": "accuracy", "scored": ["validation"]}
RECIPE = {
    "epochs": 6,
    "micro_batch": 2,
    "last_window": "carry",
    "max_tokens": 24,
    "select": "best:t.accuracy",
}
SPEC = {key: "n" for key in ("study", "scale", "protocol", "model", "chain", "target")}
SPEC |= {"precision": "fp32", "task": TASK, "recipe": RECIPE}
SHORT = {"max_tokens": 40, "stride": 3, "decode": "independent"}
POSED = {task["name"]: posed_as(**SHORT) for task in (K, X)}
STAGE = stage_of(K, X, posed=POSED, epochs=20)
# A process of its own that has loaded the libraries but computed nothing; each job is a copy of it.
SERVER = multiprocessing.get_context("forkserver")
LATE = ["pyarrow.dataset", "transformers.models.roberta.modeling_roberta"]
SERVER.set_forkserver_preload(["stilts.jobs.outcome", *LATE, __name__])


def train_shard(parents, folder, minutes):
    """What the script of the rule does, with the paths of a test."""
    with job(folder / "log"):
        from stilts.jobs.finetune_targets import finetune_targets

        finetune_targets(
            SPEC,
            [str(folder / f"runs/{point}.json") for point in POINTS],
            [str(folder / f"predictions/{point}.parquet") for point in POINTS],
            checkpoint=parents / "checkpoint",
            data=parents / "data",
            handling=Handling(minutes=minutes),
            store=Store(folder / "store"),
        )


def train_turns(parents, folder, minutes):
    """The same of the rule that trains a stage, here one of two tasks."""
    with job(folder / "log"):
        from stilts.jobs.train_stage import train_stage

        train_stage(
            STAGE,
            parent=parents / "bert",
            data={name: parents / name for name in POSED},
            folder=folder / "stage",
            handling=Handling(minutes=minutes),
            store=Store(folder / "store"),
        )


def start(*arguments, target=train_shard):
    process = SERVER.Process(target=target, args=arguments)
    process.start()
    return process


def outputs(folder):
    """The declared files of the job as digests; a kill may leave a hidden temporary file too."""
    return {
        str(path.relative_to(folder)): sha256_of(path)
        for part in ("runs", "predictions")
        for path in (folder / part).glob("[!.]*")
    }


@pytest.fixture(scope="module")
def parents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parents")
    checkpoint(folder / "checkpoint")
    write_manifest(folder / "checkpoint", describe(folder / "checkpoint"))
    fields = {"task": "t", "kind": "classification", "labels": ["x", "y"]}
    splits = {"train": pairs(22), "validation": pairs(8, seed=4)}
    write_task(folder / "data", splits, fields)
    return folder


@pytest.fixture(scope="module")
def whole(parents, tmp_path_factory):
    """The folder of a job that nothing happened to, and the seconds that it took."""
    folder = tmp_path_factory.mktemp("whole")
    start(parents, folder, 10).join()  # the first one waits for the server
    shutil.rmtree(folder)
    began = time.monotonic()
    process = start(parents, folder, 10)
    process.join()
    assert process.exitcode == 0
    assert len(outputs(folder)) == 2 * len(POINTS)
    return folder, time.monotonic() - began


def test_a_job_killed_at_twenty_moments_ends_with_the_same_bytes(parents, whole, tmp_path):
    wanted, seconds = whole
    rng = random.Random(20)
    kills = resumed = ends = 0
    folder = tmp_path / "0"
    while kills < KILLS:
        process = start(parents, folder, 1e-9)
        process.join(rng.uniform(0.3, 1) * seconds)
        process.kill()
        process.join()
        if process.exitcode == 0:  # it was faster than the kill: once more, from nothing
            assert outputs(folder) == outputs(wanted)
            ends += 1
            folder = tmp_path / str(ends)
            continue
        kills += 1
        log = folder / "log"
        resumed += log.is_file() and "resumed after step" in log.read_text()
    process = start(parents, folder, 1e-9)
    process.join()
    assert process.exitcode == 0
    assert outputs(folder) == outputs(wanted)
    assert list((folder / "store/snapshots").iterdir()) == []
    assert resumed > 0, "or the test has shown nothing"


def test_a_job_that_is_told_to_end_saves_and_says_so(parents, whole, tmp_path):
    process = start(parents, tmp_path, 1e-9)
    while process.is_alive() and not list(tmp_path.glob("store/snapshots/*/*.safetensors")):
        time.sleep(0.001)
    process.terminate()
    process.join()
    assert process.exitcode == 128 + signal.SIGTERM
    assert "stopped by SIGTERM after step" in (tmp_path / "log").read_text()
    assert outputs(tmp_path) == {}
    process = start(parents, tmp_path, 60)
    process.join()
    assert process.exitcode == 0
    assert "resumed after step" in (tmp_path / "log").read_text()
    assert outputs(tmp_path) == outputs(whole[0])


def test_a_stage_of_tasks_in_turn_that_is_killed_ends_with_the_same_bytes(parents, tmp_path):
    model_in(parents / "bert", "bert")
    for task in (K, X):
        data_in(parents / task["name"], task)
    start(parents, tmp_path / "whole", 60, target=train_turns).join()
    wanted = digests(tmp_path / "whole/stage")
    assert "model.safetensors" in wanted
    killed = ends = 0
    folder = tmp_path / "0"
    while killed < 3:
        process = start(parents, folder, 1e-9, target=train_turns)
        seen = set()  # a snapshot a step
        while process.is_alive() and len(seen) < 5:
            seen |= {path.stat().st_mtime_ns for path in folder.glob("store/snapshots/*/[!.]*")}
            time.sleep(0.001)
        process.kill()
        process.join()
        if process.exitcode == 0:  # it was faster than the kill: once more, from nothing
            assert digests(folder / "stage") == wanted
            ends += 1
            folder = tmp_path / str(ends)
            killed = 0
            continue
        killed += 1
        assert not (folder / "stage").exists()
    start(parents, folder, 60, target=train_turns).join()
    assert "resumed after step" in (folder / "log").read_text()
    assert digests(folder / "stage") == wanted


def digests(folder):
    return {path.name: sha256_of(path) for path in folder.iterdir()}
