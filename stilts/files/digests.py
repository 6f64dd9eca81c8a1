"""Digests of files that others may change: read again where size or time stamp differ."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stilts.files.manifest import sha256_of, write_atomic

CACHE = Path(".snakemake/stilts-digests.json")


class Digests:
    """SHA-256 by path, remembered with the size and time stamp that a file had.

    A file whose size and time stamp are as before is not read again, so that looking at a mirror
    of many gigabytes takes no time.
    """

    def __init__(self, cache: Path = CACHE):
        self._cache = cache
        try:
            self._known = json.loads(cache.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self._known = {}

    def of(self, path: Path) -> str | None:
        """Return a file's digest; None where there is no such file."""
        try:
            found = path.stat()
        except OSError:
            return None
        name, stamp = str(path.absolute()), [found.st_size, found.st_mtime_ns]
        size, time, digest = self._known.get(name, (None, None, None))
        if [size, time] != stamp:
            digest = sha256_of(path)
            self._keep(name, [*stamp, digest])
        return digest

    def of_all(self, name: str, paths: Iterable[Path] | None) -> dict[str, str | None]:
        """Return the digests of the files behind something, by path.

        Where one of them is out of reach it is what they were last: a mirror that is not mounted,
        or a file that was removed after it was read, makes nothing anew.

        Args:
            name: of what is made of them.
            paths: None where it cannot be told which they are.
        """
        found = None if paths is None else {path.as_posix(): self.of(path) for path in paths}
        last = self._known.get(f"last of {name}")
        if last is not None and (found is None or None in found.values()):
            return last
        if found and None not in found.values() and found != last:
            self._keep(f"last of {name}", found)
        return found or {}

    def _keep(self, name: str, value: Any) -> None:
        self._known[name] = value
        if self._cache.parent.is_dir():
            write_atomic(self._cache, json.dumps(self._known, indent=0, sort_keys=True))
