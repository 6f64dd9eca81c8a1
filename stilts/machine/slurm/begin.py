"""A workflow that begins on SLURM: alone in its folder, after the jobs of one that was killed."""

import atexit
import fcntl
import os
import shlex
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from stilts.errors import UserError
from stilts.files.store import STORE
from stilts.machine.slurm import calls as slurm
from stilts.machine.slurm.calls import where
from stilts.machine.slurm.watch import Watch

OWNER = STORE / "workflow"
ENDING = 600  # seconds that jobs get to save and end; SLURM itself kills them after KillWait
# What SLURM says of a request that it will never grant, and the setting that it speaks of.
REFUSALS = {
    "account": "slurm_account",
    "partition": "slurm_partition",
    "time limit": "runtime",
    "memory": "mem_mb",
    "generic resource": "gpu",
    "node configuration": "gpu",
    "qos": "slurm_partition",
    "node count": "slurm_partition",
}


def remarks(owner: Path = OWNER) -> list[str]:
    """Return what a reader must know about another workflow on SLURM in this folder."""
    try:
        with owner.open("r+", encoding="utf-8") as stream:
            who = stream.read().strip()
            alive = _lock(stream) is False
    except OSError:
        return []
    if alive:
        return [
            f"another snakemake runs jobs of this folder on SLURM: {who}. Wait for its end, or"
            " press Ctrl-C where it runs; do not unlock the folder"
        ]
    if not who:
        return []
    return [
        f"the last snakemake of this folder ({who}) was killed. If the folder is locked, type"
        " `snakemake --unlock` and then your command again: what is left of its jobs on SLURM is"
        " stopped first, and goes on where it was"
    ]


def begin(workflow: Any) -> None:
    """Do what a run on SLURM needs before its first job; with another executor do nothing.

    Ends the process with one line where another workflow runs here, or SLURM refuses the jobs.
    """
    jobs = [job for job in workflow.dag.needrun_jobs() if not job.is_local]
    if workflow.executor_plugin.name != "slurm" or not jobs:
        return
    executor = workflow.scheduler._executor
    executor.get_account_arg = _account
    try:
        alone = _own_folder(OWNER)
        _stop_leftovers(workflow.executor_settings.jobname_prefix, alone, executor.logger)
        first = workflow.executor_settings.init_seconds_before_status_checks
        Watch(executor, executor.run_uuid, first).install()
        _try_requests(executor, jobs)
    except UserError as error:
        sys.exit(f"error: {error}")


def _account(job: Any) -> Iterator[str]:
    """Yield the option of sbatch for a job's account, or none: SLURM then takes the default.

    The plugin would ask accounting before each job, and fail where there is none.
    """
    account = job.resources.get("slurm_account")
    yield f" -A {shlex.quote(str(account))}" if account else ""


def _lock(stream: IO[str]) -> bool | None:
    """Return whether the file is now locked by this process; None where there are no locks."""
    try:
        fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return None
    return True


def _own_folder(owner: Path) -> bool:
    """Be the one workflow on SLURM in this folder until this process ends.

    Returns:
        Whether that is certain: a file system without locks cannot tell.

    Raises:
        UserError: another process is.
    """
    owner.parent.mkdir(parents=True, exist_ok=True)
    stream = owner.open("a+", encoding="utf-8")
    locked = _lock(stream)
    if locked is False:
        raise UserError(remarks(owner)[0])
    stream.truncate(0)
    stream.write(f"process {os.getpid()} on {socket.gethostname()}, {time.strftime('%F %T')}\n")
    stream.flush()
    # The file stays open, and so locked, until here; a killed process leaves its name in it.
    atexit.register(stream.close)
    atexit.register(stream.truncate, 0)
    return bool(locked)


def _stop_leftovers(prefix: str, alone: bool, logger: Any) -> None:
    """Cancel the jobs that a killed workflow left in this folder, and wait until they are gone.

    Raises:
        UserError: they do not end, or it is not certain that their workflow was killed.
    """
    deadline = time.monotonic() + ENDING
    left = told = None
    while time.monotonic() < deadline:
        try:
            left = slurm.unfinished(prefix, Path.cwd())
            if left and not alone:
                raise UserError(
                    f"SLURM jobs {', '.join(left)} work in this folder, and its file system has no"
                    " locks that would tell whose: wait for their snakemake, or, if it was killed,"
                    f" type `scancel {' '.join(left)}` and then your command again"
                )
            if left and not told:
                logger.warning(
                    f"An earlier snakemake left {len(left)} jobs of this folder on SLURM"
                    f" ({', '.join(left)}): stopping them; they save where they are."
                )
                slurm.cancel(*left)
                told = True
        except slurm.Silent as error:
            raise UserError(f"SLURM does not answer ({error}): try again when it does") from error
        if not left:
            return
        time.sleep(1)
    raise UserError(f"SLURM jobs {', '.join(left)} of this folder do not end: see squeue --me")


def _try_requests(executor: Any, jobs: list[Any]) -> None:
    """Ask SLURM about each kind of request once, before hundreds of jobs fail by it.

    Raises:
        UserError: SLURM will not grant it, in its own words, with the line to edit.
    """
    from snakemake.exceptions import WorkflowError
    from snakemake_executor_plugin_slurm.submit_string import get_submit_command
    from snakemake_executor_plugin_slurm.utils import set_gres_string

    tried = set()
    for job in jobs:
        fixed = {"run_uuid": "test", "slurm_logfile": "/dev/null", "comment_str": "test"}
        try:
            chosen = {
                "account": next(_account(job)),
                "partition": executor.get_partition_arg(job),
                "workdir": "",
            }
            settings = executor.workflow.executor_settings
            command = get_submit_command(job, {**fixed, **chosen}, settings=settings)
            command += set_gres_string(job) + " --test-only --wrap=true"
            if command not in tried:
                tried.add(command)
                slurm.call(*shlex.split(command))
        except (WorkflowError, slurm.Silent) as error:
            text = " ".join(str(error).split())
            found = [name for word, name in REFUSALS.items() if word in text.lower()]
            if found:
                raise UserError(
                    f"SLURM refuses jobs of rule {job.rule.name}: {text}: edit {where(found[0])}"
                ) from error
