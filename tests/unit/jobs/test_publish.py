import io
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

import stilts.tasks.metrics
from stilts.errors import UserError
from stilts.files.store import Store
from stilts.jobs.publish import publish, scored_by
from stilts.jobs.trial import Trial
from tests.toys.invented_outcome import outcome_of
from tests.toys.tiny_models import facts_of

KEY = "ab" + "0" * 62
NAMES = {"study": "mine", "scale": "tiny", "protocol": "paper", "model": "m", "chain": "a"}
ANSWERS, LABELS = [0, 1, 1, 0, 1, 1], [0, 1, 0, 0, 1, 2]
TASK, TWO = facts_of(name="b", classes=3), facts_of(name="b", classes=2)

TOY_METRIC = '''"""A toy metric: the mean over the classes of the share that is found."""

import numpy as np

TITLE = "toy recall"


def score(predictions, references):
    """Return the mean recall."""
    shares = [np.mean(predictions[references == c] == c) for c in np.unique(references)]
    return float(np.mean(shares))


def guess(counts):
    """Return what a guess reaches."""
    return {"chance": 1 / len(counts), "majority": 1 / sum(count > 0 for count in counts)}
'''


@pytest.fixture
def toy_metric(tmp_path, monkeypatch):
    """A metric that came after the runs were stored: one new file."""
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics/toy_recall.py").write_text(TOY_METRIC)
    path = [*stilts.tasks.metrics.__path__, str(tmp_path / "metrics")]
    monkeypatch.setattr(stilts.tasks.metrics, "__path__", path)
    return "toy_recall"


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def stored(store, *given, **fields):
    outcome = outcome_of(*given, **fields)
    store.trials.put(KEY, outcome.result | {"key": KEY}, *outcome[1:])
    return store.trials.get(KEY)


def published(entry, folder, metric="accuracy", **names):
    """Publish a trial to a study; return the bytes of its run file."""
    trial = Trial("p", {}, folder / "runs/p.json", folder / "predictions/p.parquet")
    publish(entry, {**NAMES, **names, "target": "b", "task": TASK | {"metric": metric}}, trial)
    return trial.run.read_bytes()


def test_a_trial_is_copied_under_the_names_of_the_study(store, tmp_path):
    entry = stored(store, ANSWERS, LABELS)
    run = json.loads(published(entry, tmp_path))
    assert NAMES.items() <= run.items() and (run["target"], run["point"]) == ("b", "p")
    assert run["key"] == KEY and "seconds" not in run
    copy = tmp_path / "predictions/p.parquet"
    assert copy.read_bytes() == entry.predictions.read_bytes()
    assert copy.stat().st_nlink == 1, "Snakemake touches the time stamps of declared files"
    copy.write_bytes(b"spoilt")
    assert store.trials.get(KEY) is not None


def test_a_run_has_the_score_by_its_studys_metric_and_all_variants(store, tmp_path):
    run = json.loads(published(stored(store, ANSWERS, LABELS), tmp_path, "f1_macro"))
    wanted = f1_score(LABELS, ANSWERS, average="macro")
    assert (run["metric"], run["score"]) == ("f1_macro", pytest.approx(wanted))
    assert run["variants"]["accuracy"] == accuracy_score(LABELS, ANSWERS)
    assert run["chance"] == pytest.approx(np.mean([2 / 5, 1 / 3, 2 / 9]))
    assert [epoch["epoch"] for epoch in run["scores"]["epochs"]] == [1, 2]
    assert run["scores"]["last"] == run["scores"]["best"] == run["scores"]["epochs"][1]
    assert "epochs" not in run and "chosen" not in run


def test_the_best_epoch_is_told_whichever_counts(store, tmp_path):
    epochs = [{"epoch": n + 1, "accuracy": value} for n, value in enumerate((0.2, 0.9, 0.4))]
    entry = stored(store, ANSWERS, LABELS, epochs=epochs, chosen=2)
    scores = json.loads(published(entry, tmp_path))["scores"]
    assert (scores["best"]["epoch"], scores["last"]["epoch"]) == (2, 3)


def test_a_run_that_diverged_has_no_score(store, tmp_path):
    run = json.loads(published(stored(store, ANSWERS, LABELS, diverged=True), tmp_path))
    assert run["score"] is None and run["variants"]["accuracy"] is not None


def test_studies_with_different_metrics_share_a_run_whichever_came_first(tmp_path):
    """Byte for byte, in two stores that the studies come to in opposite orders."""
    found = []
    for order in (("accuracy", "f1_macro"), ("f1_macro", "accuracy")):
        store = Store(tmp_path / order[0] / "store")
        files = {}
        entry = stored(store, ANSWERS, LABELS)
        for metric in order:
            files[metric] = published(entry, tmp_path / order[0] / metric, metric, study=metric)
            entry = store.trials.get(KEY)
        found.append(files)
    assert found[0] == found[1]
    assert found[0]["accuracy"] != found[0]["f1_macro"]


def test_a_metric_that_is_new_to_a_stored_run_is_computed_from_its_predictions(
    store, tmp_path, toy_metric
):
    entry = stored(store, ANSWERS, LABELS)
    before = published(entry, tmp_path / "before")
    run = json.loads(published(entry, tmp_path / "new", toy_metric))
    wanted = balanced_accuracy_score(LABELS, ANSWERS)
    assert run["score"] == run["variants"][toy_metric] == pytest.approx(wanted)
    assert (run["chance"], run["majority"]) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    first, last = run["scores"]["epochs"]
    assert toy_metric not in first and last[toy_metric] == pytest.approx(wanted)
    assert run["scores"]["best"] is None, "other epochs may have been better by it"
    assert published(entry, tmp_path / "after") == before, "the stored run is as it was"


def test_a_metric_that_nobody_knows_is_refused(store, tmp_path):
    with pytest.raises(UserError, match="unknown metric 'toy_recall'; allowed: accuracy"):
        published(stored(store, ANSWERS, LABELS), tmp_path, "toy_recall")


# Runs that learnt nothing


def test_a_run_is_degenerate_if_its_own_metric_is_no_better_than_the_majoritys(store):
    labels = [0] * 8 + [1] * 4
    one_right = stored(store, [0] * 7 + [1] * 2 + [0] * 3, labels, metrics=("accuracy",))
    said = {
        name: scored_by(one_right.result, one_right.predictions, TWO | {"metric": name})
        for name in ("accuracy", "matthews_correlation")
    }
    assert (said["accuracy"]["score"], said["accuracy"]["majority"]) == (8 / 12, 8 / 12)
    assert said["accuracy"]["degenerate"] is True
    assert said["matthews_correlation"]["score"] > 0
    assert said["matthews_correlation"]["degenerate"] is False
    for found in said.values():
        assert found["counts"] == {"examples": 12, "right": 8, "majority": 8}


def test_a_run_without_a_score_is_degenerate(store):
    entry = stored(store, ANSWERS, LABELS, diverged=True)
    assert scored_by(entry.result, entry.predictions, TASK)["degenerate"] is True


# Several splits


SPLITS = ["matched"] * 4 + ["mismatched"] * 2


def test_several_splits_count_alike_whatever_their_sizes(store, tmp_path, toy_metric):
    entry = stored(store, ANSWERS, LABELS, SPLITS)
    run = json.loads(published(entry, tmp_path))
    assert run["score"] == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert run["counts"] == {"examples": 6, "right": 4, "majority": 3 + 1}
    # shares of the most frequent class: 3 of 4, and 1 of 2
    assert run["majority"] == pytest.approx((3 / 4 + 1 / 2) / 2)
    new = json.loads(published(entry, tmp_path, toy_metric))
    by_split = [balanced_accuracy_score([0, 1, 0, 0], [0, 1, 1, 0]), 1 / 2]
    assert new["score"] == pytest.approx(np.mean(by_split))


def test_predictions_tell_of_which_split_a_row_is(store, tmp_path):
    published(stored(store, ANSWERS, LABELS, SPLITS), tmp_path)
    content = (tmp_path / "predictions/p.parquet").read_bytes()
    assert pq.read_table(io.BytesIO(content))["split"].to_pylist() == SPLITS


def test_the_score_of_numbers_is_their_correlation(store, tmp_path):
    answers, labels = [0.5, 2.0, 4.5], [1.0, 1.5, 5.0]
    metrics = ("pearson", "spearman")
    entry = stored(store, answers, labels, metrics=metrics)
    told = scored_by(entry.result, entry.predictions, facts_of("regression", "b"))
    assert told["score"] == pytest.approx(np.corrcoef(answers, labels)[0, 1])
    assert (told["metric"], told["chance"], told["majority"]) == ("pearson", 0, 0)
    assert (told["counts"], told["degenerate"]) == (None, False)


def test_a_score_without_training_has_no_epochs(store):
    entry = stored(store, ANSWERS, LABELS)
    told = {"variants": entry.result["variants"]}
    found = scored_by(told, entry.predictions, TASK)
    assert found["score"] == accuracy_score(LABELS, ANSWERS) and "scores" not in found
