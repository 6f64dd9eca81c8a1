"""Whatever call a process dies at, or that fails, the next run ends in the same bytes.

All points, not a sample: each piece of work is first counted, then broken at every single call.
"""

import hashlib
import json

import pytest
import torch

from stilts.files import sealed
from stilts.files.manifest import MANIFEST, file_digests, filled_folder, read_manifest, to_json
from stilts.files.store import Store
from stilts.jobs.publish import publish
from stilts.jobs.trial import Trial
from stilts.tasks.make import write_task
from tests.toys.faults import FAULTS, KILLED, calls, in_a_child
from tests.toys.invented_outcome import outcome_of
from tests.toys.tiny_jobs import NAMES
from tests.toys.tiny_models import facts_of, pairs

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


WORKS = {type(work).__name__: work for work in (Commit(), Snapshot(), Checkpoint(), Data())}
MORE = [(sealed, "save_file")]


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
