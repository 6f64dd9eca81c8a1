"""Follows the jobs of a workflow on SLURM, so that none is waited for in vain.

The executor plugin's own polling (2.8.0) waits for ever for jobs that were pre-empted, that SLURM
forgot, that can never start, or that ended while the controller did not answer. `Watch` takes its
place: every job ends as done or as failed, and `retries` submits what failed once more.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

from stilts.machine.slurm import calls as slurm
from stilts.machine.slurm.calls import Job, where
from stilts.machine.vitals import last_beat

SLOWEST = 4  # times the first pause: the longest one between two looks at the queue
# Seconds after which a job that SLURM takes for running, and that gives no sign of life, is given
# up. A controller that dies just after a pre-emption comes back with the job as it was before: it
# believes for hours in a job that its node has ended. To load Python takes a minute at most.
UNHEARD = 600.0
ENDED = {
    "TIMEOUT": "its time is over; a new one goes on from its snapshot. Too often? Raise {runtime}",
    "OUT_OF_MEMORY": "it needed more memory than it had asked for. Raise {mem_mb}",
    "CANCELLED": "somebody cancelled it (scancel)",
    "PREEMPTED": "it had to make room for another job",
    "NODE_FAIL": "its node was lost",
    "BOOT_FAIL": "its node did not start",
    "DEADLINE": "its deadline is over",
    "REVOKED": "another cluster took it over",
    "FAILED": "see its log below",
}
# Why a waiting job would wait for ever.
NEVER = {
    "PartitionTimeLimit": "lower {runtime}, or choose another {slurm_partition}",
    "AssocMaxWallDurationPerJobLimit": "lower {runtime}",
    "QOSMaxWallDurationPerJobLimit": "lower {runtime}",
    "PartitionNodeLimit": "choose another {slurm_partition}",
    "BadConstraints": "no node has what {gpu}, {mem_mb} and {cpus_per_task} ask for",
    "InvalidAccount": "correct {slurm_account}",
    "InvalidQOS": "correct {slurm_partition}",
    "launch failed requeued held": "its node could not start it",
    "JobHoldMaxRequeue": "SLURM has started it too often",
}


class Watch:
    """Takes the place of an executor's polling, submission and cancelling.

    Args:
        executor: the plugin's executor.
        name: the name that all jobs of this run have.
        first: seconds until the first look after a job was submitted or has ended.
    """

    def __init__(self, executor: Any, name: str, first: int):
        self.executor, self.name, self.first = executor, name, first
        self._pause = float(first)
        self._missed: dict[str, int] = {}
        self._beats: dict[str, tuple[int | None, float]] = {}
        self._silent_since: float | None = None
        self._stopped = False
        self._submit = executor.run_job

    def install(self) -> None:
        """Let the executor call this object instead of its own methods."""
        self.executor.check_active_jobs = self.check_active_jobs
        self.executor.sleep = self.sleep
        self.executor.run_job = self.run_job
        self.executor.cancel_jobs = self.cancel_jobs

    async def check_active_jobs(self, active: list[Any]) -> AsyncIterator[Any]:
        """Report the jobs that are over; yield the others."""
        try:
            jobs = slurm.jobs_named(self.name) if active else {}
        except slurm.Silent as error:
            self._note_silence(error)
            for info in active:
                yield info
            return
        self._note_answer()
        ended = False
        for info in active:
            outcome = await self._outcome(info, jobs.get(info.external_jobid))
            ended = ended or outcome is not None
            if outcome is None:
                yield info
            elif outcome:
                log = str((info.aux or {}).get("slurm_logfile", ""))
                self.executor.report_job_error(info, msg=f"{outcome}. ", aux_logs=[log])
            else:
                self._forget_log(info)
                self.executor.report_job_success(info)
        quiet = active and not ended
        self._pause = min(self._pause + self.first, SLOWEST * self.first) if quiet else self.first

    async def _outcome(self, info: Any, job: Job | None) -> str | None:
        """Return None for a job that goes on, "" for one that is done, else why it failed."""
        number = info.external_jobid
        if job is None:
            self._missed[number] = self._missed.get(number, 0) + 1
            if self._missed[number] < 2:
                return None
            if await self._has_made_its_files(info.job):
                return ""
            return f"SLURM knows nothing of job {number} any more, and its files are not there"
        if job.state == "COMPLETED":
            return ""
        if self._is_ghost(info, job):
            self._cancel(number)
            return (
                f"SLURM takes job {number} for running, but nothing was heard of it for"
                f" {UNHEARD / 60:.0f} minutes: it is cancelled, and goes on from its snapshot"
            )
        if job.state == "PENDING" and job.reason in NEVER:
            self._cancel(number)
            return f"SLURM job {number} would wait for ever ({job.reason}): " + _advice(
                NEVER[job.reason]
            )
        if job.state in ENDED:
            why = (job.state == "FAILED" and _last_words(info)) or _advice(ENDED[job.state])
            return f"SLURM job {number} ended as {job.state}: {why}"
        return None

    def _is_ghost(self, info: Any, job: Job) -> bool:
        """Tell whether a job that is said to run has given no sign of life for long.

        A sign is that its record changes; the time in it is another machine's, and tells nothing.
        """
        beat = last_beat(info.job.log)
        known, since = self._beats.get(job.number, (None, 0.0))
        if job.state != "RUNNING" or beat != known or job.number not in self._beats:
            self._beats[job.number] = beat, time.monotonic()
            return False
        return bool(info.job.log) and time.monotonic() - since > UNHEARD

    def _cancel(self, number: str) -> None:
        with contextlib.suppress(slurm.Silent):
            slurm.cancel(number)

    async def _has_made_its_files(self, job: Any) -> bool:
        # The mark of an unfinished job is set on submission and taken away by the job itself.
        there = [await file.exists() for file in job.output]
        return all(there) and not await self.executor.workflow.persistence.incomplete(job)

    def _forget_log(self, info: Any) -> None:
        if info.aux and not self.executor.workflow.executor_settings.keep_successful_logs:
            with contextlib.suppress(OSError):
                info.aux["slurm_logfile"].unlink()

    async def sleep(self) -> None:
        """Wait for the next look, but not beyond the end of the workflow."""
        until = time.monotonic() + self._pause
        while self.executor.wait and time.monotonic() < until:
            await asyncio.sleep(min(1.0, self._pause))

    def run_job(self, job: Any) -> None:
        """Submit a job; while SLURM does not answer, wait instead of using up its retries."""
        while not self._stopped:
            try:
                slurm.call("scontrol", "ping")
            except slurm.Silent as error:
                self._note_silence(error)
                time.sleep(self.first)
                continue
            self._note_answer()
            self._submit(job)
            return

    def cancel_jobs(self, active: list[Any]) -> None:
        """Cancel every job of this run, also those that are on their way to the queue."""
        self._stopped = True
        self.executor._job_submission_executor.shutdown(wait=True, cancel_futures=True)
        try:
            slurm.cancel(f"--name={self.name}")
        except slurm.Silent as error:
            self.executor.logger.error(
                f"SLURM does not answer ({error}): its jobs run on. Stop them later by"
                f" scancel --name={self.name}; to start again does the same, and goes on with them."
            )

    def _note_silence(self, error: Exception) -> None:
        if self._silent_since is None:
            self._silent_since = time.monotonic()
            self.executor.logger.warning(
                f"SLURM does not answer ({error}). Jobs that run go on; waiting until it is back."
            )

    def _note_answer(self) -> None:
        if self._silent_since is not None:
            seconds = time.monotonic() - self._silent_since
            self._silent_since = None
            self.executor.logger.warning(f"SLURM answers again, after {seconds:.0f} seconds.")


def _last_words(info: Any) -> str:
    """Return the error that a job printed last, if it has printed one."""
    try:
        lines = info.aux["slurm_logfile"].read_text(encoding="utf-8", errors="replace").splitlines()
    except (OSError, TypeError, KeyError):
        return ""
    return next((line for line in reversed(lines) if line.startswith("error: ")), "")


def _advice(text: str) -> str:
    names = ("runtime", "mem_mb", "gpu", "cpus_per_task", "slurm_partition", "slurm_account")
    return text.format(**{name: where(name) for name in names})
