"""Plug-ins: modules that data name, found by the name of their file, each loaded when it is named.

A new kind, metric, head, family, theme, generator, table or figure is one new file: nothing lists
them, so nothing else changes.
"""

import functools
import importlib
import os
import pkgutil
from types import ModuleType

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
