import json
import os
import socket
import time

import pytest

from stilts.commands.expected import Job
from stilts.commands.status import inspect, seconds_left, status_text
from stilts.files.manifest import sha256_of_bytes
from stilts.files.store import Store

STAGE = "rethinking: trials"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logs/mini/rethinking").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def store(here):
    return Store(here / "store")


def a_job(name, files=2, **fields):
    found = tuple(f"{name}{number}.json" for number in range(files))
    return Job(STAGE, f"logs/mini/rethinking/{name}.log", found, **fields)


def finish(store, here, job, seconds, count=1):
    for file in job.files[:count]:
        key = sha256_of_bytes(file.encode())
        digests = {"predictions": sha256_of_bytes(b"")}
        store.trials.put(key, {"digests": digests}, b"", {"seconds": seconds})
        (here / file).write_text(json.dumps({"key": key}))


def work(here, job, **facts):
    record = {"host": "node7", "pid": 1, "slurm": "4711", "started": time.time() - 700}
    path = (here / job.log).with_suffix(".running")
    path.write_text(json.dumps({**record, "facts": facts}))
    return path


def text(store, *jobs):
    fields = [job._asdict() for job in jobs]
    return status_text({"title": "mini", "jobs": fields, "report": "report.html"}, store)


def test_a_job_at_work_is_shown_with_what_it_says_and_where_it_is(here, store):
    job = a_job("m none rte")
    work(here, job, epoch=2, epochs=10, step=1310, steps=9000, loss=0.41234, tokens_per_second=5200)
    shown = text(store, job)
    assert "epoch 2 of 10, step 1,310 of 9,000, loss 0.412, 5,200 tokens/s" in shown
    assert "0 of 2 trials" in shown
    assert "12 min on node7, SLURM job 4711" in shown
    assert "Next: wait" in shown


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        ("10:00:00 x\n10:00:01 error: a.csv: no column 'b'; add one\n", "a.csv: no column 'b'"),
        (
            "10:00:01 error: 2 of 36 trials failed, the first at lr1_s2 (OutOfMemoryError: CUDA out"
            " of memory); the others are kept: mend the cause and run again\n",
            "OutOfMemoryError: CUDA out of memory",
        ),
        ("10:00:01 stopped by SIGTERM after step 60\n", "stopped by SIGTERM; goes on from"),
    ],
)
def test_the_cause_of_a_failure_is_read_from_its_log(here, log, cause):
    job = a_job("m none rte")
    (here / job.log).write_text(log)
    assert inspect(job).cause.startswith(cause)
    for file in job.files:
        (here / file).touch()
    assert inspect(job).cause is None


def test_a_job_tried_again_is_at_work_and_not_failed(here):
    job = a_job("m none rte")
    (here / job.log).write_text("10:00:01 error: once\n")
    work(here, job)
    assert inspect(job).vitals and inspect(job).cause is None


def test_a_job_that_fell_silent_on_its_node_counts_as_killed(here):
    job = a_job("m none rte")
    path = work(here, job)
    (here / job.log).write_text("10:00:00 0 of 2 trials are in the store\n")
    os.utime(path, (time.time() - 1000,) * 2)
    assert inspect(job).cause.startswith("killed without a word")


def test_a_pid_that_is_gone_from_this_machine_is_not_waited_for(here):
    job = a_job("m none rte")
    path = work(here, job)
    record = json.loads(path.read_text()) | {"host": socket.gethostname(), "pid": 2**22 + 1}
    path.write_text(json.dumps(record))
    assert inspect(job).vitals is None


def test_the_same_fault_in_many_jobs_is_told_once(here, store):
    jobs = [a_job(f"job{number}") for number in range(40)]
    for number, job in enumerate(jobs):
        (here / job.log).write_text(f"10:00:01 error: [Errno 28] No space at byte {number}\n")
    shown = text(store, *jobs)
    assert "Failed: 40 jobs" in shown
    assert shown.count("No space") == 1
    assert "logs/mini/rethinking/job0.log and 39 more" in shown


@pytest.mark.parametrize("many", [40, 400])
def test_everything_fits_on_a_screen(here, store, many):
    jobs = [a_job(f"{'x' * number}") for number in range(1, many // 4)]
    for number, job in enumerate(jobs):
        if number % 2:
            work(here, job)
        else:
            (here / job.log).write_text(f"10:00:01 error: cause {'y' * number}\n")
    assert len(text(store, *jobs).splitlines()) < 70


def test_time_left_is_measured_on_the_same_model_and_target_or_scaled_by_cost(here, store):
    same, other = a_job("a", 3, kin="m rte", cost=10), a_job("b", 1, kin="m wic", cost=40)
    states = [inspect(job) for job in (same, other)]
    assert seconds_left(states, store) is None
    finish(store, here, same, 60)
    assert seconds_left([inspect(same)], store) == pytest.approx(2 * 60)
    states = [inspect(job) for job in (same, other)]
    assert seconds_left(states, store) == pytest.approx(2 * 60 + 60 * 40 / 10)


def test_time_left_is_shared_by_the_jobs_at_work(here, store):
    jobs = [a_job("a", 3, kin="m rte"), a_job("b", 3, kin="m rte")]
    finish(store, here, jobs[0], 3600)
    assert text(store, *jobs).splitlines()[3].endswith("5.0 h")
    for job in jobs:
        work(here, job)
    assert text(store, *jobs).splitlines()[3].endswith("2.5 h, 2 at once")


def test_a_locked_folder_without_jobs_is_explained(here, store):
    (here / ".snakemake/locks").mkdir(parents=True)
    (here / ".snakemake/locks/0.output.lock").touch()
    assert "snakemake --unlock" in text(store, a_job("a"))
