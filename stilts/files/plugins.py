"""Plug-ins: modules that data name, found by the name of their file, each loaded when it is named.

A new kind, metric, head, family, theme, generator, table or figure is one new file: nothing lists
them, so nothing else changes.
"""

import importlib
import pkgutil
from types import ModuleType

from stilts.errors import unknown


def names(package: str) -> list[str]:
    """Return the names of a package's plug-ins, sorted, without loading any."""
    path = importlib.import_module(package).__path__
    return sorted(found.name for found in pkgutil.iter_modules(path) if not found.ispkg)


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
