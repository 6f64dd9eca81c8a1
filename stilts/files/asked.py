"""What an artefact was made for, and whether that is what is asked for now.

Each record (a manifest, a run file, a file of scores) holds a digest of the params of its rule,
beside the digests of what it was made from. Snakemake keeps the same in a folder of its own, which
may be lost, and knows nothing of a file that was copied from elsewhere.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from stilts.files.manifest import MANIFEST, digest_of

ASKED = "asked"  # the field of a record
# Digests of a record that name no split.
_NOT_PARENTS = {"checkpoint", "code", "features", "predictions"}


def asked_of(params: Mapping[str, Any]) -> str:
    """Return the digest of what a rule is asked for, 16 hexadecimal digits.

    params: its `spec`, `code` and, where it reads from outside, `content`.
    """
    told = {name: params[name] for name in ("spec", "code", "content") if name in params}
    return digest_of(told)[:16]


def with_asked(params: Any, **names: str) -> dict[str, Any]:
    """Return the spec of a job that puts into its record what it was asked for.

    params: of the rule, as a script has them. names: fields of the spec that the files say.
    """
    spec = {**params.spec, **names}
    return {**spec, ASKED: asked_of({**dict(params.items()), "spec": spec})}


def told(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the field of a record that says what it was made for, if the spec knows."""
    return {ASKED: spec[ASKED]} if ASKED in spec else {}


class Wanted(NamedTuple):
    """What is asked of a record.

    asked: see `asked_of`. checkpoint: the folder that it starts from, if any. data: the folders of
    the tasks that it reads.
    """

    asked: str
    checkpoint: str | None = None
    data: tuple[str, ...] = ()

    def reason_against(self, file: Path | str) -> str | None:
        """Return why a record is not what is asked for; None if it is, or a parent is missing.

        Raises:
            OSError: the record is not there.
        """
        try:
            record = json.loads(Path(file).read_text(encoding="utf-8"))
            if record.get(ASKED) != self.asked:
                return "it was made for another question, or by other code"
            digests = record.get("digests", {})
            checkpoint = _manifest(self.checkpoint) if self.checkpoint else {}
            if digests.get("checkpoint") != checkpoint.get("sha256"):
                return f"it was made from another checkpoint than {self.checkpoint}"
            folders = {Path(folder).name: folder for folder in self.data}
            for name in digests.keys() - _NOT_PARENTS:
                task, _, split = name.rpartition("/")
                folder = folders[task] if task else self.data[0]
                if digests[name] != _manifest(folder)["splits"][split]["sha256"]:
                    return f"it was made from other data than those of {folder}"
        except _Gone:
            return None  # what it stands on is made anew, and so it is
        except (ValueError, KeyError, IndexError, TypeError):
            return "it is not a whole record"
        return None

    def is_met(self, file: Path | str) -> bool:
        """Return whether a record is there and is what is asked for."""
        return Path(file).is_file() and self.reason_against(file) is None


class _Gone(Exception):
    """A parent has no manifest."""


def _manifest(folder: str) -> dict[str, Any]:
    path = Path(folder) / MANIFEST
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError:
        raise _Gone from None


@lru_cache(maxsize=512)
def _read(path: Path, changed: int) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))
