"""What a reader types on a cluster, and what every job gets there."""

import re
import subprocess

import yaml

from tests.slurm.workflow import QUESTION, logs
from tests.workflow.project import OFFLINE, Outcome


def test_the_command_of_the_readme_runs_on_slurm_to_the_same_bytes(project, cluster, same):
    config = yaml.safe_load((project.folder / "config.yaml").read_text())
    (project.folder / "config.yaml").write_text(yaml.safe_dump(config | QUESTION))
    done = subprocess.run(
        [*project.command()[:3], "--cores", "all", "--profile", "slurm", "tables"],
        cwd=project.folder,
        env={**cluster.environment, **OFFLINE},
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert done.returncode == 0, done.stderr
    outcome = Outcome(0, done.stderr)
    there = {job.rule for job in outcome.jobs if f"localrule {job.rule}:" not in outcome.text}
    assert there == {"finetune_targets"}
    assert same()
    assert len(project.files("smoke/rethinking/tables/*.csv")) > 3


def test_each_job_sees_its_own_gpu_and_no_other(start, cluster, project, same):
    for node in ("n2", "n3", "n4"):
        cluster.call("scontrol", "update", f"nodename={node}", "state=drain", "reason=test")
    run = start("runs", trials_per_job=1)
    run.succeeds()
    said = [re.search(r"SLURM job \d+ on (\w+), GPU (\S+)", log).groups() for log in logs(project)]
    assert sorted(said) == [("n1", "0"), ("n1", "1")]
    assert same()


def test_a_partition_that_is_not_there_is_told_in_slurms_words_with_the_line_to_edit(
    start, project
):
    project.edit("slurm/config.yaml", 'slurm_partition: ""', "slurm_partition: nowhere")
    lines = (project.folder / "slurm/config.yaml").read_text().splitlines()
    number = next(i for i, line in enumerate(lines, 1) if "slurm_partition: nowhere" in line)
    run = start("runs")
    assert run.wait() == 1
    (error,) = run.lines("error:")
    assert error.startswith("error: SLURM refuses jobs of rule finetune_targets: ")
    assert re.search("(?i)invalid partition", error)
    assert error.endswith(f"edit slurm_partition in slurm/config.yaml, line {number}")
    assert "has been submitted" not in run.text


def test_a_second_workflow_in_the_folder_is_refused_and_the_first_goes_on(
    start, cluster, project, same
):
    first = start("runs")
    job = first.freeze(done=0)
    second = start("runs")
    assert second.wait() == 1
    (note,) = second.lines("note: another snakemake runs jobs of this folder on SLURM")
    assert f"process {first.process.pid} on " in note
    assert "do not unlock" in note
    # Who unlocks the folder nevertheless is refused too.
    assert project.snakemake("--unlock", **QUESTION).code == 0
    third = start("runs")
    assert third.wait() == 1
    assert third.lines("error: another snakemake runs jobs of this folder on SLURM")
    assert list(cluster.jobs("RUNNING")) == [job]
    first.thaw()
    first.succeeds()
    assert same()
