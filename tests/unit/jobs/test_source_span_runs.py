"""Spans of a source as stages and as a target: one head for all tasks, classes by their words."""

import io
import json

import pyarrow.parquet as pq
import pytest

from stilts.files.manifest import read_manifest
from stilts.files.store import Store
from stilts.jobs.outcome import Start
from stilts.jobs.publish import scored_by
from stilts.jobs.score_checkpoint import score_checkpoint
from stilts.jobs.trial import ENTRY, read_setting
from stilts.machine.handling import Handling
from stilts.question.recipe import complete
from stilts.tasks.answers import same_words
from stilts.tasks.confusion import NO_CLASS
from stilts.tasks.rows import read_split
from stilts.training.progress import Progress
from tests.toys.tiny_jobs import (
    NAMES,
    RECIPE,
    A,
    K,
    X,
    heads_of,
    posed_as,
    same,
    states_of,
    target_of,
)

SHORT = {"max_tokens": 30, "stride": 3, "decode": "independent"}
POSED = {"k": posed_as(**SHORT), "x": posed_as(**SHORT)}


def test_one_head_goes_through_stages_of_classes_and_of_questions(make_stage):
    first = make_stage("k", K, on="bert", posed=POSED, **SHORT)
    assert states_of(first) == {"source_span": "new"}
    second = make_stage("k+x", X, on="k", posed=POSED, **SHORT)
    assert states_of(second) == {"source_span": "carried"}
    third = make_stage("k+x+a", A, on="k+x")
    assert states_of(third) == {"source_span": "passed on", "a": "new"}
    one, other, last = (heads_of(folder)["source_span"] for folder in (first, second, third))
    assert not same(one, other) and same(other, last)


def test_tasks_of_one_stage_share_the_head_and_are_scored_each_after_every_epoch(make_stage):
    folder = make_stage("k~x", K, X, on="bert", posed=POSED)
    manifest = read_manifest(folder)
    assert manifest["heads"]["source_span"]["tasks"] == ["k", "x"]
    assert [set(epoch["tasks"]) for epoch in manifest["epochs"]] == [{"k", "x"}] * 2
    assert {"accuracy", "no_class"} < manifest["scored"]["k"]["variants"].keys()
    assert manifest["scored"]["x"]["variants"].keys() == {"exact_match", "f1_span"}
    assert list(heads_of(folder)) == ["source_span"]


def outcome_of(task, parents_of_stages, tmp_path, **recipe):
    spec = target_of(task, **SHORT | recipe)
    data, start = parents_of_stages / task["name"], parents_of_stages / "bert"
    setting = read_setting(spec, start, {task["name"]: data}, "cpu", ENTRY)
    store = Store(tmp_path / "store")
    trials = Start(setting, start, data, store, minutes=9, graphs=False)
    full = complete(spec["recipe"])
    with Progress(task["name"]) as progress:
        outcome = trials.run(full, setting.key(full), progress)
    (tmp_path / "p.parquet").write_bytes(outcome.predictions)
    table = pq.read_table(io.BytesIO(outcome.predictions)).to_pydict()
    return scored_by(outcome.result, tmp_path / "p.parquet", task), table


def test_a_class_is_right_when_the_words_at_the_span_are_its_words(parents_of_stages, tmp_path):
    told, table = outcome_of(K, parents_of_stages, tmp_path, epochs=3)
    rows = {row["id"]: row for row in read_split(parents_of_stages / "k", "validation")}
    right = none = 0
    for n, name in enumerate(table["id"]):
        row = rows[name]
        text = row["source"][table["start"][n] : table["end"][n]]
        assert text == table["text"][n] and table["label"][n] == row["label"]
        named = [k for k, words in enumerate(row["choices"]) if same_words(text, words)]
        assert [table["prediction"][n]] == (named or [NO_CLASS])
        right += same_words(text, row["choices"][row["label"]])
        none += not named
    assert told["score"] == told["variants"]["accuracy"] == pytest.approx(right / len(rows))
    assert told["variants"]["no_class"] == pytest.approx(none / len(rows))
    assert told["majority"] == 0.5 and told["n_train"] == 10


@pytest.mark.parametrize("rule", ["left_out", "ignored"])
def test_windows_without_their_answer_are_left_out_of_training_or_ignored(
    rule, parents_of_stages, tmp_path
):
    told, table = outcome_of(X, parents_of_stages, tmp_path, answerless=rule, max_tokens=18)
    steps = {"left_out": 2, "ignored": 3}
    assert told["steps"] >= RECIPE["epochs"] * steps[rule]
    assert len(table["id"]) == told["n_validation"] == 6
    assert all(golds for golds in table["label"])


def test_a_checkpoint_is_scored_on_a_task_that_it_never_saw_with_the_head_that_it_has(
    make_stage, parents_of_stages, tmp_path
):
    folder = make_stage("x", X, on="bert", posed=POSED, **SHORT)
    places = {"score": tmp_path / "s.json", "predictions": tmp_path / "p.parquet"}
    spec = {**NAMES, "target": "k", "precision": "fp32", "task": K, "seed": 1, "new_heads": 2}
    score_checkpoint(
        {**spec, **posed_as(**SHORT)},
        checkpoint=folder,
        data=parents_of_stages / "k",
        handling=Handling(),
        store=Store(tmp_path / "store"),
        **places,
    )
    told = json.loads(places["score"].read_text())
    assert told["head"]["new"] == [] and "draws" not in told
    assert told["score"] == told["counts"]["right"] / 6 and told["variants"]["no_class"] <= 1


@pytest.mark.parametrize(
    "change",
    [{"layout": "one_separator"}, {"answerless": "ignored"}, {"across": "share"}],
)
def test_how_a_source_is_read_is_part_of_a_trials_key(change, parents_of_stages):
    data = {"k": parents_of_stages / "k"}
    spec = target_of(K, **SHORT)
    setting = read_setting(spec, parents_of_stages / "bert", data, "cpu", ENTRY)
    recipe = complete(spec["recipe"])
    assert setting.key(recipe) != setting.key({**recipe, **change})
