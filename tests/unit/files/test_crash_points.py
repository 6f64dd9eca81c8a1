"""Whatever call a process dies at, or that fails, the next run ends in the same bytes.

All points, not a sample: each piece of work is first counted, then broken at every single call.
"""

import fcntl
import functools
import hashlib
import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import modeling_utils

from stilts.files import sealed
from stilts.files.manifest import (
    MANIFEST,
    file_digests,
    filled_folder,
    read_manifest,
    sha256_of,
    to_json,
    write_atomic,
)
from stilts.files.store import Store
from stilts.jobs.publish import publish
from stilts.jobs.trial import Trial
from stilts.models import stored_heads
from stilts.models.checkpoint import WEIGHTS
from stilts.models.save import save
from stilts.models.shards import INDEX, join_shards
from stilts.tasks.make import write_task
from stilts.training import snapshot as snapshots
from tests.toys.faults import FAULTS, KILLED, calls, in_a_child
from tests.toys.invented_outcome import outcome_of
from tests.toys.tiny_jobs import NAMES
from tests.toys.tiny_models import facts_of, pairs, scatter, several, tokenizer_of

KEY = "ab" + "0" * 62
TASK = facts_of(name="t")


class Commit:
    """A trial is stored, then handed out."""

    def run(self, folder):
        store = Store(folder / "store")
        if store.trials.get(KEY) is None:
            outcome = outcome_of([0, 1, 1, 0], [0, 0, 1, 1])
            result = {**outcome.result, "recipe": {}, "key": KEY}
            store.trials.put(KEY, result, outcome.predictions, {"seconds": 1.5})
        trial = Trial("p", {}, folder / "runs/p.json", folder / "predictions/p.parquet")
        spec = {**NAMES, "target": "t", "task": TASK}
        publish(store.trials.get(KEY), spec, trial)

    def check(self, folder):
        """Whoever looks sees a whole file or none."""
        store, run = Store(folder / "store"), folder / "runs/p.json"
        store.trials.get(KEY)
        if run.is_file():
            digest = json.loads(run.read_text())["digests"]["predictions"]
            content = (folder / "predictions/p.parquet").read_bytes()
            assert hashlib.sha256(content).hexdigest() == digest


class Snapshot:
    """A snapshot takes the place of an earlier one."""

    def run(self, folder):
        sealed.write(folder / KEY / "s", KEY, {"w": torch.arange(64.0)}, {"step": 2})

    def before(self, folder):
        sealed.write(folder / KEY / "s", KEY, {"w": torch.zeros(64)}, {"step": 1})

    def check(self, folder):
        tensors, record = sealed.read(folder / KEY / "s", KEY)
        assert tensors["w"].sum() == (0 if record["step"] == 1 else 64 * 63 / 2)


class Checkpoint:
    """A checkpoint is made beside files of an earlier one, stored, and restored elsewhere."""

    def run(self, folder):
        store = Store(folder / "store")
        with filled_folder(folder / "made") as temporary:
            (temporary / "model.safetensors").write_bytes(b"weights" * 50)
            (temporary / "config.json").write_text("{}", encoding="utf-8")
            fields = {"files": file_digests(temporary), "sha256": "s"}
            (temporary / MANIFEST).write_text(to_json(fields), encoding="utf-8")
        if not store.stages.restore(KEY, folder / "other", {"study": "other"}):
            store.stages.put(KEY, folder / "made")
            assert store.stages.restore(KEY, folder / "other", {"study": "other"})

    def before(self, folder):
        (folder / "made").mkdir(parents=True)
        for name in ("vocab.txt", "config.json"):
            (folder / "made" / name).write_text("of an earlier model")
        fields = {"files": file_digests(folder / "made"), "sha256": "earlier"}
        (folder / "made" / MANIFEST).write_text(to_json(fields), encoding="utf-8")

    def check(self, folder):
        for name in ("made", "other"):
            if (folder / name / MANIFEST).is_file():
                assert file_digests(folder / name) == read_manifest(folder / name)["files"]


class Data:
    """A task's data, parquet files and then the manifest, over those of an earlier question."""

    def run(self, folder):
        self._write(folder, 6)

    def before(self, folder):
        self._write(folder, 4)

    def _write(self, folder, count):
        fields = {"task": "t", "kind": "classification", "labels": ["c0", "c1"]}
        write_task(folder / "data", {"train": pairs(count), "validation": pairs(2)}, fields)

    def check(self, folder):
        if (folder / "data" / MANIFEST).is_file():
            told = read_manifest(folder / "data")["splits"]
            for split, digest in file_digests(folder / "data").items():
                assert told[split.removesuffix(".parquet")]["sha256"] == digest


class Stage:
    """A model with two heads is saved as a stage does, over that of an earlier question."""

    def run(self, folder):
        with filled_folder(folder / "made") as temporary:
            save(*_trained(1), temporary)
            fields = {"files": file_digests(temporary), "sha256": sha256_of(temporary / WEIGHTS)}
            (temporary / MANIFEST).write_text(to_json(fields), encoding="utf-8")

    def before(self, folder):
        with filled_folder(folder / "made") as temporary:
            save(*_trained(0), temporary)
            fields = {"files": file_digests(temporary), "sha256": "earlier"}
            (temporary / MANIFEST).write_text(to_json(fields), encoding="utf-8")

    def check(self, folder):
        """A manifest that is there tells of what lies beside it."""
        if (folder / "made" / MANIFEST).is_file():
            assert file_digests(folder / "made") == read_manifest(folder / "made")["files"]


@functools.cache
def _trained(seed):
    model = several("roberta", {"a": "classification", "b": "multiple_choice"})
    torch.manual_seed(seed)
    return scatter(model), tokenizer_of("roberta")


class Shards:
    """Weights in two files become one."""

    def run(self, folder):
        with filled_folder(folder / "joined") as temporary:
            join_shards(folder / "hub" / INDEX, temporary / WEIGHTS)

    def before(self, folder):
        (folder / "hub").mkdir()
        parts = {"1.safetensors": {"a": torch.arange(6.0)}, "2.safetensors": {"b": torch.ones(3)}}
        for name, tensors in parts.items():
            save_file(tensors, folder / "hub" / name)
        listed = {key: name for name, tensors in parts.items() for key in tensors}
        (folder / "hub" / INDEX).write_text(json.dumps({"weight_map": listed}))

    def check(self, folder):
        """Under its name lies the whole or nothing."""
        if (folder / "joined" / WEIGHTS).is_file():
            found = load_file(folder / "joined" / WEIGHTS)
            assert found["a"].tolist() == [0, 1, 2, 3, 4, 5] and found["b"].tolist() == [1, 1, 1]


class Locked:
    """Under the lock of its key a trial is stored; who dies with it must not keep it."""

    def run(self, folder):
        store = Store(folder / "store")
        with store.exclusive(KEY):
            if store.trials.get(KEY) is None:
                outcome = outcome_of([0, 1], [0, 1])
                store.trials.put(KEY, {**outcome.result}, outcome.predictions, {})
                write_atomic(folder / "done", KEY)
        write_atomic(folder / "done", KEY)

    def check(self, folder):
        file = folder / "store/locks"
        if file.is_file():
            with file.open("ab") as stream:  # at once, by whoever comes next
                fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, int(KEY[:15], 16))


class Resumed:
    """Training that keeps a snapshot after every step, and goes on from the last one."""

    STEPS = 3

    def run(self, folder):
        if (folder / "weights").is_file():  # as a job that finds its trial in the store
            snapshots.Snapshot(folder / KEY, minutes=0.0).discard()
            return
        weight = torch.nn.Parameter(torch.ones(4))
        optimizer = torch.optim.SGD([weight], lr=0.25, momentum=0.5)
        state = snapshots.State([weight], optimizer, torch.Generator().manual_seed(3))
        with snapshots.Snapshot(folder / KEY, minutes=0.0) as snapshot, torch.no_grad():
            snapshot.restore(state)
            while state.history.steps < self.STEPS:
                state.next_draw()
                weight.grad = torch.rand(4, generator=state.order)
                optimizer.step()
                weight.grad = None
                state.history.steps += 1
                state.next_draw()
                snapshot.keep(state)
            write_atomic(folder / "weights", weight.detach().numpy().tobytes())
            snapshot.discard()

    def check(self, folder):
        """A snapshot that is there is whole."""
        if (folder / KEY / snapshots.FILE).is_file():
            sealed.read(folder / KEY / snapshots.FILE, KEY)


PLAIN = (Commit(), Snapshot(), Checkpoint(), Data())
WORKS = {type(each).__name__: each for each in (*PLAIN, Stage(), Shards(), Locked(), Resumed())}
MORE = [
    (sealed, "save_file"),
    (stored_heads, "save_file"),
    (modeling_utils, "safe_save_file"),
    (fcntl, "lockf"),
]


def fresh(work, folder):
    folder.mkdir()
    if hasattr(work, "before"):
        work.before(folder)
    return folder


def artefacts(folder):
    """The files of a folder that have a name of their own, with their bytes."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in found
        if not any(part.startswith(".new-") for part in path.parts)
        and not path.name.endswith(".tmp")
    }


@pytest.fixture(scope="module", params=WORKS)
def counted(request, tmp_path_factory):
    """A piece of work, the calls that it makes, and what it ends in."""
    work, folder = WORKS[request.param], tmp_path_factory.mktemp("whole") / "w"
    fresh(work, folder)
    with calls(MORE) as made:
        work.run(folder)
    assert made.count("fsync") >= 1 and made.count("replace") >= 1
    return work, list(made), artefacts(folder)


@pytest.mark.parametrize("fault", FAULTS)
def test_at_every_call_a_fault_leaves_what_the_next_run_makes_whole(counted, fault, tmp_path):
    work, made, whole = counted
    statuses = set()
    for point, name in enumerate(made):
        place = f"{fault} at call {point} of {len(made)}, {name}"
        folder = fresh(work, tmp_path / str(point))

        def broken(folder=folder, point=point):
            with calls(MORE, at=point, fault=fault):
                work.run(folder)

        statuses.add(in_a_child(broken))
        work.check(folder)
        work.run(folder)
        assert artefacts(folder) == whole, place
    expected = {KILLED} if fault in ("kill", "torn") else {0, 1}
    assert statuses <= expected and statuses != {0}, "every fault has happened"


def test_after_a_failing_call_nothing_half_written_is_left(counted, tmp_path):
    work, made, _ = counted
    for point, name in enumerate(made):
        if name in ("unlink", "rmtree", "rmdir"):  # what removes it is what fails
            continue
        folder = fresh(work, tmp_path / str(point))
        try:
            with calls(MORE, at=point, fault="EIO"):
                work.run(folder)
        except OSError:
            litter = [path.name for path in folder.rglob("*") if ".tmp" in path.name]
            litter += [path.name for path in folder.rglob(".new-*")]
            assert litter == [], f"EIO at call {point}, {name}"
