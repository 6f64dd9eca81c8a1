"""The store: what is finished or half-way, by what it was computed from, outside declared outputs.

Snakemake deletes a job's outputs before it starts and after it fails. A finished trial or stage
must outlive both, so it is put here first and then handed to where the workflow wants it. What is
named by its key alone serves every study that asks for the same.
"""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stilts.files.locks import exclusive
from stilts.files.manifest import (
    MANIFEST,
    file_digests,
    filled_folder,
    read_manifest,
    sha256_of,
    sha256_of_bytes,
    to_json,
    write_atomic,
)

STORE = Path("results/.store")
OWN_DIGEST = "sha256_of_the_rest"
SEAL = ".manifest.sha256"  # hidden: no file of the checkpoint


@dataclass(frozen=True)
class Entry:
    """A stored trial: its result, its predictions file, and how long it took."""

    result: dict[str, Any]
    predictions: Path
    timing: dict[str, Any]


class Store:
    """Everything below one folder that is found by a key: 64 hexadecimal digits.

    Attributes:
        trials: finished trials.
        stages: checkpoints that a stage has come to.
    """

    def __init__(self, root: Path = STORE):
        self.root = root
        self.trials = Trials(root / "trials")
        self.stages = Stages(root / "stages")

    def snapshot(self, key: str) -> Path:
        """Return the folder of the snapshot from which a run under `key` goes on."""
        return self.root / "snapshots" / key

    def encoding(self, key: str) -> Path:
        """Return the file of an encoded split."""
        return self.root / "encodings" / f"{key}.safetensors"

    def exclusive(self, key: str) -> AbstractContextManager[None]:
        """Return a context in which no other process works under `key`."""
        return exclusive(key, self.root / "locks")

    def discard_snapshot(self, key: str) -> None:
        """Delete the snapshot of what is stored, if there is one."""
        shutil.rmtree(self.snapshot(key), ignore_errors=True)


class Folders:
    """A folder for each key, never changed once written."""

    def __init__(self, root: Path):
        self.root = root

    def folder(self, key: str) -> Path:
        """Return where what belongs to `key` lies, or would."""
        return self.root / key[:2] / key

    def folders(self) -> list[Path]:
        """Return the folder of everything stored; its name is its key."""
        return sorted(self.root.glob("??/*"))


class Trials(Folders):
    """Finished trials: a result, predictions, and how long it took."""

    def get(self, key: str) -> Entry | None:
        """Return the trial stored under `key`, or None.

        An entry of which any file does not match its digest (a disk fault, a partial copy, an
        edit) is deleted and counts as absent: it is trained again rather than trusted.
        """
        folder = self.folder(key)
        if not folder.is_dir():
            return None
        try:
            result, timing = (_unsealed(folder / name) for name in ("result.json", "timing.json"))
            predictions = folder / "predictions.parquet"
            whole = sha256_of(predictions) == result["digests"]["predictions"]
        except (OSError, ValueError, KeyError):
            whole = False
        if whole:
            return Entry(result, predictions, timing)
        shutil.rmtree(folder, ignore_errors=True)
        return None

    def timing(self, key: str) -> dict[str, Any]:
        """Return how long a stored trial took, or nothing where it is not stored."""
        try:
            return _unsealed(self.folder(key) / "timing.json")
        except (OSError, ValueError, KeyError):
            return {}

    def put(
        self, key: str, result: Mapping[str, Any], predictions: bytes, timing: Mapping[str, Any]
    ) -> None:
        """Store a finished trial; the folder appears whole or not at all.

        Args:
            key: a digest of everything that can change the result.
            result: JSON-like; `digests.predictions` must be the SHA-256 of `predictions`.
            predictions: a parquet file's bytes.
            timing: seconds and rates; not part of the result, as it differs from run to run.
        """
        with _new_folder(self.folder(key)) as temporary:
            write_atomic(temporary / "predictions.parquet", predictions)
            write_atomic(temporary / "timing.json", _sealed(timing))
            write_atomic(temporary / "result.json", _sealed(result))


class Stages(Folders):
    """Checkpoints by the key of the training that comes to them.

    Their files are the very files of a checkpoint's folder (hard links where the file system has
    them), so they take no more room, and stay when Snakemake deletes those.
    """

    def put(self, key: str, folder: Path) -> None:
        """Store the whole checkpoint of `folder`."""
        with _new_folder(self.folder(key)) as temporary:
            for name in (*read_manifest(folder)["files"], MANIFEST):
                _link(folder / name, temporary / name)
            write_atomic(temporary / SEAL, sha256_of(temporary / MANIFEST))

    def restore(self, key: str, folder: Path, identity: Mapping[str, Any]) -> bool:
        """Fill `folder` with the checkpoint under `key`, if it is stored; return whether it is.

        A damaged one is deleted and counts as absent.

        Args:
            key: of the training.
            folder: receives the files and, last, the manifest.
            identity: the names that the checkpoint has there, laid over its manifest.
        """
        stored = self.folder(key)
        if not stored.is_dir():
            return False
        try:
            manifest = read_manifest(stored)
            seal = (stored / SEAL).read_text(encoding="utf-8")
            whole = file_digests(stored) == manifest["files"] and seal == sha256_of(
                stored / MANIFEST
            )
        except (OSError, ValueError, KeyError):
            whole = False
        if not whole:
            shutil.rmtree(stored, ignore_errors=True)
            return False
        with filled_folder(folder) as temporary:
            for name in manifest["files"]:
                _link(stored / name, temporary / name)
            (temporary / MANIFEST).write_text(to_json(manifest | dict(identity)), encoding="utf-8")
        return True


def _sealed(record: Mapping[str, Any]) -> str:
    """Return the JSON text of a record with the digest of all that it says."""
    digest = sha256_of_bytes(to_json(record).encode())
    return to_json({**record, OWN_DIGEST: digest})


def _unsealed(path: Path) -> dict[str, Any]:
    """Return the record that `_sealed` has made a file of.

    Raises:
        ValueError: it is not what was written.
        KeyError: it has no digest.
    """
    record = json.loads(path.read_text(encoding="utf-8"))
    digest = record.pop(OWN_DIGEST)
    if digest != sha256_of_bytes(to_json(record).encode()):
        raise ValueError(f"{path} was changed after it was written")
    return record


@contextlib.contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """Yield a temporary folder that appears as `target` whole or, on an error, not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".new-", dir=target.parents[1]))
    try:
        yield temporary
        temporary.chmod(0o755)
        os.rename(temporary, target)
    except OSError:
        if not target.is_dir():  # else another process was first
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without links, or another one
        shutil.copyfile(source, target)
