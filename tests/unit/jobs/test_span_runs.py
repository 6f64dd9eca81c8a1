"""Questions on a text as a stage and as a target: what goes on, what is counted, what is kept."""

import io
import json

import pyarrow.parquet as pq
import pytest
from safetensors.torch import load_file
from transformers import AutoModel, AutoModelForQuestionAnswering

from stilts.files.manifest import read_manifest
from stilts.files.store import Store
from stilts.jobs.outcome import Start
from stilts.jobs.publish import scored_by
from stilts.jobs.score_checkpoint import score_checkpoint
from stilts.jobs.trial import ENTRY, read_setting
from stilts.machine.handling import Handling
from stilts.models.head import pose
from stilts.models.load import load
from stilts.question.recipe import complete
from stilts.tasks.answers import normalised
from stilts.tasks.rows import read_split
from stilts.training.progress import Progress
from tests.toys.tiny_jobs import NAMES, RECIPE, A, W, model_in, posed_as, states_of, target_of
from tests.toys.tiny_models import tokenizer_of

SHORT = {"max_tokens": 18, "stride": 3}


@pytest.fixture
def stage(make_stage):
    return make_stage("w", W, on="bert", posed={"w": posed_as(**SHORT)}, **SHORT)


def test_sizes_count_questions_and_batches_windows(stage, parents_of_stages):
    told = read_manifest(stage)
    rows = read_split(parents_of_stages / "w", "train")
    tokenizer = tokenizer_of("bert")
    windows = 0
    for row in rows:
        asked, text = (len(tokenizer.tokenize(row[name])) for name in ("question", "context"))
        room = 18 - 3 - asked
        windows += 1 if text <= room else 1 + -(-(text - room) // (room - 3))
    assert windows > len(rows) == told["n_train"]
    assert len(told["epochs"]) == 2 and told["n_validation"] == 6
    steps = -(-windows // RECIPE["batch"])
    assert told["recipe"]["stride"] == 3 and steps > -(-len(rows) // RECIPE["batch"])


def test_the_manifest_of_a_stage_scores_all_with_and_without_an_answer(stage):
    names = {"exact_match", "f1_span"}
    names |= {f"{name}_{part}" for name in names for part in ("answerable", "unanswerable")}
    assert read_manifest(stage)["variants"].keys() == names


def test_a_stage_can_be_read_by_transformers(stage):
    assert states_of(stage) == {"w": "new"}
    model, info = AutoModelForQuestionAnswering.from_pretrained(stage, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"]


def test_the_next_stage_starts_a_head_of_its_own_and_passes_that_for_spans_on(make_stage, stage):
    second = make_stage("w+a", A, on="w")
    assert states_of(second) == {"w": "passed on", "a": "new"}
    third = make_stage("w+a+w", W, on="w+a", posed={"w": posed_as(**SHORT)}, **SHORT)
    assert states_of(third) == {"a": "passed on", "w": "carried"}


def test_with_and_without_the_stage_a_target_starts_from_the_same_pooler(make_stage, tmp_path):
    """Otherwise a comparison of the two measures the pooler, which the head for spans lacks."""
    model_in(tmp_path / "pooled", "bert", head=AutoModel)
    stage = make_stage("w", W, on="pooled", posed={"w": posed_as(**SHORT)}, **SHORT)
    carried = {}
    for place in (stage, tmp_path / "pooled"):
        model, _, reports = load(place, [pose(A)], 7)
        pooler = [name for name in reports["a"]["carried"] if "pooler" in name]
        carried[place] = pooler, model.encoder.pooler.dense.weight
    (names, after), (before_names, before) = carried.values()
    assert names == before_names and names and after.equal(before)


def test_a_new_pooler_is_the_same_one_with_and_without_the_stage(make_stage, tmp_path):
    """The other way to treat both alike: what the model came with is left behind in both."""
    model_in(tmp_path / "pooled", "bert", head=AutoModel)
    stage = make_stage("w", W, on="pooled", posed={"w": posed_as(**SHORT)}, **SHORT)
    weights = []
    for place in (stage, tmp_path / "pooled"):
        model, _, reports = load(place, [pose(A)], 7, new_pooler=True)
        assert not reports["a"]["carried"]
        weights.append(model.encoder.pooler.dense.weight)
    came, _, _ = load(tmp_path / "pooled", [pose(A)], 7)
    assert weights[0].equal(weights[1]) and not weights[0].equal(came.encoder.pooler.dense.weight)


@pytest.fixture
def scored(stage, parents_of_stages, tmp_path):
    places = {"score": tmp_path / "s.json", "predictions": tmp_path / "p.parquet"}
    spec = {**NAMES, "target": "w", "precision": "fp32", "task": W, "seed": 1, "new_heads": 2}
    score_checkpoint(
        {**spec, **posed_as(**SHORT)},
        checkpoint=stage,
        data=parents_of_stages / "w",
        handling=Handling(),
        store=Store(tmp_path / "store"),
        **places,
    )
    return json.loads(places["score"].read_text()), pq.read_table(places["predictions"])


def test_a_checkpoint_is_scored_by_question_and_tells_where_each_answer_stands(
    scored, parents_of_stages
):
    told, table = scored
    rows = read_split(parents_of_stages / "w", "validation")
    assert table["id"].to_pylist() == [row["id"] for row in rows]
    assert table["label"].to_pylist() == [row["answers"] for row in rows]
    places = zip(table["start"].to_pylist(), table["end"].to_pylist(), strict=True)
    cut = [row["context"][start:end] for row, (start, end) in zip(rows, places, strict=True)]
    assert table["prediction"].to_pylist() == cut
    right = [
        normalised(text) in ([normalised(gold) for gold in row["answers"]] or [""])
        for text, row in zip(cut, rows, strict=True)
    ]
    assert told["score"] == pytest.approx(sum(right) / len(rows))
    none = sum(not row["answers"] for row in rows) / len(rows)
    assert told["majority"] == told["chance"] == pytest.approx(none)
    assert told["degenerate"] == (not told["score"] > none) and told["counts"] is None


def test_a_target_is_trained_scored_and_published(parents_of_stages, tmp_path):
    spec = target_of(W, **SHORT, epochs=3)
    data = parents_of_stages / "w"
    setting = read_setting(spec, parents_of_stages / "bert", {"w": data}, "cpu", ENTRY)
    store = Store(tmp_path / "store")
    start = Start(setting, parents_of_stages / "bert", data, store, minutes=9, graphs=False)
    recipe = complete(spec["recipe"])
    with Progress("w") as progress:
        outcome = start.run(recipe, setting.key(recipe), progress)
    (tmp_path / "p.parquet").write_bytes(outcome.predictions)
    told = scored_by(outcome.result, tmp_path / "p.parquet", W)
    table = pq.read_table(io.BytesIO(outcome.predictions))
    assert len(table) == told["n_validation"] == 6 and told["n_train"] == 10
    assert told["score"] == told["variants"]["exact_match"] == told["scores"]["last"]["exact_match"]


def test_how_answers_are_read_off_is_part_of_a_trials_key(parents_of_stages):
    spec = target_of(W, **SHORT)
    data = {"w": parents_of_stages / "w"}
    setting = read_setting(spec, parents_of_stages / "bert", data, "cpu", ENTRY)
    recipe = complete(spec["recipe"])
    changes = ({}, {"stride": 4}, {"decode": "independent"}, {"longest_answer": 2})
    assert len({setting.key({**recipe, **change}) for change in changes}) == 4


def test_the_weights_of_a_stage_move(stage, parents_of_stages):
    name = "encoder.layer.0.output.dense.weight"
    before = load_file(parents_of_stages / "bert" / "model.safetensors")[f"bert.{name}"]
    assert not load_file(stage / "model.safetensors")[f"bert.{name}"].equal(before)
