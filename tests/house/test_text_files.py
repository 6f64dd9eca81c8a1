"""Text is UTF-8 wherever it is read or written, whatever the reader's locale."""

import ast
import os
import subprocess
import sys

import pytest

from stilts.files.fingerprint import ROOT

SOURCES = [
    path
    for folder in ("stilts", "workflow", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
]
TEXT = {"read_text", "write_text"}


def without_encoding(source):
    """The lines of calls that read or write text in whatever encoding the locale has."""
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and "encoding" not in {word.arg for word in call.keywords}:
            if _is_of_text(call):
                yield call.lineno


def _is_of_text(call):
    if isinstance(call.func, ast.Name):
        return call.func.id == "open" and "b" not in _mode(call.args[1:])
    name = getattr(call.func, "attr", "")
    of_os = getattr(getattr(call.func, "value", None), "id", "") == "os"
    return name in TEXT or (name == "open" and not of_os and "b" not in _mode(call.args))


def _mode(given):
    """The mode that is given, r where none is; b where the call is none of a file's."""
    if not given:
        return "r"
    return given[0].value if isinstance(given[0], ast.Constant) else "b"


def test_such_calls_are_found():
    calls = ["p.read_text()", "p.open('r+')", "p.open('rb')", "open(p)"]
    source = "\n".join([*calls, "p.read_text(encoding='x')", "os.open(p, 1)"])
    assert list(without_encoding(source)) == [1, 2, 4]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_text_file_is_read_and_written_as_utf_8(path):
    found = list(without_encoding(path.read_text(encoding="utf-8")))
    assert found == [], f"{path}: give encoding='utf-8'"


def test_a_dry_run_works_in_a_locale_without_utf_8():
    call = [
        sys.executable,
        "-m",
        "snakemake",
        "--cores",
        "1",
        "--dry-run",
        "--config",
        "scale=smoke",
    ]
    settings = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(call, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
