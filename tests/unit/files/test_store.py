import os
import threading

import pytest

import stilts.files.store
from stilts.files.manifest import (
    file_digests,
    read_manifest,
    sha256_of_bytes,
    to_json,
    write_manifest,
)
from stilts.files.store import Store

KEY = "ab" + "0" * 62
PREDICTIONS = b"parquet bytes"
RESULT = {"score": 0.5, "digests": {"predictions": sha256_of_bytes(PREDICTIONS)}, "key": KEY}
TIMING = {"seconds": 1.5}


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def put(store, key=KEY, **changes):
    store.trials.put(key, RESULT | changes, PREDICTIONS, TIMING)


def folders(store):
    return [path for path in store.trials.root.iterdir() if path.name != KEY[:2]]


def test_what_is_put_comes_back(store):
    assert store.trials.get(KEY) is None
    put(store)
    entry = store.trials.get(KEY)
    assert (entry.result, entry.timing) == (RESULT, TIMING)
    assert entry.predictions.read_bytes() == PREDICTIONS
    assert store.trials.timing(KEY) == TIMING


def test_a_trial_that_is_not_stored_has_no_timing(store):
    assert store.trials.timing(KEY) == {}


def test_another_key_is_another_trial(store):
    put(store)
    assert store.trials.get("ab" + "1" * 62) is None


@pytest.mark.parametrize("file", ["result.json", "timing.json", "predictions.parquet"])
@pytest.mark.parametrize("damage", ["cut", "empty", "gone"])
def test_a_damaged_entry_counts_as_absent_and_can_be_put_again(store, file, damage):
    put(store)
    path = store.trials.folder(KEY) / file
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-4] if damage == "cut" else b"")
    assert store.trials.get(KEY) is None
    put(store)
    assert store.trials.get(KEY).result == RESULT


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [("result.json", "0.5", "0.9"), ("timing.json", "1.5", "1.4"), ("result.json", KEY, "cd" * 32)],
)
def test_an_entry_with_one_changed_value_counts_as_absent(store, file, before, after):
    put(store)
    path = store.trials.folder(KEY) / file
    changed = path.read_text().replace(before, after)
    assert changed != path.read_text()
    path.write_text(changed)
    assert store.trials.get(KEY) is None
    put(store)
    assert store.trials.get(KEY).result == RESULT


def test_a_result_that_is_no_number_comes_back_as_it_was(store):
    put(store, losses=[0.1, float("nan"), 1e-300])
    losses = store.trials.get(KEY).result["losses"]
    assert losses[0] == 0.1 and losses[1] != losses[1] and losses[2] == 1e-300


def test_the_first_of_two_writers_wins_and_nothing_is_left_over(store):
    put(store, score=0.25)
    put(store, score=0.75)
    assert store.trials.get(KEY).result["score"] == 0.25
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
    assert store.trials.get(KEY).result["score"] in range(8)
    assert folders(store) == []


def test_a_failed_put_leaves_nothing(store, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stilts.files.store.write_atomic", full)
    with pytest.raises(OSError, match="No space"):
        put(store)
    assert store.trials.get(KEY) is None
    assert folders(store) == []


def test_all_that_is_stored_is_listed_by_its_key(store):
    assert store.trials.folders() == []
    put(store)
    put(store, "cd" + "1" * 62)
    assert [folder.name for folder in store.trials.folders()] == [KEY, "cd" + "1" * 62]
    assert store.trials.folders()[0] == store.trials.folder(KEY)


def test_what_is_half_way_lies_beside_what_is_finished(store):
    put(store)
    for path in (store.snapshot(KEY) / "snapshot.safetensors", store.encoding(KEY)):
        path.parent.mkdir(parents=True)
        path.touch()
    store.discard_snapshot(KEY)
    assert not store.snapshot(KEY).exists()
    store.discard_snapshot(KEY)
    assert store.encoding(KEY).is_file()
    assert store.trials.get(KEY) is not None


def test_all_locks_are_one_empty_file_of_the_store(store):
    with store.exclusive(KEY):
        assert (store.root / "locks").stat().st_size == 0


# Stages


@pytest.fixture
def made(tmp_path):
    """A checkpoint's folder, as a stage leaves it."""
    folder = tmp_path / "made"
    folder.mkdir()
    for name in ("model.safetensors", "config.json"):
        (folder / name).write_text(f"the {name}")
    fields = {"files": file_digests(folder), "key": KEY, "study": "first", "epochs": [1]}
    write_manifest(folder, fields)
    return folder


def test_a_stored_stage_comes_back_under_the_names_it_is_asked_by(store, made, tmp_path):
    assert not store.stages.restore(KEY, tmp_path / "again", {})
    assert not (tmp_path / "again").exists()
    store.stages.put(KEY, made)
    assert store.stages.restore(KEY, tmp_path / "again", {"study": "second"})
    assert file_digests(tmp_path / "again") == file_digests(made)
    assert read_manifest(tmp_path / "again") == read_manifest(made) | {"study": "second"}
    assert read_manifest(made)["study"] == "first"
    assert read_manifest(store.stages.folder(KEY))["study"] == "first"
    assert [folder.name for folder in store.stages.folders()] == [KEY]


def test_a_stored_stage_takes_no_room_of_its_own(store, made, tmp_path):
    store.stages.put(KEY, made)
    store.stages.restore(KEY, tmp_path / "again", {})
    places = (made, store.stages.folder(KEY), tmp_path / "again")
    assert len({(place / "model.safetensors").stat().st_ino for place in places}) == 1
    for path in [*made.iterdir(), *(tmp_path / "again").iterdir()]:
        path.unlink()
    assert store.stages.restore(KEY, tmp_path / "again", {}), "deleted outputs cost nothing"


def test_a_file_system_without_links_gets_copies(store, made, tmp_path, monkeypatch):
    def refused(*_):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    store.stages.put(KEY, made)
    assert store.stages.restore(KEY, tmp_path / "again", {})
    assert file_digests(tmp_path / "again") == file_digests(made)
    assert (made / "config.json").stat().st_nlink == 1


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "manifest.json"])
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_stage_counts_as_absent_and_can_be_put_again(
    store, made, tmp_path, file, damage, monkeypatch
):
    monkeypatch.setattr(stilts.files.store, "_link", stilts.files.store.shutil.copyfile)
    store.stages.put(KEY, made)
    path = store.stages.folder(KEY) / file
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-4])
    assert not store.stages.restore(KEY, tmp_path / "again", {})
    assert not (tmp_path / "again").exists()
    store.stages.put(KEY, made)
    assert store.stages.restore(KEY, tmp_path / "again", {})


def test_an_additional_file_is_no_part_of_a_stored_stage(store, made, tmp_path):
    (made / ".snakemake_timestamp").touch()
    store.stages.put(KEY, made)
    assert store.stages.restore(KEY, tmp_path / "again", {})
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == [
        "config.json",
        "manifest.json",
        "model.safetensors",
    ]


def test_a_stage_that_is_not_whole_is_not_stored(store, made):
    (made / "manifest.json").write_text(to_json({"files": {"lost": "0" * 64}}))
    with pytest.raises(OSError, match="lost"):
        store.stages.put(KEY, made)
    assert not store.stages.folder(KEY).exists()
    assert list(store.stages.root.iterdir()) in ([], [store.stages.root / KEY[:2]])


def test_a_stored_stage_whose_manifest_was_changed_counts_as_absent(store, made, tmp_path):
    store.stages.put(KEY, made)
    stored = store.stages.folder(KEY) / "manifest.json"
    text = stored.read_text()
    stored.unlink()  # a link to the folder's own
    stored.write_text(text.replace("}", ', "more": 1}', 1))
    assert not store.stages.restore(KEY, tmp_path / "back", {})
