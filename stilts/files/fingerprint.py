"""Fingerprints of code: what a result depends on, blind to comments, docstrings and layout."""

import ast
import functools
import hashlib
import io
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(__file__).resolve().parents[1].name
_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@functools.cache
def fingerprint(*entries: str) -> str:
    """Return a digest of the code that the entries reach by imports of this package.

    Args:
        entries: modules (`stilts.training.loop`) or script paths relative to the project's root
            (`workflow/scripts/train_stage.py`). Imports inside functions count too.

    Returns:
        16 hexadecimal digits. Comments, docstrings, blank lines and trailing spaces do not
        change it; neither do time stamps, the project's folder or the Python version.

    Raises:
        FileNotFoundError: an entry does not exist.
    """
    digest = hashlib.sha256()
    for path in sorted(_closure(entries)):
        digest.update(f"{path.relative_to(ROOT).as_posix()}\n{_essence(path)}\n".encode())
    return digest.hexdigest()[:16]


def _closure(entries: tuple[str, ...]) -> set[Path]:
    waiting = [ROOT / entry if entry.endswith(".py") else _module_file(entry) for entry in entries]
    for entry, path in zip(entries, waiting, strict=True):
        if path is None or not path.is_file():
            raise FileNotFoundError(f"no code for '{entry}': name a module or a script")
    found: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imports(path)
    return found


@functools.cache
def _imports(path: Path) -> tuple[Path, ...]:
    names = []
    for node in _nodes(path):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    files = (_module_file(name) for name in names if name.split(".")[0] == PACKAGE)
    return tuple(file for file in files if file)


def _module_file(name: str) -> Path | None:
    base = ROOT.joinpath(*name.split("."))
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


@functools.cache
def _nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_bytes())))


@functools.cache
def _essence(path: Path) -> str:
    """Return the source without comments, docstrings, blank lines and trailing spaces.

    Works on the text rather than on `ast.dump` or tokens, whose form differs between versions of
    Python; lines inside a multi-line string are kept to the letter.
    """
    source = path.read_text()
    lines = source.split("\n")
    if "#" in source:  # tokens take longer than all else
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column].rstrip()
    docstrings, verbatim = set(), set()
    for node in _nodes(path):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            if _stands_alone(node.body, lines):
                docstrings |= _rows(node.body[0])
        elif isinstance(node, ast.Constant | ast.JoinedStr) and len(_rows(node)) > 1:
            verbatim |= _rows(node)
    kept = (
        line if row in verbatim else line.rstrip()
        for row, line in enumerate(lines, start=1)
        if row not in docstrings and (row in verbatim or line.strip())
    )
    return "\n".join(kept)


def _stands_alone(body: list[ast.stmt], lines: list[str]) -> bool:
    """Return whether no code shares a line with the docstring that `body` starts with."""
    docstring, *rest = body
    before = lines[docstring.lineno - 1][: docstring.col_offset]
    return not before.strip() and not (rest and rest[0].lineno in _rows(docstring))


def _rows(node: ast.expr | ast.stmt) -> set[int]:
    return set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
