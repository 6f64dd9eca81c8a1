"""The tests of the test suite that need CUDA, where pytest is there to run them."""

import os
import re
import subprocess
import sys
import threading
from importlib.util import find_spec

from benchmarks.gpu.part import Teller
from stilts.files.fingerprint import ROOT

MARK = "cuda.is_available"  # how such a test is told from others, in its file
RESULT = re.compile(r"^tests/unit/(\S+?)::(.+?) (PASSED|FAILED|ERROR|SKIPPED)\b")
REASON = re.compile(r"^(?:FAILED|ERROR) tests/unit/(.+?)(?: - (.*))?$")


def files() -> list[str]:
    """Return the files that hold tests for CUDA."""
    found = sorted((ROOT / "tests/unit").rglob("test_*.py"))
    return [
        str(path.relative_to(ROOT)) for path in found if MARK in path.read_text(encoding="utf-8")
    ]


def run(tell: Teller, toy: bool) -> None:
    """Run them, and tell each result as it comes; on a CPU they are skipped."""
    tell.table(["test", "result"], "As `pytest tests/unit -k cuda` gives them.")
    if not find_spec("pytest"):
        tell.left_out("all of them: pytest is missing; the checks above do without it")
        return
    call = [sys.executable, "-m", "pytest", *files(), "-k", "cuda", "-v", "--tb=line"]
    # Warnings of other versions than the locked ones are no errors here.
    call += ["-p", "no:cacheprovider", "--color=no", "-o", "filterwarnings=default", "-rfE"]
    process = subprocess.Popen(
        call,
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "400"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    clock = threading.Timer(tell.left(), process.kill)
    clock.start()
    last = ""
    for line in process.stdout:
        last = line.strip(" =\n") or last
        _read(tell, line.rstrip())
    status = process.wait()
    if clock.finished.is_set() and status < 0:
        tell.left_out("what is not in the table: no time was left")
    elif status not in (0, 1):  # 1: some failed, which was told
        tell.failed(f"pytest ended with status {status}: {last}")
    clock.cancel()


def _read(tell: Teller, line: str) -> None:
    result, reason = RESULT.match(line), REASON.match(line)
    if result:
        name = f"{result[1]}: {result[2].replace('_', ' ').removeprefix('test ')}"
        tell.say(name)
        tell.row(name, {"FAILED": "**FAILED**"}.get(result[3], result[3].lower()))
    elif reason:
        tell.failed(f"{reason[1]}: {reason[2] or 'see the test'}")
