"""The `snakemake` on the login node ends before its jobs."""

import os
import signal

import pytest

from tests.slurm.workflow import QUESTION, resumed, taken_from_store


def test_after_a_kill_the_jobs_that_are_left_are_stopped_and_the_run_goes_on(
    start, cluster, project, same
):
    run = start("runs")
    job = run.freeze()
    run.process.kill()
    run.process.wait()
    locked = start("runs")
    assert locked.wait() == 1
    (note,) = locked.lines("note: the last snakemake of this folder")
    assert f"process {run.process.pid} on " in note
    assert "type `snakemake --unlock` and then your command again" in note
    assert list(cluster.jobs("RUNNING")) == [job]
    assert project.snakemake("--unlock", **QUESTION).code == 0
    again = start("runs")
    again.succeeds()
    assert f"left 1 jobs of this folder on SLURM ({job}): stopping them" in again.text
    assert (taken_from_store(project), resumed(project)) == (1, 1)
    assert same()
    plan = start("runs", "--dry-run")
    assert plan.wait() == 0
    assert "note: " not in plan.text


@pytest.mark.parametrize("moment", ["training", "submitting"])
def test_after_ctrl_c_no_job_is_left_and_the_same_command_goes_on(
    start, cluster, project, same, moment
):
    run = start("runs")
    if moment == "training":
        run.freeze()
    else:
        run.until("Select jobs to execute")  # before, SIGINT would end any Python program
    os.kill(run.process.pid, signal.SIGINT)
    assert run.wait() == 1
    assert run.lines("type the same command again")
    assert not cluster.jobs("PENDING", "RUNNING")
    again = start("runs")
    again.succeeds()
    if moment == "training":
        assert (taken_from_store(project), resumed(project)) == (1, 1)
    assert same()
