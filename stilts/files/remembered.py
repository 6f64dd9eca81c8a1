"""Fingerprints of code that an earlier process has worked out."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from stilts.files.manifest import write_atomic


class Remembered:
    """Fingerprints that an earlier process found in the same sources, byte for byte.

    To follow names through the package takes a job as long as to load its model.

    Args:
        folder: of one file per state of the sources; it is made if the folder above is there.
        sources: returns a digest of everything that a fingerprint may depend on.
    """

    def __init__(self, folder: Path, sources: Callable[[], str]):
        self._folder, self._sources, self._state = folder, sources, sources()
        self._file = folder / f"{self._state}.json"

    def of(self, name: str, find: Callable[[], str]) -> str:
        """Return the fingerprint of a name, from `find` where nobody has asked for it yet."""
        known = self._read()
        if name not in known:
            known = {**known, name: find()}
            if self._sources() == self._state:  # nobody has edited them while they were read
                self._write({**self._read(), **known})
        return known[name]

    def _read(self) -> dict[str, str]:
        try:
            return json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    def _write(self, known: Mapping[str, str]) -> None:
        if not self._folder.parent.is_dir():
            return
        with contextlib.suppress(OSError):  # as on a full disk: the next process works it out
            write_atomic(self._file, json.dumps(known, indent=0, sort_keys=True))
            for other in set(self._folder.glob("*.json")) - {self._file}:
                other.unlink()


def sources(root: Path, *folders: str) -> str:
    """Return a digest of the Python files of some folders below `root`, and of their places."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in folders for path in (root / folder).rglob("*.py")):
        digest.update(f"{path.relative_to(root)}\n".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
