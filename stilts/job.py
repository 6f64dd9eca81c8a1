"""What every job does around its work: a log file, and one readable line when it fails."""

import contextlib
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

from stilts.heartbeat import heartbeat
from stilts.preload import QUIET, hand_over


@contextlib.contextmanager
def job(log: Path | str, *, preloaded: bool = False) -> Iterator[None]:
    """Run a job's work, its messages in the file `log`, a failure as one line on the terminal.

    The whole traceback goes to the log, and the line after it. While the job works, a record
    beside the log says so (`stilts.heartbeat`). The process then ends with status 1, so that the
    workflow manager sees the failure without printing the traceback once more.

    Args:
        log: gets the job's messages.
        preloaded: go on where torch and transformers are loaded already (`stilts.preload`).
    """
    if preloaded:
        hand_over()
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.environ.update(QUIET)
    logging.basicConfig(
        filename=path,
        filemode="w",
        level=logging.INFO,
        format="%(asctime)s %(message)s",
        datefmt="%H:%M:%S",
        force=True,
    )
    logging.captureWarnings(True)
    try:
        with heartbeat(path):
            yield
    except Exception as error:
        kind = "" if isinstance(error, ValueError | OSError) else f"{type(error).__name__}: "
        logging.error("%s", traceback.format_exc())
        logging.error("error: %s%s", kind, error)
        print(f"error: {kind}{error} (log: {path})", file=sys.stderr)
        sys.exit(1)
