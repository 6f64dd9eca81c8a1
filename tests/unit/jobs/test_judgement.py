import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import accuracy_score, matthews_corrcoef

from stilts.jobs import judgement
from stilts.jobs.judgement import judge
from stilts.models.heads import classification, regression
from tests.toys.tiny_models import random_encoded, split_of

METRICS = ("accuracy", "matthews_correlation")
RNG = np.random.default_rng(0)


def outputs_of(encoded, width=3):
    return RNG.normal(size=(len(encoded), width)).astype(np.float32)


def read(content):
    return pq.read_table(io.BytesIO(content))


def test_a_judgement_is_what_other_libraries_say_of_the_outputs():
    encoded = random_encoded(40)
    outputs = outputs_of(encoded)
    fields, _ = judge(classification.Head, [split_of(encoded, metrics=METRICS)], [outputs])
    answers = outputs.argmax(axis=1)
    assert fields["variants"] == {
        "accuracy": pytest.approx(accuracy_score(encoded.labels, answers)),
        "matthews_correlation": pytest.approx(matthews_corrcoef(encoded.labels, answers)),
    }
    assert fields["n_validation"] == 40


def test_the_final_scores_go_through_evaluate(monkeypatch):
    asked = []
    original = judgement.final
    monkeypatch.setattr(
        judgement, "final", lambda *given: asked.append(given[0]) or original(*given)
    )
    encoded = random_encoded(8)
    judge(classification.Head, [split_of(encoded, metrics=METRICS)], [outputs_of(encoded)])
    assert asked == [METRICS]


def test_predictions_are_a_row_an_example_in_the_order_of_the_splits():
    parts = [split_of(random_encoded(size, seed=size), split=name) for name, size in SPLITS.items()]
    outputs = [outputs_of(part.examples) for part in parts]
    fields, content = judge(classification.Head, parts, outputs)
    table = read(content)
    assert table.schema.names == ["id", "split", "label", "prediction", "logits"]
    assert table.schema.field("logits").type == pa.list_(pa.float32())
    assert table.schema.field("prediction").type == table.schema.field("label").type == pa.int64()
    assert table["split"].to_pylist() == ["matched"] * 5 + ["mismatched"] * 3
    assert table["id"].to_pylist() == [*"01234", *"012"]
    assert table["logits"].to_pylist() == np.concatenate(outputs).tolist()
    assert (fields["n_matched"], fields["n_mismatched"]) == (5, 3)


SPLITS = {"matched": 5, "mismatched": 3}


def test_the_score_of_several_splits_is_the_mean_of_theirs():
    parts = [split_of(random_encoded(size, seed=size), split=name) for name, size in SPLITS.items()]
    outputs = [outputs_of(part.examples) for part in parts]
    fields, _ = judge(classification.Head, parts, outputs)
    each = [
        accuracy_score(part.examples.labels, out.argmax(axis=1))
        for part, out in zip(parts, outputs, strict=True)
    ]
    assert fields["variants"]["accuracy"] == pytest.approx(np.mean(each))


def test_numbers_are_kept_as_numbers():
    encoded = random_encoded(9, classes=0)
    outputs = outputs_of(encoded, 1)
    fields, content = judge(
        regression.Head, [split_of(encoded, metrics=["pearson"])], [outputs], [1.0, 0.5]
    )
    wanted = np.corrcoef(outputs[:, 0].astype(np.float64), encoded.labels)[0, 1]
    assert fields["variants"] == {"pearson": pytest.approx(wanted)}
    assert fields["signs"] == []
    table = read(content)
    assert table.schema.field("label").type == pa.float64()
    assert table["prediction"].to_pylist() == outputs[:, 0].tolist()


def test_the_answer_is_the_heads_own_and_no_argmax():
    """A head with one logit that answers yes above 0: an argmax would always say class 0."""

    class OneLogit(classification.Head):
        @staticmethod
        def answer(outputs, encoded):
            return (outputs[:, 0] > 0).astype(np.int64)

    encoded = random_encoded(20, classes=2)
    outputs = np.where(encoded.labels, 1.5, -1.5)[:, None].astype(np.float32)
    OneLogit.ties = staticmethod(lambda outputs: np.zeros(len(outputs), bool))
    fields, content = judge(OneLogit, [split_of(encoded)], [outputs])
    assert fields["variants"]["accuracy"] == 1 and fields["signs"] == []
    assert read(content)["prediction"].to_pylist() == encoded.labels.tolist()


def test_signs_of_a_run_that_learnt_nothing_are_told():
    encoded = random_encoded(20, classes=2)
    tied = np.zeros((20, 2), np.float32)
    fields, _ = judge(classification.Head, [split_of(encoded)], [tied], [0.7] * 9)
    assert "tied logits" in fields["signs"]
    assert "flat loss" in fields["signs"]
