import json
import subprocess
import sys

import pytest

from stilts.errors import UserError
from stilts.files.fingerprint import ROOT
from stilts.files.manifest import sha256_of, write_manifest
from stilts.files.store import Store
from stilts.jobs import finetune_targets as module
from stilts.jobs.finetune_targets import finetune_targets
from stilts.jobs.trial import ENTRY, read_setting, read_trials
from stilts.machine.handling import Handling
from stilts.question.grid import parse_point
from stilts.question.recipe import complete
from tests.toys.invented_outcome import outcome_of
from tests.toys.invented_setting import SPEC
from tests.toys.tiny_jobs import NAMES, RECIPE, data_in, model_in

POINTS = ["lr1e-05_bs8_wu0_s12", "lr1e-05_bs8_wu0_s42", "lr1e-05_bs16_wu0.2_s42"]


class Trainer:
    """Trains nothing: remembers what it was given, and fails at the points it is told to."""

    def __init__(self, failing=(), before=None):
        self.failing, self.before, self.trained = failing, before, []

    def run(self, recipe, key, progress):
        (point,) = (each for each in POINTS if parse_point(each).items() <= recipe.items())
        if self.before:
            self.before(point)
        self.trained.append(point)
        if point in self.failing:
            raise RuntimeError("out of memory")
        # Another answer at every point, so that files can be told apart.
        number = POINTS.index(point)
        return outcome_of([number & 1, number >> 1, 1, 0], [0, 0, 1, 1])


@pytest.fixture
def parents(tmp_path):
    write_manifest(tmp_path / "checkpoint", {"sha256": "c" * 64, "family": "roberta"})
    splits = {"train": {"sha256": "t" * 64}, "validation": {"sha256": "v" * 64}}
    write_manifest(tmp_path / "data", {"splits": splits})
    return {"checkpoint": tmp_path / "checkpoint", "data": tmp_path / "data"}


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


@pytest.fixture
def job(parents, store, tmp_path, monkeypatch):
    """Run a job for points by a trainer; return what was trained."""

    def job(trainer=None, points=POINTS, spec=SPEC):
        trainer = trainer or Trainer()
        monkeypatch.setattr(module, "_starter", lambda *_: trainer)
        runs, predictions = files(tmp_path, points)
        finetune_targets(spec, runs, predictions, **parents, handling=Handling(), store=store)
        return trainer.trained

    return job


def files(folder, points=POINTS):
    runs = [str(folder / f"runs/{point}.json") for point in points]
    return runs, [str(folder / f"predictions/{point}.parquet") for point in points]


def trials_of(folder, points=POINTS):
    return read_trials(SPEC, *files(folder, points))


def keys_of(parents, folder):
    data = {"b": parents["data"]}
    setting = read_setting(SPEC, parents["checkpoint"], data, "cpu", ENTRY)
    return [setting.key(trial.recipe) for trial in trials_of(folder)]


def test_trials_that_are_not_stored_are_trained_stored_and_published(job, parents, store, tmp_path):
    assert job() == POINTS
    for trial, key in zip(trials_of(tmp_path), keys_of(parents, tmp_path), strict=True):
        run = json.loads(trial.run.read_text())
        assert {name: run[name] for name in ("study", "scale", "model", "chain", "target")} == {
            name: SPEC[name] for name in ("study", "scale", "model", "chain", "target")
        }
        assert (run["point"], run["recipe"], run["key"]) == (trial.point, trial.recipe, key)
        assert "seconds" not in run, "time differs from run to run, the file must not"
        stored = store.trials.get(key)
        assert trial.predictions.read_bytes() == stored.predictions.read_bytes()
        assert stored.timing == {"seconds": 1.0}


def test_stored_trials_are_published_not_trained(job, tmp_path):
    job(points=POINTS[:2])
    trials = trials_of(tmp_path)
    before = trials[0].run.read_bytes()
    for trial in trials[:2]:
        trial.run.unlink()
        trial.predictions.unlink()
    assert job() == POINTS[2:]
    assert trials[0].run.read_bytes() == before
    assert all(trial.run.is_file() and trial.predictions.is_file() for trial in trials)


def test_where_all_is_stored_nothing_is_made_ready(job, parents, store, tmp_path, monkeypatch):
    job()
    monkeypatch.setattr(module, "take_gpu", lambda *_: pytest.fail("a GPU is taken for nothing"))
    monkeypatch.setattr(module, "_starter", lambda *_: pytest.fail("a model is read for nothing"))
    finetune_targets(SPEC, *files(tmp_path), **parents, handling=Handling(), store=store)


def test_a_trial_that_is_stored_serves_a_study_of_another_name(job, tmp_path):
    job()
    renamed = SPEC | {"study": "other", "protocol": "released", "chain": "other-name"}
    assert job(spec=renamed) == []
    assert json.loads(trials_of(tmp_path)[0].run.read_text())["study"] == "other"


def test_a_study_with_another_metric_trains_nothing(job, tmp_path):
    job()
    path = trials_of(tmp_path)[2].run
    first = json.loads(path.read_text())
    task = SPEC["task"] | {"metric": "f1_macro"}
    assert job(spec=SPEC | {"task": task}) == []
    second = json.loads(path.read_text())
    assert (first["metric"], second["metric"]) == ("accuracy", "f1_macro")
    assert (first["score"], second["score"]) == (
        first["variants"]["accuracy"],
        first["variants"]["f1_macro"],
    )


def test_a_failing_point_leaves_the_others_stored_and_is_told_in_one_line(job, tmp_path):
    with pytest.raises(UserError) as caught:
        job(Trainer(failing=[POINTS[0]]))
    message = str(caught.value)
    assert "\n" not in message
    assert (
        f"1 of 3 trials failed, the first at {POINTS[0]} (RuntimeError: out of memory)" in message
    )
    assert not trials_of(tmp_path)[0].run.exists()
    assert job() == POINTS[:1]


def test_a_crash_loses_the_point_in_flight_only(job):
    def killed(point):
        if point == POINTS[1]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        job(Trainer(before=killed))
    assert job() == POINTS[1:]


def test_what_another_process_finished_meanwhile_is_published_not_trained(
    job, parents, store, tmp_path, monkeypatch
):
    """While this job made itself ready, another one has been at the first two points."""
    mine, others = Trainer(), Trainer()

    def late(*_):
        monkeypatch.setattr(module, "_starter", lambda *_: others)
        elsewhere = files(tmp_path / "elsewhere", POINTS[:2])
        finetune_targets(SPEC, *elsewhere, **parents, handling=Handling(), store=store)
        return mine

    monkeypatch.setattr(module, "_starter", late)
    finetune_targets(SPEC, *files(tmp_path), **parents, handling=Handling(), store=store)
    assert (others.trained, mine.trained) == (POINTS[:2], POINTS[2:])
    for trial in trials_of(tmp_path):
        assert trial.run.is_file() and trial.predictions.is_file()


def test_a_damaged_trial_is_trained_again(job, parents, store, tmp_path):
    job()
    store.trials.get(keys_of(parents, tmp_path)[1]).predictions.write_bytes(b"spoilt")
    assert job() == [POINTS[1]]


def test_a_stored_trial_needs_no_snapshot_any_more(job, parents, store, tmp_path):
    folders = [store.snapshot(key) for key in keys_of(parents, tmp_path)]
    for _ in range(2):  # trained, and then found in the store, as after a kill in between
        for folder in folders:
            folder.mkdir(parents=True)
        job()
        assert not any(folder.exists() for folder in folders)


ALL_STORED = """
import sys
from pathlib import Path
from stilts.files.store import Store
from stilts.jobs.finetune_targets import finetune_targets
from stilts.machine.handling import Handling

folder = Path(sys.argv[1])
files = [[str(folder / f"{{kind}}/{{point}}")] for kind, point in {names!r}]
parents = {{"checkpoint": folder / "checkpoint", "data": folder / "data"}}
finetune_targets({spec!r}, *files, **parents, handling=Handling(), store=Store(folder / "store"))
heavy = {{"torch", "transformers", "datasets", "evaluate", "pandas"}} & set(sys.modules)
assert not heavy, heavy
"""


def test_a_job_that_is_all_stored_needs_no_torch(job, tmp_path):
    job(points=POINTS[:1])
    path = trials_of(tmp_path)[0].run
    wanted = path.read_bytes()
    path.unlink()
    names = [("runs", f"{POINTS[0]}.json"), ("predictions", f"{POINTS[0]}.parquet")]
    program = ALL_STORED.format(spec=SPEC, names=names)
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, check=True)
    assert path.read_bytes() == wanted


# With a real model


FIELDS = "chance counts degenerate device_kind digests diverged head key majority metric"
FIELDS += " n_train n_validation point precision recipe score scores signs steps variants versions"


@pytest.fixture
def real(tmp_path):
    """Run a job on a tiny model; return its run files."""
    task = SPEC["task"]
    places = {
        "checkpoint": model_in(tmp_path / "model"),
        "data": data_in(tmp_path / "rows", task),
        "handling": Handling(),
        "store": Store(tmp_path / "real-store"),
    }

    def real(name="mine", **change):
        folder = tmp_path / name
        spec = SPEC | {"study": name, "recipe": RECIPE, "task": task | change}
        finetune_targets(spec, *files(folder), **places)
        return {path.stem: path.read_bytes() for path in (folder / "runs").iterdir()}

    return real


def test_a_run_file_tells_all_of_a_real_run(real, tmp_path):
    for point, content in real().items():
        run = json.loads(content)
        assert run.keys() == {*FIELDS.split(), *NAMES, "target"}
        assert run["recipe"] == complete({**RECIPE, **parse_point(point)})
        assert run["score"] == run["variants"]["accuracy"] == run["scores"]["last"]["accuracy"]
        path = tmp_path / f"mine/predictions/{point}.parquet"
        assert sha256_of(path) == run["digests"]["predictions"]


def test_two_studies_come_to_the_same_files_whichever_is_first(real, tmp_path):
    """But for their names and what their own metric says."""
    of_first, of_second = real("first"), real("second", metric="f1_macro")
    (tmp_path / "real-store").rename(tmp_path / "store-of-the-first")
    again = real("second", metric="f1_macro"), real("first")
    assert again == (of_second, of_first)
    assert len({*of_first.values(), *of_second.values()}) == 2 * len(POINTS)
