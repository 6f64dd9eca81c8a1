"""Records that are written last: where a manifest stands, the artefact beside it is whole."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"


@contextlib.contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path in the same folder that becomes `path` when the block succeeds.

    The bytes are on disk before the name appears, so a reader sees the whole file or none. On an
    error the temporary file is removed and `path` stays as it was.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _put(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomic(path: Path | str, content: str | bytes) -> None:
    """Write `content` (text is UTF-8) to `path` so that no half-written file is ever seen."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


@contextlib.contextmanager
def filled_folder(folder: Path | str) -> Iterator[Path]:
    """Yield a temporary folder whose files take the place of those in `folder`, on success.

    For libraries that write several files themselves: a failure half-way leaves `folder` as it
    was. Files of an earlier time that are not among the new ones go: a reader would take them for
    a part of the whole. A `manifest.json` among the files moves last.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".new-", dir=target))
    try:
        yield temporary
        files = sorted(temporary.iterdir(), key=lambda path: path.name == MANIFEST)
        # An older manifest would vouch for files that are about to change.
        (target / MANIFEST).unlink(missing_ok=True)
        for path in _files(target):
            if path.name not in {file.name for file in files}:
                path.unlink()
        for path in files:
            _put(path, target / path.name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _put(temporary: Path, target: Path) -> None:
    # Temporary files, and weights as safetensors writes them, are private to the owner; artefacts
    # follow the umask like any other file.
    umask = os.umask(0)
    os.umask(umask)
    temporary.chmod(0o666 & ~umask)
    with temporary.open("rb") as stream:
        os.fsync(stream.fileno())
    os.replace(temporary, target)


def file_digests(folder: Path | str) -> dict[str, str]:
    """Return the SHA-256 of every file of a folder by name, its manifest and folders left out."""
    found = (path for path in _files(Path(folder)) if path.name != MANIFEST)
    return {path.name: sha256_of(path) for path in found}


def _files(folder: Path) -> list[Path]:
    """Return the files of a folder, sorted, but for those that others keep there for themselves."""
    return [
        path
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.startswith(".")
    ]


def sha256_of(path: Path | str) -> str:
    """Return the hexadecimal SHA-256 digest of a file."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of_bytes(content: bytes) -> str:
    """Return the hexadecimal SHA-256 digest of bytes in memory."""
    return hashlib.sha256(content).hexdigest()


def digest_of(value: Any) -> str:
    """Return the hexadecimal SHA-256 digest of a JSON-like value, whatever its key order."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def to_json(fields: Mapping[str, Any]) -> str:
    """Return the JSON text of a record: sorted keys, indented, newline at the end."""
    return json.dumps(fields, sort_keys=True, indent=1, ensure_ascii=False) + "\n"


def write_manifest(folder: Path | str, fields: Mapping[str, Any]) -> None:
    """Write `manifest.json` into `folder`; call it after everything else is in place."""
    write_atomic(Path(folder) / MANIFEST, to_json(fields))


def read_manifest(folder: Path | str) -> dict[str, Any]:
    """Return the manifest of `folder`.

    Raises:
        FileNotFoundError: the artefact is not there or not whole.
        ValueError: the file is not JSON.
    """
    path = Path(folder) / MANIFEST
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{path} is missing, so the artefact is not whole: run snakemake again to build it"
        ) from None
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{path} is not valid JSON ({error}): delete it, and snakemake rebuilds it"
        ) from None
