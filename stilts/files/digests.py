"""Digests of files that others may change: read again where size or time stamp differ."""

import json
from pathlib import Path

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
            self._known[name] = [*stamp, digest]
            if self._cache.parent.is_dir():
                write_atomic(self._cache, json.dumps(self._known, indent=0, sort_keys=True))
        return digest
