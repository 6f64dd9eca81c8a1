"""What every job does around its work: a log file, and one readable line when it fails."""

import contextlib
import errno
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

# Chatter and network look-ups of the libraries; a job fetches only what it says it fetches.
_QUIET = {
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
}

# Where a job of SLURM runs; CUDA itself keeps to the GPU that SLURM names there.
_SLURM = ("SLURM_JOB_ID", "SLURMD_NODENAME", "CUDA_VISIBLE_DEVICES")


@contextlib.contextmanager
def job(log: Path | str) -> Iterator[None]:
    """Run a job's work, its messages in the file `log`, a failure as one line on the terminal.

    The whole traceback goes to the log. The process then ends with status 1, so that the
    workflow manager sees the failure without printing the traceback once more.
    """
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.environ.update(_QUIET)
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
        yield
    except Exception as error:
        logging.error("%s", traceback.format_exc())
        kind = "" if isinstance(error, ValueError | OSError) else f"{type(error).__name__}: "
        print(f"error: {kind}{error}{_remedy(error)} (log: {path})", file=sys.stderr)
        sys.exit(1)


def _remedy(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ": free some space and run again; what is finished is kept"
    return ""
