import errno
import os

import numpy as np
import pytest

from stilts.errors import UserError
from stilts.files import sealed
from stilts.files.store import Store
from stilts.models import token_store as tokens
from stilts.models.token_store import ARRAYS, encoded_split
from stilts.models.tokens import encode
from stilts.tasks.make import write_task
from stilts.tasks.rows import limit_rows, read_split
from tests.toys.tiny_models import pairs, questions, tokenizer_of

FIELDS = {"task": "t", "kind": "classification", "labels": ["a", "b"]}


@pytest.fixture
def data(tmp_path):
    write_task(tmp_path / "data", {"train": pairs(20), "validation": pairs(6, seed=1)}, FIELDS)
    return tmp_path / "data"


@pytest.fixture
def get(data, tmp_path):
    def get(split="train", kind="classification", tokenizer="bert", max_tokens=24, **options):
        options |= {"store": Store(tmp_path / "store")}
        return encoded_split(data, split, kind, tokenizer_of(tokenizer), max_tokens, **options)

    return get


def same(left, right):
    for name in ARRAYS:
        ours, theirs = getattr(left, name), getattr(right, name)
        assert (ours is None) == (theirs is None)
        assert ours is None or (np.array_equal(ours, theirs) and ours.dtype == theirs.dtype)
    return (left.ids, left.choices) == (right.ids, right.choices)


def files(tmp_path):
    return len([*(tmp_path / "store/encodings").iterdir()])


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_what_is_read_back_is_what_was_encoded(data, get, family):
    wanted = encode(read_split(data, "train"), "classification", tokenizer_of(family), 24)
    assert same(get(tokenizer=family), wanted)
    assert same(get(tokenizer=family), wanted)


def test_options_keep_their_number(tmp_path):
    fields = FIELDS | {"kind": "multiple_choice"}
    write_task(tmp_path / "mc", {"train": questions(5), "validation": questions(3)}, fields)
    first, second = (
        encoded_split(
            tmp_path / "mc",
            "train",
            "multiple_choice",
            tokenizer_of("bert"),
            24,
            store=Store(tmp_path / "store"),
        )
        for _ in range(2)
    )
    assert second.choices == 3 and same(first, second)


def test_a_split_is_encoded_once(get, monkeypatch):
    first = get()
    monkeypatch.setattr(tokens, "encode", lambda *_: pytest.fail("encoded again"))
    assert same(get(), first)


@pytest.mark.parametrize(
    "change", [{"split": "validation"}, {"max_tokens": 9}, {"tokenizer": "roberta"}, {"size": 7}]
)
def test_whatever_changes_the_ids_is_encoded_anew(get, tmp_path, change):
    get()
    get(**change)
    assert files(tmp_path) == 2


def test_a_tokenizer_that_was_used_otherwise_before_is_the_same_tokenizer(get, data, tmp_path):
    get()
    tokenizer = tokenizer_of("bert")
    tokenizer(["the dog"], padding="max_length", truncation=True, max_length=5)
    encoded_split(data, "train", "classification", tokenizer, 24, store=Store(tmp_path / "store"))
    assert files(tmp_path) == 1


def test_a_sample_is_the_one_that_its_seed_draws(data, get):
    rows = limit_rows(read_split(data, "train"), 7, 3)
    wanted = encode(rows, "classification", tokenizer_of("bert"), 24)
    assert same(get(size=7, seed=3), wanted)
    assert get(size=7, seed=4).ids != wanted.ids


def test_damaged_rows_are_refused_even_where_their_tokens_are_stored(get, data):
    get()
    (data / "train.parquet").write_bytes(b"something else")
    with pytest.raises(UserError, match="train.parquet was changed after its manifest"):
        get()


def test_reading_is_noted_for_prune(get, tmp_path):
    get()
    (path,) = (tmp_path / "store/encodings").iterdir()
    os.utime(path, (0, 0))
    get()
    assert path.stat().st_mtime > 0


@pytest.mark.parametrize("place", [20, -3])
def test_a_damaged_file_is_encoded_anew_and_mended(get, tmp_path, caplog, place):
    whole = get()
    (path,) = (tmp_path / "store/encodings").iterdir()
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    assert same(get(), whole)
    assert "stored tokens ignored" in caplog.text
    caplog.clear()
    assert same(get(), whole) and not caplog.text


def test_a_full_disk_costs_the_store_only(get, tmp_path, monkeypatch, caplog):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sealed, "save_file", full)
    assert len(get()) == 20
    assert "tokens not stored" in caplog.text and files(tmp_path) == 0


def test_numbers_come_back_as_numbers(tmp_path):
    rows = [row | {"label": 0.5 * place} for place, row in enumerate(pairs(5))]
    write_task(tmp_path / "data", {"train": rows}, FIELDS | {"labels": [], "range": [0, 5]})
    form = (tmp_path / "data", "train", "classification", tokenizer_of("bert"), 24)
    first, second = (encoded_split(*form, store=Store(tmp_path / "store")) for _ in range(2))
    assert second.labels.tolist() == [0, 0.5, 1, 1.5, 2] and same(first, second)
