"""What every job does around its work: a log file, and one readable line when it fails."""

import contextlib
import errno
import logging
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from stilts.machine.heartbeat import heartbeat
from stilts.machine.preload import QUIET, hand_over

# Where a job of SLURM runs; CUDA itself keeps to the GPU that SLURM names there.
_SLURM = ("SLURM_JOB_ID", "SLURMD_NODENAME", "CUDA_VISIBLE_DEVICES")
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def job(log: Path | str, *, preloaded: Sequence[str] = ()) -> Iterator[None]:
    """Run a job's work, its messages in the file `log`, a failure as one line on the terminal.

    The whole traceback goes to the log, and the line after it. While the job works, a record
    beside the log says so (`stilts.machine.heartbeat`). The process then ends with status 1, so
    that the workflow manager sees the failure without printing the traceback once more.

    Args:
        log: gets the job's messages.
        preloaded: go on where these libraries are loaded already (`stilts.machine.preload`).
    """
    if preloaded:
        hand_over(preloaded)
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
    if "SLURM_JOB_ID" in os.environ:
        told = [os.environ.get(name, "none") for name in _SLURM]
        logging.info("SLURM job %s on %s, GPU %s", *told)
    try:
        with heartbeat(path):
            yield
    except Exception as error:
        kind = "" if isinstance(error, ValueError | OSError) else f"{type(error).__name__}: "
        line = f"error: {kind}{error}{_remedy(error)}"
        logging.error("%s", traceback.format_exc())
        logging.error("%s", line)
        print(f"{line} (log: {path})", file=sys.stderr)
        sys.exit(1)


def _remedy(error: Exception) -> str:
    # Libraries that are not written in Python tell of it in their own words.
    full = isinstance(error, OSError) and error.errno in _FULL
    if full or any(f"(os error {number})" in str(error) for number in _FULL):
        return ": free some space and run again; what is finished is kept"
    return ""
