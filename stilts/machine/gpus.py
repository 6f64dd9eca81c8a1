"""A GPU for each job: jobs on one machine do not share one, unless the reader allows it."""

import fcntl
import logging
import os
import tempfile
import time
from pathlib import Path

from stilts.errors import UserError
from stilts.machine.hardware import visible_gpus
from stilts.machine.heartbeat import update

log = logging.getLogger(__name__)
_held: list[int] = []  # open files: the lock lives as long as the process, however it ends


def take_gpu(device: str, jobs_per_gpu: int, folder: Path | None = None) -> None:
    """Take a free GPU for this process, waiting for one if need be; call it before CUDA starts.

    Only the taken GPU is visible from then on. GPUs of another model than the first visible one
    are left alone: a trial's key names the model, and is known before its GPU is. Without a GPU,
    or with device `cpu`, nothing happens.

    Args:
        device: the reader's choice of `auto`, `cpu` or `cuda`.
        jobs_per_gpu: how many jobs may use one GPU at the same time.
        folder: where jobs lock; by default one folder per machine and user.
    """
    gpus = [] if device == "cpu" or _held else visible_gpus()
    gpus = [gpu for gpu in gpus if gpu.model == gpus[0].model]
    if not gpus:
        return
    # CUDA's own order is by speed: on a mixed machine number 0 would not be the driver's number 0.
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
    folder = folder or _shared_folder()
    # A SLURM job owns what it sees; another job's GPU may bear the same number.
    scope = f"slurm{job}-" if (job := os.environ.get("SLURM_JOB_ID")) else ""
    # First every GPU for one job, then every GPU for a second one.
    slots = [(gpu, slot) for slot in range(jobs_per_gpu) for gpu in gpus]
    waiting = False
    while True:
        for gpu, slot in slots:
            if _lock(folder / f"{scope}{gpu.uuid.replace('/', '-')}.{slot}"):
                os.environ["CUDA_VISIBLE_DEVICES"] = gpu.entry
                log.info("GPU %s (%s)", gpu.entry, gpu.model)
                update(doing=None)
                return
        if not waiting:
            log.info("waiting: other jobs use all of %d GPUs", len(gpus))
            update(doing="waiting for a GPU")
        waiting = True
        time.sleep(0.5)


def _lock(path: Path) -> bool:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return False
    _held.append(handle)
    return True


def _shared_folder() -> Path:
    folder = Path(tempfile.gettempdir()) / f"stilts-gpus-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise UserError(f"{folder} belongs to someone else: set TMPDIR to a folder of yours")
    return folder
