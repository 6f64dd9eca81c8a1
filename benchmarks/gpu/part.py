"""One part of the report, in a process of its own: it tells what it finds line by line.

A part that crashes, hangs or fills the GPU's memory takes nothing with it but its own rest.
"""

import gc
import importlib
import json
import logging
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import IO, Any

import torch

from benchmarks.gpu.machine import describe

LONGEST = 300  # characters of an error's line


class Teller:
    """Tells the process that started this one what is found, one JSON object a line.

    Args:
        stream: where the lines go.
        seconds: how long the part may take.
    """

    def __init__(self, stream: IO[str], seconds: float):
        self._stream = stream
        self._end = time.monotonic() + seconds

    def fact(self, text: str) -> None:
        """Tell something about the machine."""
        self._tell("fact", text)

    def say(self, text: str) -> None:
        """Tell what is being done, for those who wait."""
        self._tell("say", text)

    def table(self, header: list[str], note: str) -> None:
        """Tell the columns of the rows to come, and how they are measured."""
        self._tell("table", {"header": header, "note": note})

    def row(self, *cells: str) -> None:
        """Tell a row of the table."""
        self._tell("row", cells)

    def left_out(self, text: str) -> None:
        """Tell what was not done, and why."""
        self._tell("left_out", text)

    def warned(self, text: str) -> None:
        """Tell what the library has warned of."""
        self._tell("warned", text)

    def failed(self, text: str) -> None:
        """Tell what went wrong."""
        self._tell("failed", text)

    def refuse(self, text: str) -> None:
        """Tell why no part can be measured on this machine."""
        self._tell("refused", text)

    def left(self) -> float:
        """Return the seconds that are left for this part."""
        return self._end - time.monotonic()

    def fits(self, what: str, seconds: float) -> bool:
        """Return whether so many seconds are left; if not, `what` is told to be left out."""
        enough = self.left() > seconds
        if not enough:
            self.left_out(f"{what}: no time was left")
        return enough

    def attempt(self, what: str, work: Callable[[], Any]) -> Any:
        """Return what `work` returns, or None if it fails, which is told and stops nothing.

        Raises:
            torch.AcceleratorError: the GPU can do no more for this process.
        """
        self.say(what)
        try:
            return work()
        except torch.AcceleratorError:
            raise
        except Exception as error:  # foreign code on foreign machines
            self.failed(f"{what}: {line_of(error)}")
            return None
        finally:
            release()

    def _tell(self, kind: str, value: Any) -> None:
        print(json.dumps({"kind": kind, "value": value}), file=self._stream, flush=True)


class _Warnings(logging.Handler):
    """Tells what the library logs as a warning, once each."""

    def __init__(self, tell: Teller):
        super().__init__(logging.WARNING)
        self._tell, self._told = tell, set()

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage().partition("\n")[0][:LONGEST]
        if text not in self._told:
            self._told.add(text)
            self._tell.warned(text)


def line_of(error: BaseException) -> str:
    """Return an error as one line: its type and the first line that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"[:LONGEST]


def release() -> None:
    """Give back the GPU memory that nothing refers to any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _end_with_parent() -> None:
    """End this process and those it has started when the one that listens is gone."""

    def wait() -> None:
        while os.read(0, 1):
            pass
        os.killpg(0, signal.SIGKILL)

    if os.getpgrp() == os.getpid():  # otherwise the group is that of whoever calls
        threading.Thread(target=wait, daemon=True).start()


def _own_stream() -> IO[str]:
    """Return the standard output for the teller alone; what libraries print goes elsewhere."""
    stream = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return stream


def main(name: str, seconds: str, toy: str) -> int:
    """Describe the machine and run the part; return the exit status."""
    tell = Teller(_own_stream(), float(seconds))
    _end_with_parent()
    if toy:  # so small a model only waits for more threads, here and in what is started
        torch.set_num_threads(1)
        os.environ["OMP_NUM_THREADS"] = "1"
    warnings.filterwarnings("ignore")  # of the libraries, about what is compared on purpose
    logging.getLogger("stilts").addHandler(_Warnings(tell))
    logging.getLogger("stilts").propagate = False
    if not (toy or torch.cuda.is_available()):
        tell.refuse(
            f"no CUDA device is visible to {sys.executable} (torch {torch.__version__}): run this"
            " where there is one, or prove the script with --toy"
        )
        return 0
    try:
        for fact in describe():
            tell.fact(fact)
        importlib.import_module(f"benchmarks.gpu.{name}").run(tell, bool(toy))
    except Exception as error:  # foreign code on foreign machines
        tell.failed(line_of(error))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
