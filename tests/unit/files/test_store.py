import json
import threading

import pytest

from stilts.files.manifest import sha256_of_bytes
from stilts.files.store import TrialStore, publish

KEY = "ab" + "0" * 62
PREDICTIONS = b"parquet bytes"
RESULT = {"score": 0.5, "digests": {"predictions": sha256_of_bytes(PREDICTIONS)}, "key": KEY}
TIMING = {"seconds": 1.5}


@pytest.fixture
def store(tmp_path):
    return TrialStore(tmp_path / "store")


def put(store, key=KEY, **changes):
    store.put(key, RESULT | changes, PREDICTIONS, TIMING)


def folders(store):
    return [path for path in store.trials.iterdir() if path.name != KEY[:2]]


def test_what_is_put_comes_back(store):
    assert store.get(KEY) is None
    put(store)
    entry = store.get(KEY)
    assert (entry.result, entry.timing) == (RESULT, TIMING)
    assert entry.predictions.read_bytes() == PREDICTIONS
    assert store.timing(KEY) == TIMING


def test_a_trial_that_is_not_stored_has_no_timing(store):
    assert store.timing(KEY) == {}


def test_another_key_is_another_trial(store):
    put(store)
    assert store.get("ab" + "1" * 62) is None


@pytest.mark.parametrize("file", ["result.json", "timing.json", "predictions.parquet"])
@pytest.mark.parametrize("damage", ["cut", "empty", "gone"])
def test_a_damaged_entry_counts_as_absent_and_can_be_put_again(store, file, damage):
    put(store)
    path = store.trials / KEY[:2] / KEY / file
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-4] if damage == "cut" else b"")
    assert store.get(KEY) is None
    put(store)
    assert store.get(KEY).result == RESULT


def test_the_first_of_two_writers_wins_and_nothing_is_left_over(store):
    put(store, score=0.25)
    put(store, score=0.75)
    assert store.get(KEY).result["score"] == 0.25
    assert folders(store) == []


def test_writers_at_the_same_time_leave_one_whole_entry(store):
    start = threading.Barrier(8)
    errors = []

    def write(number):
        start.wait()
        try:
            put(store, score=number)
        except OSError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert store.get(KEY).result["score"] in range(8)
    assert folders(store) == []


def test_a_failed_put_leaves_nothing(store, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stilts.files.store.write_atomic", full)
    with pytest.raises(OSError, match="No space"):
        put(store)
    assert store.get(KEY) is None
    assert folders(store) == []


def test_publishing_copies_the_trial_under_the_studys_names(store, tmp_path):
    put(store)
    run, predictions = tmp_path / "runs/p.json", tmp_path / "predictions/p.parquet"
    publish(store.get(KEY), {"study": "mine", "point": "p"}, run, predictions)
    assert json.loads(run.read_text()) == RESULT | {"study": "mine", "point": "p"}
    assert predictions.read_bytes() == PREDICTIONS
    assert predictions.stat().st_nlink == 1
    predictions.write_bytes(b"spoilt")
    assert store.get(KEY) is not None


def test_publishing_twice_gives_the_same_bytes(store, tmp_path):
    put(store)
    for name in "ab":
        publish(store.get(KEY), {}, tmp_path / f"{name}.json", tmp_path / f"{name}.parquet")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
