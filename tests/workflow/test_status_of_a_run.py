import json
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass

import pytest

from tests.workflow.project import QUESTION, Outcome, Project, with_only

# Long enough for one job to be caught at work.
LONG = {**with_only(chains=["none"]), "settings": {"targets": {"epochs": 60}}}
TRIALS = "rethinking: trials"
LOG = "logs/smoke/rethinking/finetune_targets/roberta-large/none/rte.log"


def counts(outcome):
    """Return done, of how many, running, waiting and failed by stage."""
    row = re.compile(r"^(\S.*?)  +(\d+) of (\d+) +(\d+) +(\d+) +(\d+)", re.MULTILINE)
    return {found[0]: tuple(map(int, found[1:])) for found in row.findall(outcome.text)}


@dataclass
class Caught:
    """A run that was held still in mid-sweep, then let go on, then killed; what status said."""

    project: Project
    running: Outcome
    planned: Outcome
    locks: list[str]
    refused: Outcome
    killed: Outcome


def locks(project):
    return sorted(path.name for path in (project.folder / ".snakemake/locks").glob("*"))


@pytest.fixture(scope="module")
def caught(finished, tmp_path_factory):
    project = finished.copy_to(tmp_path_factory.mktemp("caught") / "project")
    before = project.stored().keys()
    runs = project.folder / "results/smoke/rethinking/runs/roberta-large/none/rte"

    def has_begun():  # files of the run before are removed before the sweep starts
        return project.stored().keys() != before and [*runs.glob("*.json")]

    run = subprocess.Popen(
        project.command("runs", **{**QUESTION, **LONG}),
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 300
    while not has_begun() and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGSTOP)
    running, planned = project.ask("status", **LONG), project.ask("plan", **LONG)
    held, refused = locks(project), project.ask("runs", **LONG)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    return Caught(project, running, planned, held, refused, project.ask("status", **LONG))


def test_before_anything_is_built_everything_waits(fresh):
    outcome = fresh.ask("status")
    assert outcome.code == 0, outcome.text
    assert counts(outcome)[TRIALS] == (0, 8, 0, 8, 0)
    assert "Next: snakemake --cores all" in outcome.text
    assert not (fresh.folder / "results").exists()


def test_when_everything_is_there_the_next_thing_is_to_look_at_it(finished):
    outcome = finished.ask("status")
    assert all(found[0] == found[1] for found in counts(outcome).values())
    assert "Next: open results/smoke/report.html" in outcome.text
    assert "Failed" not in outcome.text and "Running" not in outcome.text


def test_the_jobs_that_status_expects_are_those_that_run(finished):
    from stilts.commands.expected import expected_jobs
    from stilts.files.fingerprint import ROOT
    from stilts.question.ask import ask
    from stilts.question.paths import Layout
    from tests.workflow.project import read_config

    jobs = expected_jobs(Layout(ask({**read_config(), **QUESTION}, ROOT)))
    logs = {
        str(path.relative_to(finished.folder)) for path in finished.folder.glob("logs/**/*.log")
    }
    assert {job.log for job in jobs} == logs - {"logs/smoke/status.log", "logs/smoke/plan.log"}
    assert [
        file for job in jobs for file in job.files if not (finished.folder / file).is_file()
    ] == []


def test_status_can_be_asked_for_while_a_run_is_at_work(caught):
    assert caught.running.code == 0, caught.running.text
    done, total, running, waiting, failed = counts(caught.running)[TRIALS]
    assert (total, running, failed) == (4, 1, 0)
    assert 1 <= done < 4 and waiting == 3 - done
    assert re.search(
        r"finetune_targets roberta-large none rte +[1-3] of 4 trials", caught.running.text
    )
    assert "Next: wait, and ask again" in caught.running.text


def test_time_left_is_told_from_the_trials_that_are_done(caught):
    row = next(line for line in caught.running.text.splitlines() if line.startswith(TRIALS))
    assert re.search(r"\d (s|min)$", row)


def test_status_and_plan_leave_the_lock_of_the_run_at_work(caught):
    assert caught.planned.code == 0
    assert caught.locks
    assert caught.refused.code == 1 and "--unlock" in caught.refused.text


def test_a_job_that_was_killed_is_not_taken_for_one_at_work(caught):
    _, _, running, _, failed = counts(caught.killed)[TRIALS]
    assert running == 0 and failed >= 1
    assert "1 x killed without a word" in caught.killed.text
    assert LOG in caught.killed.text
    assert "snakemake --unlock" in caught.killed.text


def test_failures_are_grouped_by_cause_with_a_log_to_read(project):
    for task in ("rte", "hellaswag-p"):
        path = project.folder / f"results/smoke/data/{task}/train.parquet"
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    changed = {"settings": {"targets": {"epochs": 11}}}
    assert project.ask("runs", **changed).code == 1
    outcome = project.ask("status", **changed)
    assert counts(outcome)[TRIALS] == (0, 8, 0, 0, 8)
    assert "Failed: 2 jobs" in outcome.text
    assert (
        "  2 x results/smoke/data/rte/train.parquet was changed after its manifest" in outcome.text
    )
    assert re.search(r"rte\.log and 1 more$", outcome.text, re.MULTILINE)
    assert "Next: mend the causes above, then snakemake --cores all" in outcome.text


def test_a_failure_is_forgotten_once_the_files_are_there(project):
    (project.folder / LOG).write_text("12:00:00 error: no more\n")
    assert "Failed" not in project.ask("status").text


def test_a_job_that_another_question_asked_for_is_mentioned(caught):
    # The same sweep, cut into other jobs: its log has another name.
    path = caught.project.folder / "logs/smoke/rethinking/finetune_targets_1/m.running"
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {"host": "node7", "pid": 1, "slurm": "5", "started": time.time(), "facts": {}}
    path.write_text(json.dumps(record))
    text = caught.project.ask("status", **LONG).text
    path.unlink()
    assert "Also at work, for another question or trials_per_job: 1" in text
    assert "finetune_targets_1/m.log" in text
