"""Fingerprints of code: what a result depends on, blind to where the code stands."""

import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

from stilts.files.definitions import WHOLE, Definition, Definitions
from stilts.files.remembered import Remembered, sources

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(__file__).resolve().parents[1].name
CACHE = Path(".snakemake/stilts-fingerprints")

# What changes no result, and why. It is not followed from elsewhere.
LEFT_OUT = {
    "stilts.errors": "words: a run that meets an error has no result",
    "stilts.files": "bytes, whole or absent, found by key: whoever uses them compares digests",
    "stilts.machine": "this computer and its cluster: what differs there is a value in the key",
    "stilts.question.code": "names plug-ins, each of which is an entry of its own",
    "stilts.question.recipe": "its values, defaults included, are in the recipe and so in the key",
    "stilts.training.progress": "shows how far a run is, and decides nothing",
}


class Fingerprints:
    """The fingerprints of the code below a folder; see `fingerprint` and `reached`.

    Args:
        root: the project's folder.
        left_out: modules and packages that are followed only from within themselves.
    """

    def __init__(self, root: Path, left_out: Iterable[str] = LEFT_OUT):
        self._code = Definitions(root, PACKAGE, left_out)

    def fingerprint(self, *entries: str) -> str:
        """Return a digest of the definitions that the entries reach."""
        digests = sorted({self._digest(self._found(entry)) for entry in entries})
        return hashlib.sha256("".join(digests).encode()).hexdigest()[:16]

    def reached(self, *entries: str) -> list[str]:
        """Return the definitions that count in the fingerprint of the entries, sorted."""
        found = {each for entry in entries for each in self._walk(self._found(entry))}
        return sorted(f"{module}:{name}" for module, name in found if name != WHOLE)

    def _found(self, entry: str) -> list[Definition]:
        module, _, name = entry.partition(":")
        found = self._code.entry(module, name or None)
        if not found:
            raise FileNotFoundError(
                f"no code for '{entry}': name a module, a script, or module:name"
            )
        return [each for each in found if isinstance(each, Definition)]

    def _walk(self, found: list[Definition]) -> dict[Definition, int]:
        """Return all definitions that some refer to, numbered in the order they are met."""
        numbers = {each: number for number, each in enumerate(found)}
        waiting = list(found)
        for each in waiting:
            for meaning in self._code.code(each).meanings:
                for part in meaning:
                    if isinstance(part, Definition) and part not in numbers:
                        numbers[part] = len(numbers)
                        waiting.append(part)
        return numbers

    def _digest(self, found: list[Definition]) -> str:
        """Return a digest of a graph: texts, joined by numbers in place of modules and names.

        Two graphs have the same only if they are the same but for the names of modules: a name that
        comes to mean something else points elsewhere, a cycle points back.
        """
        numbers = self._walk(found)
        digest = hashlib.sha256()
        for each in numbers:
            text, meanings = self._code.code(each)
            parts = [[numbers.get(part, part) for part in meaning] for meaning in meanings]
            digest.update(f"{text}\n{parts!r}\n".encode())
        return digest.hexdigest()


_ours = Fingerprints(ROOT)


@functools.cache
def fingerprint(*entries: str) -> str:
    """Return a digest of the code that the entries reach: equal ones give equal results.

    An entry reaches its own definitions and, from each of them, the definitions of this package
    that its names mean, wherever they stand. With a definition counts what the import of its module
    does beyond binding names. A class counts whole, and so does a module that is used in another
    way than by its attributes.

    It does not see what is found by a name made at run time (a plug-in): name that as an entry too.

    Args:
        entries: modules (`stilts.training.loop`), definitions (`stilts.training.loop:train`), or
            scripts relative to the project's root (`workflow/scripts/train_stage.py`).

    Returns:
        16 hexadecimal digits. They change neither with comments, docstrings, layout, the words of
        errors and logs, nor with the place and the order of definitions, nor with the version of
        Python, nor with what is in `LEFT_OUT`.

    Raises:
        FileNotFoundError: an entry does not exist.
    """
    return _remembered().of(" ".join(entries), lambda: _ours.fingerprint(*entries))


@functools.cache
def _remembered() -> Remembered:
    return Remembered(ROOT / CACHE, lambda: sources(ROOT, PACKAGE, "workflow"))


def reached(*entries: str) -> list[str]:
    """Return what counts in the fingerprint of the entries, as sorted `module:name`.

    The name `(on import)` is what importing a module does beyond binding names.
    """
    return _ours.reached(*entries)
