import contextlib
import errno
import functools
import logging
import shutil
import signal

import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.torch import load_file

import stilts.files.sealed
import stilts.training.workspace
from stilts.files.manifest import sha256_of
from stilts.training.loop import train
from stilts.training.snapshot import FILE, Snapshot
from stilts.training.workspace import Workspace
from tests.toys.tiny_models import fresh, random_encoded, split_of, weights_of

KEY = "a" * 64
PLAIN = {"lr": 5e-3, "batch": 4, "seed": 12, "epochs": 3, "warmup": 0.3}
CARRY = PLAIN | {"micro_batch": 2, "last_window": "carry", "clip": 0.5}
RECIPES = {
    "plain": PLAIN,
    "carry": CARRY | {"clip_each": "micro_batch", "eps_at": "uncorrected", "eps": 1e-3},
}
PACKED = {"plain": 9, "carry": 15}  # micro-batches of 10 examples in 3 epochs


def run(recipe, snapshot=None, precision="fp32"):
    """Train a tiny model, dropout on, and return all that the run leaves behind."""
    model = fresh("roberta", "classification")
    given = Workspace(model, precision), {"toy": random_encoded(10)}, recipe
    options = {"scored": [split_of(random_encoded(9, seed=5))], "snapshot": snapshot}
    with snapshot or contextlib.nullcontext():
        history = train(*given, **options)
    outputs = [values["toy/validation"].tobytes() for values in history.outputs]
    return weights_of(model), outputs, {**vars(history), "outputs": None}


@functools.cache
def whole(name, precision="fp32"):
    """What the run comes to when nothing happens to it."""
    return run(RECIPES[name], precision=precision)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / KEY


def stopped(recipe, folder, minutes=60, code=143, **options):
    with pytest.raises(SystemExit) as end:
        run(recipe, Snapshot(folder, minutes), **options)
    assert end.value.code == code
    return folder / FILE


# Going on


@pytest.mark.parametrize(
    ("name", "calls"), [(name, i + 1) for name in PACKED for i in range(PACKED[name])]
)
def test_a_run_that_is_stopped_in_any_micro_batch_ends_with_the_same_bytes(
    name, calls, folder, stop, monkeypatch
):
    stop("pack", calls)
    assert stopped(RECIPES[name], folder).is_file()
    monkeypatch.undo()
    assert run(RECIPES[name], Snapshot(folder, 60)) == whole(name)


def test_a_carried_gradient_is_kept(folder, stop):
    stop("pack", 5)
    tensors = load_file(stopped(RECIPES["carry"], folder))
    assert tensors["gradient.0"].any()


def test_in_bf16_too(folder, stop, monkeypatch):
    stop("pack", 7)
    stopped(RECIPES["carry"], folder, precision="bf16")
    monkeypatch.undo()
    assert run(RECIPES["carry"], Snapshot(folder, 60), "bf16") == whole("carry", "bf16")


@pytest.mark.parametrize("epoch", [1, 2, 3])
def test_a_run_that_is_stopped_while_it_is_scored_saves_the_scored_epoch(
    epoch, folder, stop, monkeypatch
):
    stop("predict", epoch, place=stilts.training.workspace)
    stopped(PLAIN, folder)
    monkeypatch.undo()
    scored = []
    original = stilts.training.workspace.predict
    monkeypatch.setattr(
        stilts.training.workspace, "predict", lambda *a, **b: scored.append(1) or original(*a, **b)
    )
    assert run(PLAIN, Snapshot(folder, 60)) == whole("plain")
    assert len(scored) == 3 - epoch


def test_a_run_that_is_stopped_after_every_step_ends_with_the_same_bytes(folder, stop):
    stops = 0
    while True:
        stop("pack", 1)
        try:
            end = run(RECIPES["carry"], Snapshot(folder, 60))
        except SystemExit:
            stops += 1
        else:
            break
    assert end == whole("carry")
    assert stops == 9, "two steps and a carried window in each of three epochs"


def test_a_diverged_run_stays_diverged(folder, stop, monkeypatch):
    recipe = PLAIN | {"lr": float("inf"), "warmup": 0.0}
    stop("predict", 1, place=stilts.training.workspace)
    stopped(recipe, folder)
    monkeypatch.undo()
    weights, outputs, history = run(recipe, Snapshot(folder, 60))
    assert history["diverged"] and len(history["epochs"]) == len(outputs) == 1
    assert str((weights, outputs, history)) == str(run(recipe))  # NaN is not equal to itself


def test_snapshots_on_the_way_change_nothing(folder):
    assert run(RECIPES["carry"], Snapshot(folder, 1e-9)) == whole("carry")
    assert (folder / FILE).is_file()
    assert run(RECIPES["carry"], Snapshot(folder, 1e-9)) == whole("carry"), "nothing was left to do"


def test_a_short_run_writes_nothing(folder):
    run(PLAIN, Snapshot(folder, 10))
    assert not folder.exists()


def test_the_time_of_earlier_processes_is_counted(folder, stop, monkeypatch):
    stop("pack", 5)
    stopped(PLAIN, folder)
    monkeypatch.undo()
    snapshot = Snapshot(folder, 60)
    assert snapshot.earlier == 0
    run(PLAIN, snapshot)
    assert snapshot.earlier > 0


# Signals


def test_every_signal_has_its_exit_status(folder, stop):
    stop("pack", 2, signal.SIGUSR1)
    stopped(PLAIN, folder, code=128 + signal.SIGUSR1)


def test_the_signals_are_given_back(folder):
    before = [signal.getsignal(number) for number in stilts.training.snapshot.SIGNALS]
    run(PLAIN, Snapshot(folder, 60))
    assert [signal.getsignal(number) for number in stilts.training.snapshot.SIGNALS] == before


def test_a_signal_after_the_last_step_takes_its_usual_effect(folder, monkeypatch):
    caught = []
    before = signal.signal(signal.SIGTERM, lambda number, _: caught.append(number))
    try:
        with Snapshot(folder, 60):
            signal.raise_signal(signal.SIGTERM)
            assert caught == []
        assert caught == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


# What cannot be trusted


def spoil(path, how):
    content = bytearray(path.read_bytes())
    match how:
        case "cut":
            content = content[: len(content) // 2]
        case "empty":
            content = b""
        case "text":
            content = b"no snapshot at all"
        case "no metadata":
            content = content.replace(b"__metadata__", b"__nometadata")
        case str(word):  # one bit, beside the word or, without one, in the last number
            content[content.rindex(word.encode()) + len(word) if word else -1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "how", ["cut", "empty", "text", "no metadata", 'steps\\\\\\": ', "data_offsets", ""]
)
def test_a_damaged_snapshot_is_ignored_with_a_line_in_the_log(
    how, folder, stop, monkeypatch, caplog
):
    stop("pack", 5)
    spoil(stopped(PLAIN, folder), how)
    monkeypatch.undo()
    caplog.clear()
    assert run(PLAIN, Snapshot(folder, 60)) == whole("plain")
    assert len(caplog.messages) == 1
    assert "snapshot ignored, training from the start" in caplog.text


def test_the_snapshot_of_another_run_is_ignored(folder, stop, monkeypatch, caplog):
    stop("pack", 5)
    stopped(PLAIN | {"seed": 3}, folder)
    monkeypatch.undo()
    here = shutil.move(folder, folder.with_name("b" * 64))
    assert run(PLAIN, Snapshot(here, 60)) == whole("plain")
    assert "it belongs to something else" in caplog.text


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), SafetensorError("I/O error (os error 28)")],
    ids=["python", "safetensors"],
)
def test_a_full_disk_is_a_warning_and_training_goes_on(folder, error, monkeypatch, caplog):
    def full(tensors, path, metadata):
        path.write_bytes(b"half")
        raise error

    monkeypatch.setattr(stilts.files.sealed, "save_file", full)
    assert run(PLAIN, Snapshot(folder, 1e-9)) == whole("plain")
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert "no snapshot, training goes on" in caplog.text
    assert list(folder.iterdir()) == []


def test_a_full_disk_leaves_the_older_snapshot(folder, stop, monkeypatch):
    stop("pack", 5)
    older = sha256_of(stopped(PLAIN, folder))
    monkeypatch.undo()
    monkeypatch.setattr(
        stilts.files.sealed, "save_file", lambda *_: (_ for _ in ()).throw(OSError("full"))
    )
    stop("pack", 2)
    assert sha256_of(stopped(PLAIN, folder)) == older


def test_what_a_kill_left_half_written_is_cleared_away(folder):
    folder.mkdir()
    (folder / f".{FILE}.x1.tmp").write_bytes(b"half")
    run(PLAIN, Snapshot(folder, 60))
    assert list(folder.iterdir()) == []


def test_losses_and_outputs_come_back_as_they_were(folder, stop, monkeypatch):
    stop("pack", 9)
    stopped(PLAIN, folder)
    tensors = load_file(folder / FILE)
    assert np.array_equal(tensors["history.losses"], whole("plain")[2]["losses"][:6])
    assert tensors["history.outputs.1.toy/validation"].numpy().tobytes() == whole("plain")[1][1]
    assert len(tensors["losses"]) == 3, "of the epoch that is not closed yet"
