"""The watch over SLURM jobs, with a queue and an executor that are invented."""

import asyncio
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from stilts.machine.slurm import calls as slurm
from stilts.machine.slurm.calls import Job, Silent
from stilts.machine.slurm.watch import UNHEARD, Watch

ENDED = ["TIMEOUT", "OUT_OF_MEMORY", "CANCELLED", "PREEMPTED", "NODE_FAIL", "FAILED", "DEADLINE"]
GOING_ON = ["PENDING", "RUNNING", "COMPLETING", "SUSPENDED", "REQUEUED", "CONFIGURING"]


class File:
    def __init__(self, there):
        self.there = there

    async def exists(self):
        return self.there


class Executor:
    """What a watch sees of the plugin's executor; remembers what it was told."""

    def __init__(self, unfinished=()):
        async def incomplete(job):
            return list(unfinished)

        self.done, self.failed, self.submitted, self.wait = [], {}, [], True
        self.logger = logging.getLogger("executor")
        self.workflow = SimpleNamespace(
            persistence=SimpleNamespace(incomplete=incomplete),
            executor_settings=SimpleNamespace(keep_successful_logs=False),
        )
        self._job_submission_executor = ThreadPoolExecutor(1)

    def report_job_success(self, info):
        self.done.append(info.external_jobid)

    def report_job_error(self, info, msg, aux_logs):
        self.failed[info.external_jobid] = msg

    def run_job(self, job):
        self.submitted.append(job)


class Queue:
    """What SLURM answers; an exception is an outage."""

    def __init__(self, monkeypatch):
        self.answer, self.calls = {}, []
        monkeypatch.setattr(slurm, "jobs_named", lambda name: self.ask("squeue"))
        monkeypatch.setattr(slurm, "call", lambda *command: self.ask(*command))
        monkeypatch.setattr(slurm, "cancel", lambda *which: self.ask("scancel", *which))

    def ask(self, *command):
        self.calls.append(command)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def holds(self, **states):
        pairs = {number.strip("_"): state for number, state in states.items()}
        self.answer = {
            number: Job(number, *(state if isinstance(state, tuple) else (state, "None")))
            for number, state in pairs.items()
        }


@pytest.fixture
def queue(monkeypatch):
    return Queue(monkeypatch)


def info(number, *, files_there=True, log=None, logs=()):
    job = SimpleNamespace(output=[File(files_there)], log=list(logs))
    return SimpleNamespace(external_jobid=number, job=job, aux=log and {"slurm_logfile": log})


def look(watch, *active):
    async def every():
        return [info.external_jobid async for info in watch.check_active_jobs(list(active))]

    return asyncio.run(every())


@pytest.mark.parametrize("state", ENDED)
def test_a_job_that_ended_badly_fails_with_its_state_so_that_it_is_tried_again(queue, state):
    executor = Executor()
    queue.holds(_7=state, _8="RUNNING")
    assert look(Watch(executor, "run", 1), info("7"), info("8")) == ["8"]
    assert executor.failed["7"].startswith(f"SLURM job 7 ended as {state}: ")
    assert executor.done == []


@pytest.mark.parametrize("state", GOING_ON)
def test_a_job_that_goes_on_is_waited_for(queue, state):
    executor = Executor()
    queue.holds(_7=state)
    assert look(Watch(executor, "run", 1), info("7")) == ["7"]
    assert (executor.done, executor.failed) == ([], {})


def test_a_job_that_is_done_is_reported_and_its_slurm_log_deleted(queue, tmp_path):
    executor, log = Executor(), tmp_path / "7.log"
    log.write_text("much")
    queue.holds(_7="COMPLETED")
    assert look(Watch(executor, "run", 1), info("7", log=log)) == []
    assert executor.done == ["7"]
    assert not log.exists()


def test_a_failed_job_is_told_by_its_own_last_error(queue, tmp_path):
    executor, log = Executor(), tmp_path / "7.log"
    log.write_text("error: first\nerror: no space (log: x)\nsrun: exit 1\n")
    queue.holds(_7="FAILED")
    look(Watch(executor, "run", 1), info("7", log=log))
    assert executor.failed == {"7": "SLURM job 7 ended as FAILED: error: no space (log: x). "}
    assert log.exists()


@pytest.mark.parametrize("reason", ["PartitionTimeLimit", "launch failed requeued held"])
def test_a_job_that_could_never_start_is_cancelled_and_told_with_the_setting(queue, reason):
    executor = Executor()
    queue.holds(_7=("PENDING", reason))
    assert look(Watch(executor, "run", 1), info("7")) == []
    assert f"would wait for ever ({reason}): " in executor.failed["7"]
    assert ("scancel", "7") in queue.calls


@pytest.fixture
def clock(monkeypatch):
    """The time in seconds as the watch sees it, to be put forward."""
    now = [1000.0]
    monkeypatch.setattr("stilts.machine.slurm.watch.time.monotonic", lambda: now[0])
    return now


def test_a_job_of_which_nothing_is_heard_is_cancelled_although_slurm_says_it_runs(
    queue, clock, tmp_path
):
    executor = Executor()
    queue.holds(_7="RUNNING")
    watch, ghost = Watch(executor, "run", 1), info("7", logs=[tmp_path / "7.log"])
    assert look(watch, ghost) == ["7"]
    clock[0] += UNHEARD - 1
    assert look(watch, ghost) == ["7"], "Python may take its time to load"
    clock[0] += 2
    assert look(watch, ghost) == []
    assert executor.failed["7"].startswith("SLURM takes job 7 for running, but nothing was heard")
    assert ("scancel", "7") in queue.calls


def test_a_job_whose_record_changes_lives_whatever_the_time_in_it(queue, clock, tmp_path):
    executor, record = Executor(), tmp_path / "7.running"
    queue.holds(_7="RUNNING")
    watch, alive = Watch(executor, "run", 1), info("7", logs=[tmp_path / "7.log"])
    for beat in range(5):
        record.write_text("{}")
        os.utime(record, (beat, beat))  # by a clock that is half a century slow
        assert look(watch, alive) == ["7"]
        clock[0] += UNHEARD - 1
    clock[0] += UNHEARD
    assert look(watch, alive) == [], "and it is given up once the record stays as it is"


def test_a_job_that_waits_in_the_queue_gives_no_sign_of_life_and_needs_none(queue, clock, tmp_path):
    executor = Executor()
    watch, waiting = Watch(executor, "run", 1), info("7", logs=[tmp_path / "7.log"])
    queue.holds(_7="PENDING")
    for _ in range(3):
        assert look(watch, waiting) == ["7"]
        clock[0] += UNHEARD
    queue.holds(_7="RUNNING")
    assert look(watch, waiting) == ["7"], "its time counts from its start"


@pytest.mark.parametrize("reason", ["Resources", "Priority", "JobHeldUser", "BeginTime", "None"])
def test_a_job_that_waits_its_turn_is_left_alone(queue, reason):
    queue.holds(_7=("PENDING", reason))
    assert look(Watch(Executor(), "run", 1), info("7")) == ["7"]
    assert queue.calls == [("squeue",)]


@pytest.mark.parametrize(
    ("files_there", "unfinished", "done"),
    [(True, (), True), (False, (), False), (True, ["old"], False)],
    ids=["its files are whole", "it made none", "they are older than it"],
)
def test_a_job_that_slurm_forgot_is_judged_by_its_files_at_the_second_look(
    queue, files_there, unfinished, done
):
    executor = Executor(unfinished)
    watch = Watch(executor, "run", 1)
    assert look(watch, info("7", files_there=files_there)) == ["7"]
    assert look(watch, info("7", files_there=files_there)) == []
    assert (executor.done == ["7"]) == done
    assert ("7" in executor.failed) == (not done)


def test_while_slurm_is_silent_no_job_is_given_up_and_it_is_said_once(queue, caplog):
    executor = Executor()
    watch = Watch(executor, "run", 1)
    queue.answer = Silent("connect failure")
    for _ in range(5):
        assert look(watch, info("7")) == ["7"]
    assert caplog.text.count("SLURM does not answer (connect failure)") == 1
    queue.holds(_7="COMPLETED")
    assert look(watch, info("7")) == []
    assert executor.done == ["7"]
    assert caplog.text.count("SLURM answers again") == 1


def test_a_job_is_submitted_when_slurm_answers_again_not_failed(queue, monkeypatch):
    executor = Executor()
    watch = Watch(executor, "run", 1)
    queue.answer = Silent("connect failure")
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 3:
            queue.answer = ""

    monkeypatch.setattr("stilts.machine.slurm.watch.time.sleep", sleep)
    watch.run_job("job")
    assert executor.submitted == ["job"]
    assert slept == [1, 1, 1]


def test_when_the_run_is_cancelled_all_its_jobs_are_and_no_more_are_submitted(queue):
    executor = Executor()
    watch = Watch(executor, "run", 1)
    watch.cancel_jobs([])
    watch.run_job("late")
    assert executor.submitted == []
    assert queue.calls == [("scancel", "--name=run")]


def test_a_cancelled_run_that_slurm_does_not_hear_of_says_how_to_stop_its_jobs(queue, caplog):
    queue.answer = Silent("connect failure")
    Watch(Executor(), "run", 1).cancel_jobs([])
    assert "scancel --name=run" in caplog.text


def test_looks_get_rarer_while_nothing_happens_and_frequent_again_when_a_job_ends(queue):
    watch = Watch(Executor(), "run", 15)
    queue.holds(_7="RUNNING", _8="RUNNING")
    pauses = []
    for _ in range(5):
        look(watch, info("7"), info("8"))
        pauses.append(watch._pause)
    assert pauses == [30, 45, 60, 60, 60]
    queue.holds(_7="COMPLETED", _8="RUNNING")
    look(watch, info("7"), info("8"))
    assert watch._pause == 15


def test_without_jobs_slurm_is_not_asked(queue):
    assert look(Watch(Executor(), "run", 1)) == []
    assert queue.calls == []


def test_a_pause_ends_with_the_workflow():
    executor = Executor()
    executor.wait = False
    asyncio.run(asyncio.wait_for(Watch(executor, "run", 3600).sleep(), 5))
