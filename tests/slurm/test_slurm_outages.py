"""A controller that is away, and a disk without space."""

import subprocess

import pytest

from tests.slurm.cluster import wait_until
from tests.slurm.workflow import TRIALS, trials


def test_a_controller_that_is_away_while_a_job_ends_is_waited_for(start, cluster, project, same):
    run = start("runs")
    run.freeze(done=0)
    cluster.kill("slurmctld")
    run.thaw()
    run.until("SLURM does not answer (")
    wait_until(lambda: trials(project) == TRIALS, "the job does not go on without controller")
    cluster.start_controller()
    run.succeeds()
    assert "Jobs that run go on; waiting until it is back." in run.text
    assert "SLURM answers again, after " in run.text
    assert "Trying to restart" not in run.text
    assert same()


@pytest.fixture
def small_disk(project):
    """The project's results on a disk of their own; the file that fills it."""
    results, kept = project.folder / "results", project.folder / "kept"
    results.rename(kept)
    results.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(results)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no disk of its own can be mounted here: {done.stderr.strip()}")
    try:
        subprocess.run(["cp", "-a", f"{kept}/.", str(results)], check=True)
        yield results / "ballast"
    finally:
        subprocess.run(["umount", "--lazy", str(results)], check=True)


def test_a_full_disk_is_told_and_when_there_is_space_the_same_command_goes_on(
    start, project, same, small_disk
):
    run = start("tables", "--retries", "1")
    run.freeze(done=0)
    subprocess.run(["dd", "if=/dev/zero", f"of={small_disk}"], stderr=subprocess.DEVNULL)
    run.thaw()
    assert run.wait() == 1
    message = run.lines("ended as FAILED")[-1]
    assert "No space left on device" in message
    assert "free some space and run again; what is finished is kept" in message
    assert run.lines("type the same command again")
    assert project.files("smoke/rethinking/tables/*") == {}
    small_disk.unlink()
    again = start("tables")
    again.succeeds()
    assert same()
    assert len(project.files("smoke/rethinking/tables/*.csv")) > 3
