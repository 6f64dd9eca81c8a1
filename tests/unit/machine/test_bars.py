"""Bars on a terminal: a stage each, what jobs say from inside, errors never lost."""

import io
import json
import logging
import os
import socket
import time

import pytest
from rich.console import Console

from stilts.machine.bars import STAGES, Bars, Coming, stage_of, take_over
from stilts.machine.heartbeat import ENDING
from tests.house.imports import rules

COMMANDS = ("plan", "status", "advise", "preview", "prune", "prune_delete")


class Event:
    def __init__(self, value):
        self.value = value


class Kept(logging.Handler):
    """A handler that keeps what it is given."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


@pytest.fixture
def bars(tmp_path):
    jobs = {
        1: Coming("make_task", "", "rte"),
        2: Coming("finetune_targets_1", str(tmp_path / "one.log"), "none rte"),
        3: Coming("finetune_targets_2", "", "none wic"),
        4: Coming("all", "", ""),
    }
    screen = Console(file=io.StringIO(), force_terminal=True, width=120)
    shown = Bars(jobs, Kept(), screen)
    shown.start()
    yield shown
    shown.stop()


def tell(bars, message="", level=logging.INFO, event="", **facts):
    record = logging.LogRecord("snakemake", level, "", 0, message, (), None)
    record.__dict__ |= {"event": Event(event), **facts}
    bars.handle(record)


def state(bars):
    return {task.description: (task.completed, task.total) for task in bars.progress.tasks}


def test_each_stage_has_a_bar_that_moves_as_its_jobs_end(bars):
    assert list(state(bars)) == ["data", "target runs", "bookkeeping and page"]
    tell(bars, event="job_started", jobs=[2, 3])
    tell(bars, event="job_finished", job_id=3)
    assert state(bars)["target runs"] == (1, 2) and state(bars)["data"] == (0, 1)


def test_an_error_reaches_the_reader_in_full(bars):
    tell(bars, "Error in rule make_task", logging.ERROR, "job_error")
    tell(bars, "disk full", logging.WARNING)
    tell(bars, "Select jobs to execute...")
    assert bars.plain.lines == ["Error in rule make_task", "disk full"]
    assert bars.progress.live.is_started


def test_a_job_at_work_says_how_far_it_is_inside(bars, tmp_path):
    facts = {"doing": "training", "step": 40, "steps": 120, "loss": None}
    record = {"host": socket.gethostname(), "pid": os.getpid(), "slurm": None, "facts": facts}
    record["started"] = time.time()
    (tmp_path / f"one{ENDING}").write_text(json.dumps(record))
    assert bars.said("target runs") == ""
    tell(bars, event="job_started", jobs=[2])
    assert bars.said("target runs") == "none rte: training, step 40 of 120"
    bars.progress.refresh()
    assert "step 40 of 120" in bars.progress.console.file.getvalue()
    tell(bars, event="job_finished", job_id=2)
    assert bars.said("target runs") == ""


def test_every_rule_that_computes_has_a_stage_that_people_know():
    named = [name for name, *_ in rules() if name]  # those without one are finetune_targets_<n>
    unnamed = {name for name in named if stage_of(name) not in STAGES.values()}
    assert unnamed <= {
        "record_question",
        "collect_runs",
        "collect_epochs",
        "write_report",
        *COMMANDS,
    }


@pytest.mark.parametrize(("watched", "terminal"), [(False, "xterm"), (True, "dumb")])
def test_where_nobody_watches_or_no_cursor_moves_text_stays_text(monkeypatch, watched, terminal):
    monkeypatch.setenv("TERM", terminal)
    monkeypatch.setattr("sys.stderr.isatty", lambda: watched, raising=False)
    logger, plain = logging.Logger("apart"), Kept()
    logger.addHandler(plain)
    assert take_over(logger, Kept, {1: Coming("make_task", "", "rte")}) is None
    assert logger.handlers == [plain]


def test_on_a_terminal_bars_take_the_place_of_the_text(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    logger, plain = logging.Logger("apart"), Kept()
    logger.addHandler(plain)
    bars = take_over(logger, Kept, {1: Coming("make_task", "", "rte")})
    assert logger.handlers == [bars] and bars.progress.live.is_started
    bars.stop()
