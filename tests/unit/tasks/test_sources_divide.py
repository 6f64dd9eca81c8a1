"""Splits that are made of the training rows."""

import pytest

from stilts.question.catalogue import Task
from stilts.tasks.sources.read import read_source, source_files, splits_there
from tests.toys.sources import refused, write_parquet
from tests.unit.question.test_catalogue import PAIR
from tests.unit.question.test_catalogue import refused as refused_by

ROWS = [{"text": f"row {n}"} for n in range(50)]


@pytest.fixture
def source(tmp_path):
    def write(**divide):
        path = tmp_path / "train.parquet"
        write_parquet(path, ROWS)
        return {"files": {"train": str(path)}, "divide": divide}

    return write


def texts(source, split):
    return [row["text"] for row in read_source(source, split)[0]]


def test_every_row_is_in_exactly_one_split_and_keeps_its_order(source):
    divided = source(validation=0.1, test=0.2, seed=7)
    parts = {split: texts(divided, split) for split in ("train", "validation", "test")}
    assert {split: len(part) for split, part in parts.items()} == {
        "train": 35,
        "validation": 5,
        "test": 10,
    }
    every = [row["text"] for row in ROWS]
    assert sorted(sum(parts.values(), [])) == sorted(every)
    assert all(part == [text for text in every if text in part] for part in parts.values())


def test_the_seed_decides_and_is_recorded(source):
    first, again = (texts(source(validation=0.2, seed=1), "validation") for _ in range(2))
    assert first == again != texts(source(validation=0.2, seed=2), "validation")
    _, origin = read_source(source(validation=0.2), "validation")
    assert origin["divided"] == {"shares": {"validation": 0.2}, "seed": 42, "of": 50}
    assert origin["files"][0]["rows"] == 50


def test_planning_knows_the_split_and_follows_the_file_that_it_is_made_of(source):
    divided = source(validation=0.1)
    assert splits_there(divided, None) == ["train", "validation"]
    assert [path.name for path in source_files(divided, ["train", "validation"], None)] == [
        "train.parquet"
    ]


def test_a_mirrors_training_split_is_divided_too(tmp_path):
    write_parquet(tmp_path / "acme/weather/default/train-00000-of-00001.parquet", ROWS)
    divided = {"hub": "acme/weather", "divide": {"validation": 0.5}}
    train, validation = (
        {row["text"] for row in read_source(divided, split, mirror=str(tmp_path))[0]}
        for split in ("train", "validation")
    )
    assert len(train) == len(validation) == 25 and not train & validation
    assert splits_there(divided, str(tmp_path)) == ["train", "validation"]


def test_a_share_of_no_row_is_refused(source):
    said = refused(source(validation=0.001), "validation")
    assert "'divide' leaves 'validation' without a row of the 50 of 'train'" in said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"divide": {"validation": 1.5}}, "source.divide.validation must be a share"),
        ({"divide": {"validation": 0.1, "seed": -1}}, "source.divide.seed must be a whole number"),
        ({"divide": {"seed": 1}}, "source.divide names no split"),
        ({"divide": {"validation": 0.6, "test": 0.4}}, "leave nothing of 'train'"),
        ({"divide": {"train": 0.4}}, "'train' is what is divided"),
        (
            {"divide": {"validation": 0.4}, "splits": {"validation": "dev"}},
            "'validation' is named by 'source.splits' too",
        ),
        ({"divide": 0.1}, "source.divide must be a block of split: share, found 0.1"),
    ],
)
def test_shares_that_cannot_be_are_refused_at_planning(source, said):
    block = PAIR | {"source": {"hub": "org/name", **source}}
    assert said in refused_by(Task.from_block, "pair", block, "tasks.yaml")
