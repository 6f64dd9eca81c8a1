"""What a question reads from outside: the reader's files, a mirror, folders of models.

Their contents are among the params of the rules that read them, so that a file that changes is
fetched again, with all that stands on it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stilts.errors import UserError
from stilts.files.digests import Digests
from stilts.files.manifest import read_manifest
from stilts.question.ask import Question
from stilts.tasks.sources.read import source_files

# What of a model's folder can matter; weights in other forms are never read.
_OF_A_MODEL = {".json", ".txt", ".model", ".safetensors"}


class Outside:
    """The files that a question reads from outside, with their digests."""

    def __init__(self, question: Question, digests: Digests):
        self._question, self._digests = question, digests

    def task(self, name: str) -> dict[str, str | None]:
        """Return the digest of each file that a task is read from, by path."""
        return self._digests.of_all(self._key("data", name), self._files_of_task(name))

    def model(self, name: str) -> dict[str, str | None]:
        """Return the digest of each file of a model's folder, or of its tokenizer's, by path."""
        return self._digests.of_all(self._key("models", name), self._files_of_model(name))

    def changed(self, results: Path) -> Iterator[str]:
        """Yield a line for each file that is not what it was when it was read.

        Args:
            results: the folder of this scale's results.
        """
        for kind, names, look in (
            ("data", self._question.tasks, self.task),
            ("models", self._question.models, self.model),
        ):
            for name in names:
                told = _told(results / kind / name)
                for path, digest in look(name).items() if told else ():
                    known = [one for item, one in told.items() if _ends_in(path, item)]
                    if known and digest not in known:
                        yield f"{path} has changed since it was read: {kind}/{name} is made anew"

    def _key(self, kind: str, name: str) -> str:
        return f"{self._question.scale.name}/{kind}/{name}"

    def _files_of_task(self, name: str) -> list[Path] | None:
        if self._question.task_rule(name) != "fetch_task":
            return []
        source, splits = self._question.catalogue.tasks[name].source, self._question.splits(name)
        try:
            return source_files(source, splits, self._question.config["mirror"])
        except UserError:  # the job that reads it says what is wrong
            return None

    def _files_of_model(self, name: str) -> list[Path] | None:
        origin: Mapping[str, Any] = self._question.model(name).origin
        tokenizer = origin.get("pretrain", {}).get("tokenizer", {})
        place = origin.get("path") or tokenizer.get("path")
        folder = Path(place).expanduser() if place else Path()
        if not place:
            return []
        if not folder.is_dir():
            return None
        files = (path for path in sorted(folder.iterdir()) if path.suffix in _OF_A_MODEL)
        return [path for path in files if path.is_file()]


def _ends_in(path: str, item: str) -> bool:
    """Tell whether a path is that of an item, or ends in it: whole names, not letters."""
    parts = Path(item).parts
    return Path(path).parts[-len(parts) :] == parts


def _told(folder: Path) -> dict[str, str]:
    """Return the digests that a manifest tells of the files it was made from, by their paths."""
    try:
        manifest = read_manifest(folder)
    except (OSError, ValueError):
        return {}
    parts = [part for part in manifest.get("origin", {}).values() if isinstance(part, Mapping)]
    files = [file for part in parts for file in part.get("files", ()) if isinstance(file, Mapping)]
    found = {file["path"]: file["sha256"] for file in files}
    return found or dict(manifest.get("files", {}) if "path" in manifest.get("origin", {}) else {})
