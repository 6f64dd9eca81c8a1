"""Runs the parts one after the other, each in its own process and its own time."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from benchmarks.gpu.report import AT_WORK, DONE, Report, Section
from stilts.files.fingerprint import ROOT

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LEAST = 12.0  # seconds: below that a part would only load its libraries
LAST_WORDS = 0.1  # share of a part's time that it keeps to end by itself


class Part(NamedTuple):
    """A module of this package with a function `run`, and the share of the time that it gets."""

    name: str
    title: str
    share: float


PARTS = (
    Part("checks", "Correctness", 80),
    Part("cuda_tests", "The CUDA tests of the test suite", 50),
    Part("training", "Training, against transformers", 170),
    Part("floor", "Share of the floor", 60),
    Part("sharing", "One trial against several", 65),
    Part("generation", "Generation of Synthesis-GPT2", 55),
)


class Stopped(Exception):
    """A signal has told this process to end."""

    def __init__(self, number: int):
        super().__init__(signal.Signals(number).name)
        self.number = number


class Refused(Exception):
    """Nothing can be measured here; the text says why."""


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Raise `Stopped` at the first signal that would end the process; ignore those after it."""

    def stop(number: int, frame: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    handlers = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def conduct(parts: Sequence[Part], report: Report, seconds: float) -> None:
    """Run the parts within so many seconds, and write the report whenever it has grown.

    Raises:
        Stopped: by a signal; the report says so already.
        Refused: this machine has no GPU; nothing is written.
    """
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="stilts-gpu-") as folder:
            _run_all(parts, report, began + seconds, Path(folder))
        report.state = f"complete after {clock(time.monotonic() - began)} of {clock(seconds)}"
    except Stopped as stopped:
        report.state = f"stopped by {stopped} after {clock(time.monotonic() - began)}"
        for section in report.sections:
            if section.state == AT_WORK:
                section.state = "cut off here"
        report.write()
        raise
    report.write()


def _run_all(parts: Sequence[Part], report: Report, end: float, folder: Path) -> None:
    """Run the parts; what one leaves of its time goes to those after it."""
    for place, (part, section) in enumerate(zip(parts, report.sections, strict=True)):
        left = end - time.monotonic()
        if left < LEAST:
            section.take("left_out", "all of it: no time was left")
            section.state = "left out"
            continue
        share = left * part.share / sum(other.share for other in parts[place:])
        _run(part, section, report, min(left, max(LEAST, share)), end, folder)


def _run(
    part: Part, section: Section, report: Report, seconds: float, end: float, folder: Path
) -> None:
    """Run one part, and take in what it tells."""
    section.state, began = AT_WORK, time.monotonic()
    call = [sys.executable, "-m", "benchmarks.gpu.part", part.name]
    call += [f"{seconds * (1 - LAST_WORDS):.1f}", "toy" if report.toy else ""]
    facts: list[str] = []
    with contextlib.closing(told(call, seconds, folder)) as events:
        for kind, value in events:
            if kind == "refused":
                raise Refused(value)
            if kind == "say":
                left = clock(end - time.monotonic())
                print(f"[{left} left] {part.title}: {value}", file=sys.stderr)
                continue
            if kind == "fact":
                facts.append(value)
                report.facts = report.facts or facts  # of the first part
            section.take(kind, value)
            report.write()
    section.state = DONE
    section.took = f"{time.monotonic() - began:.0f} s of {seconds:.0f} s"
    report.write()


def told(
    call: Sequence[str], seconds: float, folder: Path
) -> Generator[tuple[str, Any], None, None]:
    """Yield what a part tells; if it does not end well, or in time, that is told at last.

    Args:
        call: the command, which tells in lines of JSON on its standard output.
        seconds: after these it is killed, with all that it has started.
        folder: for its temporary files.
    """
    lines: queue.Queue[str | None] = queue.Queue()
    deadline, last = time.monotonic() + seconds, "it said nothing"
    with (
        (folder / "stderr").open("w+", encoding="utf-8") as errors,
        _started(call, errors, folder) as process,
    ):

        def read() -> None:
            for line in process.stdout:
                lines.put(line)
            lines.put(None)

        threading.Thread(target=read, daemon=True).start()
        while True:
            try:
                line = lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                yield "failed", f"killed after {seconds:.0f} s, which was its time"
                return
            if line is None:
                break
            with contextlib.suppress(ValueError):  # what a library has printed is no event
                event = json.loads(line)
                yield event["kind"], event["value"]
        status = process.wait()
        errors.seek(0)
        last = next((line for line in reversed(errors.read().splitlines()) if line.strip()), last)
    if status:
        yield "failed", f"ended with status {status}: {last.strip()[:300]}"


@contextlib.contextmanager
def _started(call: Sequence[str], errors: object, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a command in a process group of its own; at the end nothing of it is left."""
    process = subprocess.Popen(
        call,
        cwd=ROOT,
        env=_environment(folder),
        stdin=subprocess.PIPE,  # open as long as this process lives
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdin.close()


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of a part: one GPU, no network, its own temporary files."""
    gpu = os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",")[0]
    ours = {
        "CUDA_VISIBLE_DEVICES": gpu,  # Trainer would spread its batches over all of them
        "TMPDIR": str(folder),
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_VERBOSITY": "error",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    # Some containers make it all TF32 by this, and fp32 would be none.
    overruled = "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE"
    return {name: value for name, value in os.environ.items() if name != overruled} | ours


def clock(seconds: float) -> str:
    """Return minutes and seconds as 3:07."""
    return "{}:{:02}".format(*divmod(max(0, round(seconds)), 60))
