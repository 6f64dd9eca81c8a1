import fcntl
import logging
import subprocess
import sys

import pytest

from stilts.errors import UserError
from stilts.files.fingerprint import ROOT
from stilts.machine.slurm import begin as cluster
from stilts.machine.slurm import calls as slurm
from stilts.machine.slurm.begin import remarks

# Runs a workflow's part of `begin` and holds the folder until it reads a line.
PROGRAM = """
import sys
from pathlib import Path
from stilts.machine.slurm.begin import _own_folder
from stilts.errors import UserError
try:
    _own_folder(Path(sys.argv[1]))
except UserError as error:
    sys.exit(str(error))
print("mine", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def owner(tmp_path):
    return tmp_path / "store/workflow"


@pytest.fixture
def living(owner):
    """A process that owns the folder."""
    with start(owner) as process:
        assert process.stdout.readline() == "mine\n"
        yield process
        process.kill()


def start(owner):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(owner)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_of_a_folder_in_which_nothing_ran_there_is_nothing_to_remark(owner):
    assert remarks(owner) == []


def test_a_workflow_that_runs_here_is_named_and_left_alone(living, owner):
    (line,) = remarks(owner)
    assert f"another snakemake runs jobs of this folder on SLURM: process {living.pid} on" in line
    with start(owner) as second:
        said = second.communicate(timeout=10)[1]
    assert second.returncode == 1
    assert said.strip() == line
    assert living.poll() is None


def test_after_an_end_in_order_there_is_nothing_to_remark(living, owner):
    living.communicate("\n", timeout=10)
    assert remarks(owner) == []


def test_after_a_kill_it_is_said_what_to_type_and_the_folder_is_free(living, owner):
    living.kill()
    living.wait(10)
    (line,) = remarks(owner)
    assert f"(process {living.pid} on" in line
    assert "type `snakemake --unlock` and then your command again" in line
    with start(owner) as again:
        assert again.stdout.readline() == "mine\n"
        again.communicate("\n", timeout=10)
    assert remarks(owner) == []


def test_without_locks_jobs_of_an_unknown_workflow_are_not_touched(owner, monkeypatch):
    def unsupported(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", unsupported)
    at_exit = []
    monkeypatch.setattr(cluster.atexit, "register", lambda *call: at_exit.append(call))
    monkeypatch.setattr(slurm, "unfinished", lambda *_: ["7", "8"])
    monkeypatch.setattr(slurm, "cancel", lambda *_: pytest.fail("it cancels them"))
    assert cluster._own_folder(owner) is False
    with pytest.raises(UserError, match="type `scancel 7 8` and then your command again"):
        cluster._stop_leftovers("stilts", False, logging.getLogger())
    for function, *values in reversed(at_exit):
        function(*values)
    assert owner.read_text() == ""


def test_jobs_that_do_not_end_are_told_after_a_while(monkeypatch):
    monkeypatch.setattr(cluster, "ENDING", 0.05)
    monkeypatch.setattr(cluster.time, "sleep", lambda _: None)
    monkeypatch.setattr(slurm, "unfinished", lambda *_: ["7"])
    monkeypatch.setattr(slurm, "cancel", lambda *_: None)
    with pytest.raises(UserError, match="SLURM jobs 7 of this folder do not end"):
        cluster._stop_leftovers("stilts", True, logging.getLogger())
