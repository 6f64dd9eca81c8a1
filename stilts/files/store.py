"""The trial store: finished runs by what they were computed from, outside the declared outputs.

Snakemake deletes a job's outputs before it starts and after it fails. A finished trial must
outlive both, so it is put here first and then copied to where the workflow wants it.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stilts.files.locks import exclusive
from stilts.files.manifest import sha256_of, to_json, write_atomic

STORE = Path("results/.store")
# Beside the trials, below the same folder.
SNAPSHOTS = "snapshots"
ENCODINGS = "encodings"
LOCKS = "locks"


@dataclass(frozen=True)
class Entry:
    """A stored trial: its result, its predictions file, and how long it took."""

    result: dict[str, Any]
    predictions: Path
    timing: dict[str, Any]


class TrialStore:
    """Finished trials below a folder, one small folder each, never changed once written."""

    def __init__(self, root: Path = STORE):
        self.trials = root / "trials"
        self.snapshots = root / SNAPSHOTS
        self.locks = root / LOCKS

    def _folder(self, key: str) -> Path:
        return self.trials / key[:2] / key

    def get(self, key: str) -> Entry | None:
        """Return the trial stored under `key`, or None.

        An entry whose predictions do not match their digest (a disk fault, a partial copy) is
        moved out of the way and counts as absent: it is trained again rather than trusted.
        """
        folder = self._folder(key)
        if not folder.is_dir():
            return None
        try:
            result = json.loads((folder / "result.json").read_text())
            timing = json.loads((folder / "timing.json").read_text())
            predictions = folder / "predictions.parquet"
            whole = sha256_of(predictions) == result["digests"]["predictions"]
        except (OSError, ValueError, KeyError):
            whole = False
        if whole:
            return Entry(result, predictions, timing)
        shutil.rmtree(folder, ignore_errors=True)
        return None

    def exclusive(self, key: str) -> AbstractContextManager[None]:
        """Return a context in which no other process works on the trial."""
        return exclusive(key, self.locks)

    def timing(self, key: str) -> dict[str, Any]:
        """Return how long a stored trial took, or nothing where it is not stored."""
        try:
            return json.loads((self._folder(key) / "timing.json").read_text())
        except (OSError, ValueError):
            return {}

    def discard_snapshot(self, key: str) -> None:
        """Delete the snapshot of a trial that is stored, if there is one."""
        shutil.rmtree(self.snapshots / key, ignore_errors=True)

    def put(
        self, key: str, result: Mapping[str, Any], predictions: bytes, timing: Mapping[str, Any]
    ) -> None:
        """Store a finished trial; the folder appears whole or not at all.

        Args:
            key: 64 hexadecimal digits over everything that can change the result.
            result: JSON-like; `digests.predictions` must be the SHA-256 of `predictions`.
            predictions: a parquet file's bytes.
            timing: seconds and rates; not part of the result, as it differs from run to run.
        """
        target = self._folder(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".new-", dir=self.trials))
        try:
            write_atomic(temporary / "predictions.parquet", predictions)
            write_atomic(temporary / "timing.json", to_json(timing))
            write_atomic(temporary / "result.json", to_json(result))
            temporary.chmod(0o755)
            os.rename(temporary, target)
        except OSError:
            if not target.is_dir():
                raise
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def publish(entry: Entry, identity: Mapping[str, Any], run: Path, predictions: Path) -> None:
    """Copy a stored trial to its declared files, with the names it has in this study.

    A copy rather than a link: Snakemake touches the time stamps of declared files.
    """
    write_atomic(predictions, entry.predictions.read_bytes())
    write_atomic(run, to_json({**entry.result, **identity}))
