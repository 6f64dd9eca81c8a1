import os
import signal
import subprocess
import time
from dataclasses import dataclass

import pytest

from tests.workflow.project import QUESTION, Outcome, Project

PATIENCE = 300  # seconds until a first trial must be done, on the slowest machine


@dataclass
class Resumed:
    """A run that was killed in mid-sweep, and what became of it."""

    project: Project
    stored: dict[str, int]
    locked: Outcome
    unlocked: Outcome
    outcome: Outcome


@pytest.fixture(scope="module")
def resumed(source, tmp_path_factory):
    project = source.copy_to(tmp_path_factory.mktemp("killed") / "project")
    run = subprocess.Popen(
        project.command("runs", **QUESTION),
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + PATIENCE
    while not project.stored() and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    return Resumed(
        project,
        stored=project.stored(),
        locked=project.ask("runs"),
        unlocked=project.ask("--unlock"),
        outcome=project.ask("runs"),
    )


def test_a_kill_in_mid_sweep_keeps_the_trials_that_were_finished(resumed):
    assert 1 <= len(resumed.stored) < 8


def test_after_a_kill_snakemake_says_to_unlock_and_unlocks(resumed):
    assert resumed.locked.code == 1
    assert "--unlock" in resumed.locked.text
    assert resumed.unlocked.code == 0


def test_the_same_command_resumes_and_trains_no_finished_trial_again(resumed):
    assert resumed.outcome.code == 0
    after = resumed.project.stored()
    assert len(after) == 8
    assert {key: after[key] for key in resumed.stored} == resumed.stored


def test_data_and_models_that_were_whole_are_not_made_again(resumed):
    assert not resumed.outcome.rules & {"make_task", "derive_task", "pretrain_model"}


@pytest.mark.parametrize(
    "pattern",
    [
        "smoke/data/**/*",
        "smoke/models/**/*",
        "smoke/rethinking/checkpoints/**/*",
        "smoke/rethinking/runs/**/*.json",
        "smoke/rethinking/predictions/**/*.parquet",
        ".store/trials/*/*/[!t]*",  # timing.json differs, of course
    ],
)
def test_a_killed_and_an_undisturbed_run_in_two_folders_end_with_the_same_bytes(
    finished, resumed, pattern
):
    expected = finished.files(pattern)
    assert expected
    # A kill may leave hidden temporary files behind, which nothing reads.
    found = resumed.project.files(pattern)
    assert {path: found.get(path) for path in expected} == expected
    assert all(path.split("/")[-1].startswith(".") for path in found.keys() - expected.keys())


def test_the_rest_of_the_workflow_takes_the_resumed_runs_for_finished(resumed):
    plan = resumed.project.plan()
    assert plan.rules == {"make_table", "draw_figure", "write_report"}
