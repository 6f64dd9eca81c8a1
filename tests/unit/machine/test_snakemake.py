"""What is asked of Snakemake's own objects."""

import threading
import time
from types import SimpleNamespace

from snakemake.scheduling.job_scheduler import JobScheduler

from stilts.machine.snakemake import wake_once


def scheduler():
    jobs = threading.Semaphore(0)
    found = SimpleNamespace(_open_jobs=jobs)
    wake_once(SimpleNamespace(scheduler=found))
    return found


def wakings(found):
    count = 0
    while found._open_jobs.acquire(blocking=False):
        count += 1
    return count


def test_however_many_looks_ask_for_another_one_timer_wakes_the_scheduler():
    found, threads = scheduler(), threading.active_count()
    for _ in range(50):
        found._schedule_reevalutation(0.05)
    assert threading.active_count() <= threads + 1
    assert found._open_jobs.acquire(timeout=5)
    time.sleep(0.2)
    assert wakings(found) == 0


def test_a_look_that_a_timer_woke_may_ask_for_the_next():
    found = scheduler()
    for _ in range(3):
        found._schedule_reevalutation(0.01)
        assert found._open_jobs.acquire(timeout=5)
    assert wakings(found) == 0


def test_snakemake_still_spells_it_so():
    assert callable(JobScheduler._schedule_reevalutation)
