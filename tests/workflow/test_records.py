"""What a record says is compared with what is asked, also where Snakemake has forgotten all."""

import json
import shutil

import pytest

CHANGED = {"settings": {"targets": {"clip": 2.0}}}


def forget(project):
    """Remove what Snakemake keeps of its own, as one does to get rid of a lock."""
    shutil.rmtree(project.folder / ".snakemake")


def runs(project):
    found = (project.folder / "results").glob("smoke/*/runs/*/*/*/*.json")
    return {path: json.loads(path.read_text()) for path in found}


def clips(project):
    return {run["recipe"]["clip"] for run in runs(project).values()}


def test_a_changed_question_makes_its_runs_anew_without_snakemakes_records(project):
    before = clips(project)
    forget(project)
    dry = project.plan(**CHANGED)
    count = len(runs(project))
    assert f"note: {count} files are not what is asked for: a run makes it anew" in dry.text
    assert clips(project) == before, "a dry run takes nothing away"
    outcome = project.ask(**CHANGED)
    assert outcome.code == 0 and "not what is asked for: made anew" in outcome.text, outcome.text
    assert clips(project) == {2.0}
    assert project.ask(**CHANGED).idle


def test_the_same_question_trains_nothing_without_snakemakes_records(project):
    stored, before = project.stored(), {**project.files("smoke/*/runs/**/*.json")}
    forget(project)
    outcome = project.ask()
    assert outcome.code == 0 and "not what is asked for" not in outcome.text
    assert project.stored() == stored and project.files("smoke/*/runs/**/*.json") == before
    assert "finetune_targets" not in outcome.rules and "train_stage" not in outcome.rules


def test_results_of_another_question_that_are_copied_in_do_not_get_into_the_table(project):
    first, _ = runs(project).items().__iter__().__next__()
    other = json.loads(first.read_text())
    other["digests"]["train"] = "0" * 64
    content = first.read_bytes()
    first.write_text(json.dumps(other))
    told = project.ask("status").text
    assert f"{len(runs(project)) - 1} of {len(runs(project))}" in told
    outcome = project.ask()
    assert "note: 1 file is not what is asked for" in outcome.text
    assert "made from other data than those of results/smoke/data/" in outcome.text
    assert first.read_bytes() == content, "it came from the store"


@pytest.mark.parametrize("command", ["status", "plan"])
def test_a_command_takes_nothing_away(project, command):
    forget(project)
    before = project.files("**/*.json")
    outcome = project.ask(command, **CHANGED)
    assert outcome.code == 0
    assert project.files("**/*.json") == before
    assert f"0 of {len(runs(project))}" in outcome.text or command == "plan"
