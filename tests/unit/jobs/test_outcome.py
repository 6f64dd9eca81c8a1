import io
import math

import numpy as np
import pyarrow.parquet as pq
import pytest

import stilts.jobs.trial
import stilts.models.heads
from stilts.files.fingerprint import ROOT
from stilts.files.manifest import sha256_of_bytes
from stilts.files.store import Store
from stilts.jobs.outcome import Start
from stilts.jobs.trial import ENTRY, read_setting
from stilts.models.load import copy_weights
from stilts.question.recipe import complete
from stilts.training.progress import Progress
from tests.toys.tiny_jobs import RECIPE, data_in, model_in, target_of
from tests.toys.tiny_models import facts_of

TASK = facts_of(name="t", classes=3) | {"scored": ["validation"]}
NUMBERS = facts_of("regression", "n")
SEVERAL = facts_of(name="s") | {"scored": ["matched", "mismatched"]}
ALL = complete(RECIPE)


@pytest.fixture(scope="module")
def parents(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parents")
    model_in(folder / "model")
    for task in (TASK, NUMBERS, SEVERAL):
        data_in(folder / task["name"], task)
    return folder


@pytest.fixture
def start_of(parents, tmp_path):
    def start_of(task=TASK):
        data = {task["name"]: parents / task["name"]}
        setting = read_setting(target_of(task), parents / "model", data, "cpu", ENTRY)
        folders = parents / "model", parents / task["name"], Store(tmp_path / "store")
        return Start(setting, *folders, minutes=60, graphs=False)

    return start_of


def run(start, key="a" * 64, **recipe):
    """Return result, predictions as a table, and the weights that the run leaves."""
    result, predicted, _ = start.run(ALL | recipe, key, Progress("x"))
    table = pq.read_table(io.BytesIO(predicted))
    assert result["digests"]["predictions"] == sha256_of_bytes(predicted)
    return result, table, copy_weights(start._workspace.model)


def same(left, right):
    return left.keys() == right.keys() and all(left[name].equal(right[name]) for name in left)


def moved(left, right):
    """The names of weights that differ."""
    return {name for name in left if not left[name].equal(right[name])}


def test_a_result_tells_what_came_of_the_run(start_of):
    result, table, _ = run(start_of())
    assert (result["n_train"], result["n_validation"], result["steps"]) == (10, 6, 6)
    assert [record["epoch"] for record in result["epochs"]] == [1, 2] and result["chosen"] == 1
    assert result["variants"].items() <= result["epochs"][1].items()
    assert not result["diverged"]
    assert result["head"]["carried"] == [] and len(result["head"]["new"]) == 4
    assert {"precision", "device_kind", "versions", "digests"} <= result.keys()
    assert not {"study", "metric", "score", "point", "degenerate"} & result.keys(), (
        "those are of a study"
    )
    answers = np.argmax(table["logits"].to_pylist(), axis=1)
    assert table["prediction"].to_pylist() == answers.tolist()
    accuracy = np.mean(answers == table["label"].to_numpy())
    assert result["variants"]["accuracy"] == pytest.approx(accuracy)


def test_a_trial_does_not_depend_on_those_before_it(start_of):
    alone = run(start_of(), seed=42, lr=1e-3)
    start = start_of()
    run(start)
    after = run(start, "b" * 64, seed=42, lr=1e-3)
    assert after[0] == alone[0] and after[1].equals(alone[1]) and same(after[2], alone[2])


@pytest.fixture
def mean_state(monkeypatch):
    """A head that the library does not have."""
    path = [*stilts.models.heads.__path__, str(ROOT / "tests/toys/plugins")]
    monkeypatch.setattr(stilts.models.heads, "__path__", path)
    monkeypatch.setattr(stilts.jobs.trial, "fingerprint", lambda *entries: " ".join(entries))


@pytest.mark.parametrize(
    ("task", "change"),
    [
        (NUMBERS, {"head": "mean_state"}),
        (TASK, {"dropout": 0.7}),
        (TASK, {"freeze": "encoder"}),
        (TASK, {"max_tokens": 6}),
        (TASK, {"select": "best:t.pearson"}),
    ],
    ids=["head", "dropout", "freeze", "max_tokens", "select"],
)
def test_a_trial_of_another_form_does_not_depend_on_those_before_it(
    start_of, mean_state, task, change
):
    alone, plain = run(start_of(task), **change), run(start_of(task))
    start = start_of(task)
    run(start)
    after = run(start, "b" * 64, **change)
    assert after[0] == alone[0] and same(after[2], alone[2])
    back = run(start, "c" * 64)
    assert back[0] == plain[0] and same(back[2], plain[2])
    assert after[0] != plain[0]


def test_a_frozen_encoder_stays_as_it_was_while_the_head_moves(start_of):
    start = start_of()
    _, _, frozen = run(start, freeze="encoder", lr=0.1, weight_decay=0.1)
    assert moved(start._weights, frozen) == {name for name in frozen if name.startswith("parts.0.")}
    start = start_of()
    _, _, free = run(start, lr=0.1)
    assert any(name.startswith("encoder.") for name in moved(start._weights, free))


def test_the_epoch_that_counts_gives_predictions_variants_and_score(start_of, monkeypatch):
    start = start_of()
    recipe = {"schedule": "constant", "warmup": 0.0, "epochs": 4, "lr": 2e-2}
    result, table, weights = run(start, select="best:t.accuracy", **recipe)
    scores = [record["accuracy"] for record in result["epochs"]]
    best = scores.index(max(scores))
    assert result["chosen"] == best < 3, "otherwise there is nothing to tell apart"
    shorter = run(start_of(), **recipe | {"epochs": best + 1})
    assert table.equals(shorter[1]) and same(weights, shorter[2])
    assert result["variants"] == shorter[0]["variants"]


def test_a_metric_that_chooses_the_epoch_is_among_the_variants(start_of):
    result, *_ = run(start_of(), select="best:t.pearson")
    assert "pearson" in result["variants"] and "pearson" in result["epochs"][0]


def test_a_diverged_run_is_a_result(start_of):
    result, *_ = run(start_of(), lr=math.inf, warmup=0.0)
    assert result["diverged"] and "not finite" in result["signs"]
    assert len(result["epochs"]) == 1


def test_numbers_are_learnt_by_a_regression(start_of):
    result, table, _ = run(start_of(NUMBERS), epochs=3)
    assert set(result["variants"]) == {"pearson", "spearman"}
    answers, labels = (table[name].to_numpy() for name in ("prediction", "label"))
    assert answers.tolist() == [logits[0] for logits in table["logits"].to_pylist()]
    assert labels.dtype == np.float64 and set(labels) <= {0, 1.25, 2.5, 3.75, 5}
    wanted = np.corrcoef(answers.astype(np.float64), labels)[0, 1]
    assert result["variants"]["pearson"] == pytest.approx(wanted)
    first, *_, last = (record["train_loss"] for record in result["epochs"])
    assert last < first


def test_several_splits_are_scored_and_told_apart(start_of):
    result, table, _ = run(start_of(SEVERAL))
    assert table["split"].to_pylist() == ["matched"] * 6 + ["mismatched"] * 6
    assert (result["n_matched"], result["n_mismatched"]) == (6, 6)
    right = np.array(table["prediction"]) == np.array(table["label"])
    record = result["epochs"][-1]
    assert record["splits"]["matched"]["accuracy"] == pytest.approx(right[:6].mean())
    assert record["splits"]["mismatched"]["accuracy"] == pytest.approx(right[6:].mean())
    assert record["accuracy"] == result["variants"]["accuracy"] == pytest.approx(right.mean())
    assert {"matched", "mismatched"} < result["digests"].keys()


def test_an_encoder_that_starts_anew_depends_on_the_seed_and_on_no_run_before_it(start_of):
    start = start_of()
    anew, again = (run(start, encoder="new")[2] for _ in range(2))
    came, after = run(start)[2], run(start, encoder="new")[2]
    other = run(start, encoder="new", seed=ALL["seed"] + 1)[2]
    assert same(anew, again) and same(anew, after)
    embeddings = next(name for name in came if name.endswith("word_embeddings.weight"))
    assert embeddings in moved(anew, came) and embeddings in moved(anew, other)
    assert same(run(start)[2], came), "nothing of it is left where the encoder is carried"
