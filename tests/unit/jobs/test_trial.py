import json
import subprocess
import sys

import pytest

from stilts.errors import UserError
from stilts.files.fingerprint import ROOT
from stilts.files.manifest import sha256_of_bytes, write_manifest
from stilts.files.store import TrialStore
from stilts.jobs.trial import read_setting, run_shard, shard
from tests.toys.invented_setting import SETTING

SPEC = {
    "study": "mine",
    "scale": "tiny",
    "protocol": "paper",
    "model": "m",
    "chain": "a",
    "target": "b",
    "precision": "fp32",
    "task": {"name": "b", "kind": "classification", "labels": ["x", "y"], "metric": "accuracy"},
    "recipe": {"epochs": 3, "clip": 1.0},
}
POINTS = ["lr1e-05_bs8_wu0_s12", "lr1e-05_bs8_wu0_s42", "lr1e-05_bs16_wu0.2_s42"]


@pytest.fixture
def setting():
    return SETTING._replace(spec=SPEC)


@pytest.fixture
def store(tmp_path):
    return TrialStore(tmp_path / "store")


@pytest.fixture
def trials(tmp_path):
    runs = [str(tmp_path / f"runs/{point}.json") for point in POINTS]
    return shard(SPEC, runs, [run.replace("runs", "predictions") + ".parquet" for run in runs])


class Trainer:
    """Trains nothing: remembers what it was given, and fails at the points it is told to."""

    def __init__(self, failing=()):
        self.failing, self.trained = failing, []

    def __call__(self, trials, claim):
        for trial in trials:
            with claim(trial) as mine:
                if mine:
                    self.trained.append(trial.point)
                    yield trial, self.outcome(trial)

    def outcome(self, trial):
        if trial.point in self.failing:
            return RuntimeError("out of memory")
        predictions = f"predictions of {trial.point}".encode()
        digest = sha256_of_bytes(predictions)
        result = {"score": len(trial.point) / 100, "digests": {"predictions": digest}}
        return result, predictions, {"seconds": 1.0}


def test_a_shard_reads_its_points_off_the_files_it_must_write(trials):
    assert [trial.point for trial in trials] == POINTS
    expected = {"epochs": 3, "clip": 1.0, "lr": 1e-5, "batch": 16, "warmup": 0.2, "seed": 42}
    assert trials[2].recipe == expected


def test_as_many_predictions_as_runs_are_declared():
    with pytest.raises(ValueError):
        shard(SPEC, ["s1.json", "s2.json"], ["s1.parquet"])


def test_trials_that_are_not_stored_are_trained_stored_and_published(setting, trials, store):
    train = Trainer()
    run_shard(setting, trials, train, store)
    assert train.trained == POINTS
    for trial in trials:
        run = json.loads(trial.run.read_text())
        assert {key: run[key] for key in ("study", "scale", "model", "chain", "target")} == {
            key: SPEC[key] for key in ("study", "scale", "model", "chain", "target")
        }
        assert (run["point"], run["recipe"]) == (trial.point, trial.recipe)
        assert run["key"] == setting.key(trial.recipe)
        assert "seconds" not in run, "time differs from run to run, the file must not"
        assert trial.predictions.read_bytes() == f"predictions of {trial.point}".encode()
        assert store.timing(run["key"]) == {"seconds": 1.0}


def test_stored_trials_are_published_not_trained(setting, trials, store):
    run_shard(setting, trials[:2], Trainer(), store)
    before = trials[0].run.read_bytes()
    for trial in trials[:2]:
        trial.run.unlink()
        trial.predictions.unlink()
    train = Trainer()
    run_shard(setting, trials, train, store)
    assert train.trained == POINTS[2:]
    assert trials[0].run.read_bytes() == before
    assert all(trial.run.is_file() and trial.predictions.is_file() for trial in trials)


def test_a_trial_that_is_stored_serves_a_study_of_another_name(setting, trials, store):
    run_shard(setting, trials, Trainer(), store)
    train = Trainer()
    renamed = SPEC | {"study": "other", "protocol": "released", "chain": "other-name"}
    run_shard(setting._replace(spec=renamed), trials, train, store)
    assert train.trained == []
    assert json.loads(trials[0].run.read_text())["study"] == "other"


def test_a_failing_point_leaves_the_others_stored_and_is_told_in_one_line(setting, trials, store):
    with pytest.raises(UserError) as caught:
        run_shard(setting, trials, Trainer(failing=[POINTS[0]]), store)
    message = str(caught.value)
    assert "\n" not in message
    assert (
        f"1 of 3 trials failed, the first at {POINTS[0]} (RuntimeError: out of memory)" in message
    )
    assert not trials[0].run.exists()
    train = Trainer()
    run_shard(setting, trials, train, store)
    assert train.trained == POINTS[:1]


def test_a_crash_loses_the_point_in_flight_only(setting, trials, store):
    def killed(missing, claim):
        finished = Trainer()(missing, claim)
        yield next(finished)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_shard(setting, trials, killed, store)
    train = Trainer()
    run_shard(setting, trials, train, store)
    assert train.trained == POINTS[1:]


def test_what_another_process_finished_meanwhile_is_published_not_trained(setting, trials, store):
    train = Trainer()

    def late(missing, claim):
        run_shard(setting, trials[:2], Trainer(), store)
        for trial in trials[:2]:
            trial.run.unlink()
        yield from train(missing, claim)

    run_shard(setting, trials, late, store)
    assert train.trained == POINTS[2:]
    assert all(trial.run.is_file() and trial.predictions.is_file() for trial in trials)


def test_a_damaged_trial_is_trained_again(setting, trials, store):
    run_shard(setting, trials, Trainer(), store)
    store.get(setting.key(trials[1].recipe)).predictions.write_bytes(b"spoilt")
    train = Trainer()
    run_shard(setting, trials, train, store)
    assert train.trained == [POINTS[1]]


def test_a_stored_trial_needs_no_snapshot_any_more(setting, trials, store):
    folders = [store.snapshots / setting.key(trial.recipe) for trial in trials]
    for _ in range(2):  # trained, and then found in the store, as after a kill in between
        for folder in folders:
            folder.mkdir(parents=True)
        run_shard(setting, trials, Trainer(), store)
        assert not any(folder.exists() for folder in folders)


@pytest.mark.parametrize(
    "change",
    [
        {"checkpoint": "0" * 64},
        {"train": "0" * 64},
        {"validation": "0" * 64},
        {"code": "0" * 16},
        {"device_kind": "cuda:NVIDIA H200"},
        {"precision": "bf16"},
        {"versions": {"torch": "2"}},
        {"spec": SPEC | {"task": SPEC["task"] | {"metric": "matthews_correlation"}}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_can_change_a_result_changes_its_key(setting, trials, change):
    recipe = trials[0].recipe
    assert setting._replace(**change).key(recipe) != setting.key(recipe)


def test_each_setting_of_a_recipe_changes_the_key(setting, trials):
    recipe = trials[0].recipe
    for name in recipe:
        assert setting.key(recipe | {name: 0.123}) != setting.key(recipe), name


def test_the_names_of_a_run_do_not_change_its_key(setting, trials):
    renamed = setting._replace(spec=SPEC | {"study": "other", "chain": "b", "protocol": "x"})
    assert renamed.key(trials[0].recipe) == setting.key(trials[0].recipe)


@pytest.fixture
def parents(tmp_path):
    write_manifest(tmp_path / "checkpoint", {"sha256": "c" * 64})
    splits = {"train": {"sha256": "t" * 64}, "validation": {"sha256": "v" * 64}}
    write_manifest(tmp_path / "data", {"splits": splits})
    return tmp_path / "checkpoint", tmp_path / "data"


def test_a_setting_is_gathered_from_the_manifests_of_the_parents(parents):
    setting = read_setting(SPEC, *parents, "cpu")
    assert (setting.checkpoint, setting.train, setting.validation) == ("c" * 64, "t" * 64, "v" * 64)
    assert (setting.device_kind, setting.precision) == ("cpu", "fp32")
    assert set(setting.versions) == {"torch", "transformers", "tokenizers"}
    assert not any("+" in version for version in setting.versions.values())


def test_a_parent_that_is_not_whole_is_refused(parents):
    (parents[0] / "manifest.json").unlink()
    with pytest.raises(FileNotFoundError, match="not whole"):
        read_setting(SPEC, *parents, "cpu")


ALL_STORED = """
import sys
from pathlib import Path
from stilts.files.store import TrialStore
from stilts.jobs.trial import read_setting, run_shard, shard

folder = Path(sys.argv[1])
spec = {spec!r}
setting = read_setting(spec, folder / "checkpoint", folder / "data", "cpu")
trials = shard(spec, [str(folder / "r/s1.json")], [str(folder / "r/s1.parquet")])
run_shard(setting, trials, None, TrialStore(folder / "store"))
heavy = {{"torch", "transformers", "datasets", "pandas", "numpy"}} & set(sys.modules)
assert not heavy, heavy
"""


def test_a_shard_that_is_all_stored_needs_no_torch(parents, store):
    folder = parents[0].parent
    setting = read_setting(SPEC, *parents, "cpu")
    stored = shard(SPEC, [str(folder / "r/s1.json")], [str(folder / "r/s1.parquet")])
    run_shard(setting, stored, Trainer(), store)
    stored[0].run.unlink()
    program = ALL_STORED.format(spec=SPEC)
    subprocess.run([sys.executable, "-c", program, str(folder)], cwd=ROOT, check=True)
    assert stored[0].run.is_file()
