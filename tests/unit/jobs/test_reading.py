import pytest

from stilts.errors import UserError
from stilts.files.store import Store
from stilts.jobs.reading import read_scored, read_train
from stilts.models.head import pose
from stilts.tasks.kinds import classification
from stilts.tasks.make import write_task
from tests.toys.tiny_jobs import posed_as
from tests.toys.tiny_models import facts_of, pairs, tokenizer_of


@pytest.fixture
def data(tmp_path):
    fields = {"task": "toy", "kind": "classification", "labels": ["c0", "c1"]}
    splits = {"train": pairs(20), "matched": pairs(6, seed=1), "mismatched": pairs(4, seed=2)}
    write_task(tmp_path / "data", splits, fields)
    return tmp_path / "data"


@pytest.fixture
def reading(tmp_path):
    store = Store(tmp_path / "store")
    return {"tokenizer": tokenizer_of("bert"), "reading": posed_as(), "store": store}


def posed(*splits):
    return pose(facts_of() | {"scored": [*splits]})


def test_a_task_is_scored_on_the_splits_that_it_names_by_the_metrics_of_its_kind(data, reading):
    parts = read_scored(posed("matched", "mismatched"), data, **reading)
    assert [(part.name, len(part.examples)) for part in parts] == [
        ("toy/matched", 6),
        ("toy/mismatched", 4),
    ]
    assert {part.metrics for part in parts} == {classification.metrics({"labels": ["no", "yes"]})}


def test_the_metric_that_chooses_an_epoch_is_scored_too_but_for_its_own_task_only(data, reading):
    (own,) = read_scored(posed("matched"), data, **reading, select="best:toy.pearson")
    assert own.metrics[-1] == "pearson"
    (known,) = read_scored(posed("matched"), data, **reading, select="best:toy.accuracy")
    (other,) = read_scored(posed("matched"), data, **reading, select="best:other.pearson")
    (last,) = read_scored(posed("matched"), data, **reading, select="last")
    assert known.metrics == other.metrics == last.metrics


def test_a_size_takes_a_sample_and_none_takes_all(data, reading):
    assert len(read_train(posed("matched"), data, **reading)) == 20
    small = read_train(posed("matched"), data, **reading, size=8, seed=3)
    again = read_train(posed("matched"), data, **reading, size=8, seed=3)
    assert len(small) == 8 and small.ids == again.ids
    assert read_train(posed("matched"), data, **reading, size=8, seed=4).ids != small.ids


def test_a_split_that_was_not_made_is_refused_with_those_that_were(data, reading):
    with pytest.raises(UserError, match="the folder has: matched, mismatched, train"):
        read_scored(posed("validation"), data, **reading)
