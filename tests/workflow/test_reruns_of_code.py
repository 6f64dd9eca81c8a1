"""An edit of code reruns what it can change, and nothing else."""

import re

import pytest

from stilts.files.fingerprint import ROOT
from tests.workflow.project import with_only

# From the runs on: what any change above them reaches.
COLLECTED = {"collect_runs", "make_table", "draw_figure", "write_report"}
TWO_KINDS = with_only(targets=["rte", "socialiqa"], grid={"batch": [8], "seed": [12]})


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("stilts/tasks/sources/formats.py", "fetch it again", "get it once more"),
        ("stilts/machine/heartbeat.py", "SECONDS = 20.0", "SECONDS = 21.0"),
        ("stilts/machine/slurm/watch.py", "SLOWEST = 4", "SLOWEST = 5"),
        ("stilts/commands/status.py", "SHOWN = 12", "SHOWN = 13"),
        ("stilts/jobs/finetune_targets.py", "trials are in the store", "trials are stored"),
    ],
)
def test_what_changes_no_result_reruns_nothing(project, path, old, new):
    project.edit(path, old, new)
    assert project.plan().idle


def test_moving_a_module_with_its_import_lines_reruns_nothing(project):
    old, new = "stilts/training/steps.py", "stilts/training/turns_and_schedule.py"
    (project.folder / old).rename(project.folder / new)
    for path in project.folder.glob("stilts/**/*.py"):
        text = path.read_text()
        path.write_text(text.replace("stilts.training.steps", "stilts.training.turns_and_schedule"))
    assert project.plan().idle


def test_a_field_of_a_derived_tasks_manifest_makes_its_data_again_and_trains_nothing(project):
    before = project.stored()
    runs = project.files("smoke/rethinking/runs/**/*.json")
    weights = project.files("smoke/rethinking/checkpoints/**/*.safetensors")
    project.edit(
        "stilts/jobs/derive_task.py", '"from": "derived",', '"from": "derived", "by": "us",'
    )
    outcome = project.ask()
    assert outcome.code == 0, outcome.text
    assert outcome.made_by("derive_task", "task") == ["hellaswag-p"]
    assert "make_task" not in outcome.rules
    assert (
        '"by": "us"'
        in (project.folder / "results/smoke/data/hellaswag-p/manifest.json").read_text()
    )
    assert project.stored() == before
    assert project.files("smoke/rethinking/runs/**/*.json") == runs
    assert project.files("smoke/rethinking/checkpoints/**/*.safetensors") == weights
    log = project.folder / "logs/smoke/rethinking/train_stage/roberta-large/hellaswag-p.log"
    assert "this stage is in the store" in log.read_text()


def test_the_scoring_of_checkpoints_makes_scores_again_and_no_checkpoint(project):
    scored = {"only": {"chains": ["none", "hellaswag-p"], "targets": ["socialiqa"]}}
    scored["only"]["grid"] = {"lr": [1e-5], "batch": [8], "warmup": [0], "seed": [12]}
    assert project.ask("runs", **scored).code == 0
    project.edit(
        "stilts/jobs/score_checkpoint.py", '"trained_on": trained_on', '"after": trained_on'
    )
    plan = project.plan("runs", **scored)
    assert plan.made_by("score_checkpoint", "chain") == ["hellaswag-p", "none"]
    assert plan.rules == {"score_checkpoint", "collect_runs"}


@pytest.fixture(scope="module")
def two_kinds(finished, tmp_path_factory):
    """A project with runs of a classification and of a multiple choice; for copying."""
    project = finished.copy_to(tmp_path_factory.mktemp("two-kinds") / "project")
    outcome = project.ask("runs", **TWO_KINDS)
    assert outcome.code == 0, outcome.text
    return project


@pytest.mark.parametrize(
    ("path", "old", "new", "targets"),
    [
        (
            "stilts/models/heads/classification.py",
            'len(facts["labels"])',
            'max(1, len(facts["labels"]))',
            ["rte", "rte"],
        ),
        # The stage hellaswag-p has that head, so what stands on it runs again, RTE too.
        (
            "stilts/models/heads/multiple_choice.py",
            "view(-1",
            "reshape(-1",
            ["rte", "socialiqa", "socialiqa"],
        ),
        # The loss of both.
        (
            "stilts/models/choosing.py",
            '"sum"',
            '"mean"',
            ["rte"] * 2 + ["socialiqa"] * 2,
        ),
        ("stilts/models/families/bert.py", "walk=Walk()", "walk=None", []),
        (
            "stilts/models/families/roberta.py",
            "after_padding",
            "from_zero",
            ["rte"] * 2 + ["socialiqa"] * 2,
        ),
    ],
)
def test_a_head_or_a_family_reruns_the_runs_that_use_it(
    two_kinds, tmp_path, path, old, new, targets
):
    project = two_kinds.copy_to(tmp_path / "project")
    file = project.folder / path
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    plan = project.plan("runs", **TWO_KINDS)
    assert plan.made_by("finetune_targets", "target") == targets
    assert ("train_stage" in plan.rules) == (targets not in ([], ["rte", "rte"]))


def test_the_table_of_reruns_in_the_readme_is_what_these_tests_show():
    readme = (ROOT / "README.md").read_text()
    table = readme[readme.index("## What you edit, what reruns") :]
    for row in (
        "the words of an error, the heartbeat, the watch of SLURM, `status` | nothing",
        "move a module and the lines that import it | nothing",
        "the manifest of derived tasks | their data; what stands on them is in the store",
        "the scoring of checkpoints | scores; no checkpoint is trained",
        "add a kind with its head, a metric, a model family (each a new file) | nothing",
        "edit a head | the trials and stages that use it",
    ):
        assert row in re.sub(r" +", " ", table), row
