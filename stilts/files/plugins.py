"""Plug-ins: modules that data name, found by the name of their file, each loaded when it is named.

A new kind, metric, head, family, theme, generator, table or figure is one new file: nothing lists
them, so nothing else changes.
"""

import ast
import functools
import importlib
import os
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any

from stilts.errors import unknown


def names(package: str) -> list[str]:
    """Return the names of a package's plug-ins, sorted, without loading any."""
    path = importlib.import_module(package).__path__
    return list(_listed(tuple((place, os.stat(place).st_mtime_ns) for place in path)))


@functools.cache
def _listed(places: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    """Return what folders hold, as long as nothing is added to them: planning asks often."""
    modules = pkgutil.iter_modules([place for place, _ in places])
    return tuple(sorted(found.name for found in modules if not found.ispkg))


def load(package: str, name: str, what: str, place: str) -> ModuleType:
    """Return a plug-in.

    Args:
        package: such as `stilts.tasks.kinds`.
        name: the stem of its file.
        what: what such a plug-in is, for the error.
        place: where the name stands, for the error.

    Raises:
        UserError: there is no such plug-in; the error lists those there are.
    """
    known = names(package)
    if name not in known:
        raise unknown(what, name, known, place)
    return importlib.import_module(f"{package}.{name}")


def stated(package: str, name: str, constant: str) -> Any:
    """Return a constant that a plug-in writes down at its top, None without it.

    The plug-in is not loaded: planning asks, and tables and figures take libraries along.

    Args:
        package: as in `load`.
        name: of a plug-in that is there.
        constant: such as `FIELDS`; its value is written with literals alone.
    """
    for place in importlib.import_module(package).__path__:
        path = Path(place, f"{name}.py")
        if path.is_file():
            return _constants(path, path.stat().st_mtime_ns).get(constant)
    return None


@functools.cache
def _constants(path: Path, changed: int) -> dict[str, Any]:
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name.isupper():
                try:
                    found[name] = ast.literal_eval(value)
                except ValueError:  # it is worked out
                    continue
    return found
