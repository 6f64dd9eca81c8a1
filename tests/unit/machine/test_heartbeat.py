import json
import os
import subprocess
import sys
import time

import pytest

from stilts.files.fingerprint import ROOT
from stilts.machine import heartbeat as module
from stilts.machine.heartbeat import heartbeat, update
from stilts.machine.job import job
from stilts.machine.vitals import LOST, jobs_at_work, read_vitals


@pytest.fixture
def log(tmp_path):
    return tmp_path / "step.log"


def soon(condition):
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def test_a_job_at_work_shows_and_one_that_ended_does_not(log, tmp_path):
    with heartbeat(log, seconds=0.01):
        assert soon(lambda: read_vitals(log))
        assert read_vitals(log).alive
        assert jobs_at_work(tmp_path) == [str(log)]
    assert read_vitals(log) is None
    assert list(tmp_path.iterdir()) == []


def test_what_a_job_says_of_itself_can_be_read_while_it_works(log):
    with heartbeat(log, seconds=0.01):
        update(step=3, steps=90, doing="fine-tuning")
        assert soon(lambda: read_vitals(log) and read_vitals(log).facts)
        assert read_vitals(log).facts == {"step": 3, "steps": 90, "doing": "fine-tuning"}
        update(step=4, doing=None)
        assert soon(lambda: read_vitals(log).facts == {"step": 4, "steps": 90})


def test_the_next_job_of_a_process_starts_with_nothing_said(log):
    with heartbeat(log, seconds=0.01):
        update(step=3)
    with heartbeat(log, seconds=0.01):
        assert soon(lambda: read_vitals(log))
        assert read_vitals(log).facts == {}


def test_a_job_that_fails_takes_its_record_with_it(log):
    with pytest.raises(KeyError), heartbeat(log):
        raise KeyError
    assert read_vitals(log) is None


def test_a_job_is_known_by_its_place(log, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    monkeypatch.setattr("socket.gethostname", lambda: "node7")
    with heartbeat(log, seconds=0.01):
        assert soon(lambda: read_vitals(log))
        assert read_vitals(log).place == "node7, SLURM job 4711"


def test_a_disk_that_is_full_does_not_end_the_job(log, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "replace", full)
    with heartbeat(log, seconds=0.01):
        update(step=1)
    assert read_vitals(log) is None


def test_a_job_killed_on_this_machine_is_known_to_be_gone_at_once(log):
    program = "import sys, time\nfrom pathlib import Path\nfrom stilts.machine.job import job\n"
    program += "with job(Path(sys.argv[1])):\n    time.sleep(60)\n"
    words = [sys.executable, "-c", program, str(log)]
    process = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert soon(lambda: read_vitals(log)) and read_vitals(log).alive
    process.kill()
    process.wait()
    assert not read_vitals(log).alive
    assert jobs_at_work(log.parent) == []


@pytest.mark.parametrize(("age", "alive"), [(0, True), (LOST - 60, True), (LOST + 60, False)])
def test_a_job_of_another_machine_counts_as_killed_after_long_silence(log, age, alive):
    path = log.with_suffix(".running")
    record = {"host": "elsewhere", "pid": 1, "slurm": None, "started": time.time() - 600}
    path.write_text(json.dumps({**record, "facts": {"epoch": 2}}))
    os.utime(path, (time.time() - age,) * 2)
    vitals = read_vitals(log)
    assert vitals.alive is alive
    assert vitals.facts == {"epoch": 2}
    assert vitals.age == pytest.approx(age, abs=5)
    assert vitals.worked == pytest.approx(600 - age, abs=5)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_a_record_that_cannot_be_read_is_no_record(log, text):
    log.with_suffix(".running").write_text(text)
    assert read_vitals(log) is None
    assert jobs_at_work(log.parent) == []


def test_every_job_gives_signs_of_life(log):
    with job(log):
        assert soon(lambda: read_vitals(log))
    assert read_vitals(log) is None
