"""The definitions of a package, and what each of them refers to, across modules."""

import ast
import functools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from stilts.files.essence import below, essence, for_results

ON_IMPORT, WHOLE, STAR = "(on import)", "(whole)", "*"
_NAMED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_PLAIN_TARGET = ast.Name | ast.Tuple | ast.List | ast.Starred | ast.expr_context


class Definition(NamedTuple):
    """What a module binds to a name.

    The name `ON_IMPORT` is what importing the module does, beyond binding names; `WHOLE` is all
    that it binds.
    """

    module: str
    name: str


# What a name stands for: definitions of the package, and lines that import from elsewhere.
Meaning = tuple[Definition | str, ...]


class Code(NamedTuple):
    """The text of a definition, with `@0`, `@1`, … for `meanings[0]`, `meanings[1]`, …"""

    text: str
    meanings: tuple[Meaning, ...]


class Link(NamedTuple):
    """What an import brings: a module, or what the module calls `name`."""

    module: str
    name: str | None
    line: str
    whole: str | None = None  # `a.b` where the line is `import a.b`, which brings the name `a`

    @property
    def top(self) -> str:
        """The package that the module is in."""
        return self.module.split(".")[0]


class Module:
    """What a module binds, and the statements that bind it.

    Attributes:
        tree: its syntax tree.
        package: the one that its relative imports start from.
        defined: the statements that bind a name and do nothing else, by name.
        links: what its imports bring, by name; `STAR` stands for all names of another module.
        on_import: the statements that do more than bind plain names, in order.
    """

    def __init__(self, source: bytes, package: str, followed: str):
        self.tree, self.package = ast.parse(source), package
        self.defined: dict[str, list[ast.stmt]] = {}
        self.links: dict[str, list[Link]] = {}
        self.on_import: list[ast.stmt] = []
        self._bound_on_import: set[str] = set()
        for statement in for_results(self.tree.body):
            if isinstance(statement, _NAMED):
                self._define({statement.name}, statement)
                # A decorator from elsewhere only decorates; one of the package may register.
                if any(self._is_of(followed, name) for name in _loaded(statement.decorator_list)):
                    self.on_import.append(statement)
            else:
                self._take(statement)

    def binds(self, name: str) -> bool:
        """Return whether the module itself gives the name a meaning."""
        return name in self.defined or name in self.links or name in self._bound_on_import

    def binds_on_import(self, name: str) -> bool:
        """Return whether one of the statements `on_import` binds the name."""
        return name in self._bound_on_import

    def _take(self, statement: ast.stmt) -> None:
        inside, targets = list(below([statement])), _targets(statement)
        links = _links(inside, self.package)
        for name, found in links.items():
            self.links.setdefault(name, []).extend(found)
        if isinstance(statement, ast.Import | ast.ImportFrom):
            acts = STAR in links
        else:
            nodes = [node for target in targets for node in ast.walk(target)]
            acts = not nodes or not all(isinstance(node, _PLAIN_TARGET) for node in nodes)
            if not acts:
                self._define(_stored(nodes) | _walrus(statement), statement)
        if acts:
            self.on_import.append(statement)
            self._bound_on_import |= _stored(ast.walk(statement))
            self._bound_on_import |= {each.name for each in inside if isinstance(each, _NAMED)}

    def _define(self, names: Iterable[str], statement: ast.stmt) -> None:
        for name in names:
            self.defined.setdefault(name, []).append(statement)

    def _is_of(self, package: str, name: str) -> bool:
        if name in self.links:
            return any(link.top == package for link in self.links[name])
        return self.binds(name)


class Definitions:
    """The definitions below a project's root, read once.

    Args:
        root: the project's folder.
        package: the one whose imports are followed.
        left_out: modules and packages that are followed only from within themselves.
    """

    def __init__(self, root: Path, package: str, left_out: Iterable[str] = ()):
        self._root, self._package, self._left_out = root, package, tuple(left_out)
        self._path = functools.cache(self._locate)
        self._module = functools.cache(self._read)
        self.code = functools.cache(self._write)

    def _locate(self, module: str) -> Path | None:
        """Return the file of a module or script, a folder without one, or None."""
        if module.endswith(".py"):
            path = self._root / module
            return path if path.is_file() else None
        base = self._root.joinpath(*module.split("."))
        files = (base / "__init__.py", base.with_suffix(".py"))
        found = next((path for path in files if path.is_file()), base)
        return found if found.exists() else None

    def entry(self, module: str, name: str | None = None) -> Meaning:
        """Return all of a module or script, or one of its names; empty if there is none."""
        path = self._path(module)
        if path is None or path.is_dir():
            return ()
        found = (Definition(module, WHOLE),) if name is None else self._find(module, (name,))[0]
        return (*found, *self._imported(module)) if found else ()

    def _imported(self, module: str) -> Meaning:
        """Return what importing a module does: its own statements and those of its packages."""
        parts = [] if module.endswith(".py") else module.split(".")
        names = [".".join(parts[: end + 1]) for end in range(len(parts))] or [module]
        return tuple(Definition(name, ON_IMPORT) for name in names if self._module(name).on_import)

    def _find(
        self,
        module: str,
        names: tuple[str, ...],
        brought: Mapping[str, list[Link]] | None = None,
        seen: frozenset[Link] = frozenset(),
    ) -> tuple[Meaning, int]:
        """Return the meaning of a dotted name, and how many of its dots lead into modules.

        Args:
            module: the one that the name stands in.
            names: the dotted name, cut at its dots.
            brought: imports that hold beside those of the module.
            seen: imports that were followed to come here.
        """
        first, bound = names[0], self._module(module)
        found: list[Definition | str] = []
        dots = []
        if first in bound.defined:
            found.append(Definition(module, first))
            dots.append(0)
        if bound.binds_on_import(first):
            found.append(Definition(module, ON_IMPORT))
            dots.append(0)
        for link in (*(brought or {}).get(first, ()), *bound.links.get(first, ())):
            if link not in seen:
                meaning, passed = self._follow(link, module, names[1:], seen | {link})
                found += meaning
                dots.append(passed)
        return tuple(dict.fromkeys(found)), min(dots, default=0)

    def _follow(
        self, link: Link, origin: str, rest: tuple[str, ...], seen: frozenset[Link]
    ) -> tuple[Meaning, int]:
        """Return the meaning of what an import brings, followed by the names in `rest`."""
        module, name = link.module, link.name
        if link.top != self._package or not self._path(module):
            return (link.line,), 0
        dots = 0
        if name is None or not self._module(module).binds(name):
            # A module as an object: enter it as far as the dots lead.
            inside = rest if name is None else (name, *rest)
            while inside and not self._module(module).binds(inside[0]):
                if not self._path(f"{module}.{inside[0]}"):
                    break
                module, inside = f"{module}.{inside[0]}", inside[1:]
            dots = max(0, len(rest) - len(inside))
        else:
            inside = (name, *rest)
        if self._is_left_out(module, origin):
            return (), dots
        if inside and self._module(module).binds(inside[0]):
            found, further = self._find(module, inside, seen=seen)
            dots = further if len(inside) > len(rest) else dots
        else:
            found = (Definition(module, WHOLE),)
            if link.whole and link.whole.startswith(f"{module}."):
                found += (Definition(link.whole, WHOLE), *self._imported(link.whole))
        return (*found, *self._imported(module)), dots

    def _is_left_out(self, module: str, origin: str) -> bool:
        return any(
            f"{module}.".startswith(f"{name}.") and not f"{origin}.".startswith(f"{name}.")
            for name in self._left_out
        )

    def _write(self, definition: Definition) -> Code:
        """Return the code of a definition, or of all that a module binds, or does on import."""
        place, name = definition
        module = self._module(place)
        if name == WHOLE:
            used = {node.id for node in ast.walk(module.tree) if isinstance(node, ast.Name)}
            names = sorted(module.defined.keys() | (module.links.keys() - used))
            return Code(" ".join(names), tuple(self._find(place, (name,))[0] for name in names))
        statements = module.on_import if name == ON_IMPORT else module.defined[name]
        brought = _links(below(statements), module.package)
        meanings: dict[Meaning, int] = {}

        @functools.cache
        def refer(names: tuple[str, ...]) -> str | None:
            meaning, dots = self._find(place, names, brought)
            if not meaning:
                return None
            number = meanings.setdefault(meaning, len(meanings))
            return ".".join((f"@{number}", *names[1 + dots :]))

        stars = refer((STAR,)) if name == ON_IMPORT else None
        return Code(f"{essence(statements, refer)}{stars}", tuple(meanings))

    def _read(self, name: str) -> Module:
        path = self._path(name)
        is_file = path is not None and path.is_file()
        is_package = not is_file or path.stem == "__init__"
        package = name if is_package else name.rpartition(".")[0]
        return Module(path.read_bytes() if is_file else b"", package, self._package)


def _links(statements: Iterable[ast.stmt], package: str) -> dict[str, list[Link]]:
    """Return what the imports among statements bring, by name.

    Args:
        statements: those of a module or of a part of it.
        package: the one that relative imports start from.
    """
    found: dict[str, list[Link]] = {}
    for statement in statements:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                top, line = alias.name.split(".")[0], f"import {alias.name}"
                if alias.asname:
                    found.setdefault(alias.asname, []).append(Link(alias.name, None, line))
                else:
                    found.setdefault(top, []).append(Link(top, None, line, whole=alias.name))
        elif isinstance(statement, ast.ImportFrom):
            parts = package.split(".")[: 1 - statement.level or None] if statement.level else []
            module = ".".join((*parts, *filter(None, [statement.module])))
            for alias in statement.names:
                link = Link(module, alias.name, f"from {module} import {alias.name}")
                found.setdefault(alias.asname or alias.name, []).append(link)
    return found


def _targets(statement: ast.stmt) -> list[ast.expr]:
    """Return what an assignment binds; nothing for a statement of another kind."""
    if isinstance(statement, ast.Assign):
        return statement.targets
    if isinstance(statement, ast.AnnAssign | ast.AugAssign):
        return [statement.target]
    return [statement.name] if type(statement).__name__ == "TypeAlias" else []  # Python 3.12


def _stored(nodes: Iterable[ast.AST]) -> set[str]:
    names = (node for node in nodes if isinstance(node, ast.Name))
    return {name.id for name in names if not isinstance(name.ctx, ast.Load)}


def _walrus(statement: ast.stmt) -> set[str]:
    return {node.target.id for node in ast.walk(statement) if isinstance(node, ast.NamedExpr)}


def _loaded(nodes: Iterable[ast.AST]) -> set[str]:
    names = (node for top in nodes for node in ast.walk(top) if isinstance(node, ast.Name))
    return {name.id for name in names}
