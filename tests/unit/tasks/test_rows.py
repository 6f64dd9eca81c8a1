import pyarrow.parquet as pq
import pytest

from stilts.errors import UserError
from stilts.files.manifest import sha256_of
from stilts.tasks.make import write_task
from stilts.tasks.rows import limit_rows, read_split, split_digest

FIELDS = {"task": "toy", "kind": "classification", "labels": ["no", "yes"]}


def pairs(*labels):
    return [
        {"id": str(n), "first": [f"a{n}"], "second": [], "label": label}
        for n, label in enumerate(labels)
    ]


def test_a_limit_draws_a_seeded_sample_in_the_original_order():
    rows = [{"id": str(n)} for n in range(100)]
    drawn = [int(row["id"]) for row in limit_rows(rows, 10, seed=1)]
    assert drawn == sorted(drawn) and len(set(drawn)) == 10
    assert drawn != list(range(10))
    assert limit_rows(rows, 10, seed=1) == limit_rows(rows, 10, seed=1)
    assert limit_rows(rows, 10, seed=1) != limit_rows(rows, 10, seed=2)


def test_samples_of_one_seed_are_nested():
    rows = [{"id": str(n)} for n in range(100)]
    small, large = (limit_rows(rows, n, seed=1) for n in (10, 40))
    assert all(row in large for row in small)


@pytest.mark.parametrize("n", [None, 3, 50])
def test_a_limit_above_the_size_is_the_whole(n):
    rows = [{"id": str(n)} for n in range(3)]
    assert limit_rows(rows, n, seed=1) == rows


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(UserError, match="a limit of 0 rows"):
        limit_rows([{"id": "0"}], 0, seed=1)


def test_a_changed_file_is_noticed_when_it_is_read(tmp_path):
    write_task(tmp_path, {"train": pairs(0, 1)}, FIELDS)
    path = tmp_path / "train.parquet"
    table = pq.read_table(path)
    pq.write_table(table.slice(0, 1), path)
    with pytest.raises(UserError, match="train.parquet was changed after its manifest"):
        read_split(tmp_path, "train")
    assert len(read_split(tmp_path, "train", verify=False)) == 1


def test_a_missing_or_broken_split_is_one_line(tmp_path):
    (tmp_path / "train.parquet").write_bytes(b"PAR1")
    with pytest.raises(UserError, match="validation.parquet does not exist; the folder has: train"):
        read_split(tmp_path, "validation")
    with pytest.raises(UserError, match="train.parquet is not a whole parquet file"):
        read_split(tmp_path, "train")


def test_the_digest_of_a_split_is_that_of_the_file_that_is_there(tmp_path):
    write_task(tmp_path, {"train": pairs(0, 1)}, FIELDS)
    assert split_digest(tmp_path, "train") == sha256_of(tmp_path / "train.parquet")
    (tmp_path / "train.parquet").write_bytes(b"PAR1")
    with pytest.raises(UserError, match="train.parquet was changed after its manifest"):
        split_digest(tmp_path, "train")
