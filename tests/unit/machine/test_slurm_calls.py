import getpass
import uuid
from pathlib import Path

import pytest

from stilts.machine.slurm import calls as slurm
from stilts.machine.slurm.calls import Job, Silent


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put a shell script in the place of a command of SLURM."""

    def place(name, script):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")

    return place


def test_the_jobs_of_a_run_have_number_state_and_the_reason_why_they_wait(program):
    program("squeue", "echo '7|RUNNING|None'; echo '8|PENDING|launch failed requeued held'")
    assert slurm.jobs_named("run") == {
        "7": Job("7", "RUNNING", "None"),
        "8": Job("8", "PENDING", "launch failed requeued held"),
    }


def test_only_jobs_of_this_folder_and_with_this_name_are_left_over(program, tmp_path):
    here = tmp_path / "my project"
    name = f"stilts_{uuid.uuid4()}"
    rows = [f"1|{name}|{here}", f"2|{name}|/else", f"3|other|{here}", f"4|stilts_main|{here}"]
    program("squeue", "\n".join(f"echo '{row}'" for row in rows))
    assert slurm.unfinished("stilts", here) == ["1"]


def test_only_jobs_of_ones_own_are_cancelled(program, tmp_path):
    program("scancel", f'echo "$@" > {tmp_path}/said')
    slurm.cancel("7", "8")
    assert (tmp_path / "said").read_text() == f"--user {getpass.getuser()} 7 8\n"


def test_a_job_that_has_ended_meanwhile_needs_no_cancelling(program):
    says = "scancel: error: Kill job error on job id 16: Invalid job id specified"
    program("scancel", f"echo '{says}' >&2; exit 1")
    slurm.cancel("16")
    program("scancel", "echo 'scancel: error: Unable to contact slurm controller' >&2; exit 1")
    with pytest.raises(Silent, match="Unable to contact"):
        slurm.cancel("16")


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("echo one >&2; echo 'error: two' >&2; exit 1", "error: two"),
        ("exit 3", "squeue ended with 3"),
        ("sleep 5", "timed out"),
    ],
)
def test_a_command_that_fails_is_a_silent_slurm_with_its_last_words(
    program, monkeypatch, script, text
):
    monkeypatch.setattr(slurm, "PATIENCE", 0.2)
    program("squeue", script)
    with pytest.raises(Silent, match=text):
        slurm.jobs_named("run")


def test_without_slurm_nobody_answers(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Silent, match="squeue"):
        slurm.jobs_named("run")


def test_a_setting_is_named_with_its_line_in_the_profile(tmp_path, monkeypatch):
    profile = tmp_path / "config.yaml"
    profile.write_text("a: 1\n# b:\n  slurm_partition: x\n  # gpu_model: a100\n")
    monkeypatch.setattr(slurm, "PROFILE", profile)
    assert slurm.where("slurm_partition") == f"slurm_partition in {profile}, line 3"
    assert slurm.where("gpu_model") == f"gpu_model in {profile}, line 4"
    assert slurm.where("qos") == f"qos in {profile}"
    monkeypatch.setattr(slurm, "PROFILE", Path("/nowhere"))
    assert slurm.where("qos") == "qos in your profile"
