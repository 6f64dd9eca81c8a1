"""Jobs that SLURM or somebody else takes away in the middle of a trial."""

from tests.slurm.cluster import wait_until
from tests.slurm.workflow import logs, resumed, taken_from_store


def test_a_job_that_is_cancelled_goes_on_from_its_snapshot(start, cluster, project, same):
    run = start("runs")
    job = run.freeze()
    cluster.call("scancel", job)
    run.succeeds()
    assert f"SLURM job {job} ended as CANCELLED: somebody cancelled it (scancel)." in run.text
    assert (taken_from_store(project), resumed(project)) == (1, 1)
    assert same()


def test_a_job_that_runs_out_of_time_goes_on_and_the_setting_to_raise_is_named(
    start, cluster, project, same
):
    run = start("runs")
    job = run.freeze()
    cluster.call("scontrol", "update", f"jobid={job}", "EndTime=now")
    run.succeeds()
    message = run.lines(f"SLURM job {job} ended as TIMEOUT")[0]
    assert "Raise runtime in slurm/config.yaml, line " in message
    assert (taken_from_store(project), resumed(project)) == (1, 1)
    assert same()


def test_a_job_whose_node_crashes_is_started_again_elsewhere(start, cluster, project, same):
    run = start("runs")
    job = run.freeze()
    cluster.crash(cluster.jobs("RUNNING")[job])
    cluster.start_again(job)
    run.succeeds()
    assert "Trying to restart" not in run.text
    assert taken_from_store(project) == 1
    assert same()


def test_a_job_that_is_started_again_waits_for_its_old_process_that_still_runs(
    start, cluster, project, same
):
    run = start("runs")
    job = run.freeze(done=0)
    old = cluster.trainers(job)
    cluster.kill(cluster.jobs("RUNNING")[job])  # the node's daemon, not what runs there
    cluster.start_again(job)
    wait_until(lambda: any("waiting for it" in log for log in logs(project)), "nobody waits")
    assert set(old) < set(cluster.trainers(job))
    run.thaw()
    run.succeeds()
    assert "Trying to restart" not in run.text
    assert taken_from_store(project) == 0
    assert same()
