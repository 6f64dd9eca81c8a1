import pytest

from stilts.errors import UserError
from stilts.files.manifest import write_manifest
from stilts.jobs import trial as module
from stilts.jobs.trial import ENTRY, read_setting, read_trials
from stilts.question.recipe import complete
from stilts.tasks.kinds import classification
from tests.toys.invented_setting import SETTING, SPEC
from tests.toys.tiny_models import facts_of

TASK = SPEC["task"]
POINT = "lr1e-05_bs16_wu0.2_s42"
RECIPE = complete({**SPEC["recipe"], "lr": 1e-5, "batch": 16, "seed": 42, "max_tokens": 9})
# A value for each setting that is none in use.
OTHERS = dict.fromkeys(RECIPE, 0.123)
OTHERS |= {"select": "best:b.accuracy", "head": "regression", "schedule": "constant"}


def posed(**change):
    return SETTING._replace(spec=SPEC | {"task": TASK | change})


def test_a_trial_is_read_off_the_files_it_must_write():
    (trial,) = read_trials(SPEC, [f"runs/{POINT}.json"], [f"predictions/{POINT}.parquet"])
    assert (trial.point, str(trial.run)) == (POINT, f"runs/{POINT}.json")
    asked = {"epochs": 3, "clip": 1.0, "lr": 1e-5, "batch": 16, "warmup": 0.2, "seed": 42}
    assert asked.items() <= trial.recipe.items()
    assert trial.recipe == complete(asked), "what nobody stated has its default"


def test_as_many_predictions_as_runs_are_declared():
    with pytest.raises(ValueError):
        read_trials(SPEC, ["s1.json", "s2.json"], ["s1.parquet"])


def test_a_file_that_names_no_point_is_refused():
    with pytest.raises(UserError, match="names no grid point"):
        read_trials(SPEC, ["runs/xyz1.json"], ["predictions/xyz1.parquet"])


# Keys


@pytest.mark.parametrize(
    "change",
    [
        {"checkpoint": "0" * 64},
        {"data": SETTING.data | {"train": "0" * 64}},
        {"data": SETTING.data | {"validation": "0" * 64}},
        {"data": SETTING.data | {"test": "0" * 64}},
        {"family": "bert"},
        {"entry": "stilts.jobs.score_checkpoint"},
        {"device_kind": "cuda:NVIDIA H200"},
        {"precision": "bf16"},
        {"versions": {"torch": "2"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_can_change_a_result_changes_its_key(change):
    assert SETTING._replace(**change).key(RECIPE) != SETTING.key(RECIPE)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"kind": "multiple_choice"},
        {"labels": ["c1", "c0"]},
        {"labels": [], "range": [0, 5]},
    ],
    ids=lambda change: [*change][-1],
)
def test_another_task_has_another_key(change):
    assert posed(**change).key(RECIPE) != SETTING.key(RECIPE)


def test_by_what_a_task_is_scored_does_not_change_the_key():
    """It is worked out from the predictions: such studies share a trained run."""
    assert posed(metric="f1_macro").key(RECIPE) == SETTING.key(RECIPE)


@pytest.mark.parametrize("name", RECIPE)
def test_each_setting_of_a_recipe_changes_the_key(name):
    assert SETTING.key(RECIPE | {name: OTHERS[name]}) != SETTING.key(RECIPE)


def test_the_names_of_a_run_do_not_change_its_key():
    names = {"study": "other", "chain": "b", "protocol": "x", "scale": "paper", "model": "n"}
    assert SETTING._replace(spec=SPEC | names).key(RECIPE) == SETTING.key(RECIPE)


def test_what_a_job_adds_changes_the_key():
    assert SETTING.key(RECIPE, size=8) != SETTING.key(RECIPE, size=9) != SETTING.key(RECIPE)


# Code


@pytest.fixture
def entries(monkeypatch):
    """The code that a key was made of."""
    seen = []
    monkeypatch.setattr(module, "fingerprint", lambda *given: seen.extend(given) or "f" * 16)
    return seen


def modules(entries):
    return {entry.partition(":")[0].removeprefix("stilts.") for entry in entries}


def test_a_result_depends_on_the_plugins_that_it_uses_and_on_no_others(entries):
    assert SETTING.key(RECIPE)
    assert modules(entries) == {
        "jobs.outcome",
        "models.families.roberta",
        "models.heads.classification",
        "tasks.kinds.classification",
        *(f"tasks.metrics.{name}" for name in classification.metrics(TASK)),
    }


def test_a_multiple_choice_does_not_depend_on_the_head_of_classification(entries):
    posed(kind="multiple_choice").code(RECIPE)
    assert {"models.heads.multiple_choice", "tasks.kinds.multiple_choice"} <= modules(entries)
    assert not {"models.heads.classification", "tasks.kinds.classification"} & modules(entries)


def test_a_setting_that_names_a_head_or_a_metric_brings_its_code(entries):
    SETTING.code(RECIPE | {"head": "regression", "select": "best:b.pearson"})
    assert {"models.heads.regression", "tasks.metrics.pearson"} <= modules(entries)
    assert "models.heads.classification" not in modules(entries)


def test_each_task_of_a_stage_may_have_a_head_of_its_own(entries):
    tasks = [facts_of(name="a"), facts_of("multiple_choice", "b")]
    spec = {"tasks": tasks[:1], "watch": tasks[1:], "posed": {"a": {"head": "regression"}, "b": {}}}
    setting = SETTING._replace(spec=spec)
    assert (setting.head("a", RECIPE), setting.head("b", RECIPE)) == ("regression", None)
    setting.code(RECIPE)
    heads = {name for name in modules(entries) if name.startswith("models.heads")}
    assert heads == {"models.heads.regression", "models.heads.multiple_choice"}


# Parents


@pytest.fixture
def parents(tmp_path):
    write_manifest(tmp_path / "checkpoint", {"sha256": "c" * 64, "family": "roberta"})
    for name in "bx":
        digests = {
            split: {"sha256": f"{name}-{split}"} for split in ("train", "validation", "more")
        }
        write_manifest(tmp_path / name, {"splits": digests})
    return tmp_path


def read(parents, spec=SPEC, tasks="b"):
    data = {name: parents / name for name in tasks}
    return read_setting(spec, parents / "checkpoint", data, "cpu", ENTRY)


def test_a_setting_is_gathered_from_the_manifests_of_the_parents(parents):
    setting = read(parents)
    assert (setting.checkpoint, setting.family) == ("c" * 64, "roberta")
    assert setting.data == {"train": "b-train", "validation": "b-validation"}
    assert (setting.device_kind, setting.precision, setting.device) == ("cpu", "fp32", "cpu")
    assert set(setting.versions) == {"torch", "transformers", "tokenizers"}
    assert not any("+" in version for version in setting.versions.values())


def test_the_splits_that_a_task_is_scored_on_count(parents):
    task = TASK | {"scored": ["validation", "more"]}
    setting = read(parents, SPEC | {"task": task})
    assert setting.data == {"train": "b-train", "validation": "b-validation", "more": "b-more"}


def test_what_is_only_scored_does_not_read_its_training_set(parents):
    spec = {key: value for key, value in SPEC.items() if key != "recipe"}
    assert read(parents, spec).data == {"validation": "b-validation"}


def test_a_stage_counts_what_it_trains_and_what_it_watches(parents):
    spec = {"tasks": [TASK], "watch": [facts_of(name="x")], "precision": "fp32", "recipe": {}}
    setting = read(parents, spec, "bx")
    assert setting.data == {
        "b/train": "b-train",
        "b/validation": "b-validation",
        "x/validation": "x-validation",
    }
    assert [task["name"] for task in setting.tasks] == ["b", "x"]
    alone = read(parents, spec | {"watch": []}, "b")
    assert alone.data == {"train": "b-train", "validation": "b-validation"}


def test_a_parent_that_is_not_whole_is_refused(parents):
    (parents / "checkpoint/manifest.json").unlink()
    with pytest.raises(FileNotFoundError, match="not whole"):
        read(parents)
