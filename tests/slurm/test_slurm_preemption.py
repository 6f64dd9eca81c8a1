"""Jobs that have to make room for somebody else's."""

import pytest

from tests.slurm.cluster import NODES
from tests.slurm.workflow import resumed, taken_from_store


@pytest.fixture
def urgent(cluster):
    """Claim every node for a moment."""

    def claim():
        options = ("-p", "urgent", f"-N{len(NODES)}", "--exclusive", "-o", "/dev/null")
        cluster.call("sbatch", *options, "--wrap", "sleep 2")

    return claim


def test_a_job_that_is_pre_empted_and_requeued_goes_on_from_its_snapshot(
    start, cluster, project, same, urgent
):
    run = start("runs")
    job = run.freeze()
    urgent()
    cluster.start_again(job)
    run.succeeds()
    assert "Trying to restart" not in run.text
    assert (taken_from_store(project), resumed(project)) == (1, 1)
    assert same()


def test_a_job_that_is_pre_empted_and_cancelled_is_submitted_again(
    start, cluster, project, same, urgent
):
    project.edit("slurm/config.yaml", 'slurm_partition: ""', "slurm_partition: cancelled")
    run = start("runs")
    job = run.freeze()
    urgent()
    run.succeeds()
    assert f"SLURM job {job} ended as PREEMPTED: it had to make room for another job." in run.text
    assert (taken_from_store(project), resumed(project)) == (1, 1)
    assert same()
