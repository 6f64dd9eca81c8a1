"""Bars with time left for the stages of a run, where it is watched on a terminal."""

import atexit
import logging
import os
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from stilts.machine.vitals import in_words, read_vitals

# What people call the rules, by the start of their names, in the order in which they run.
STAGES = {
    "make_task": "data",
    "fetch_task": "data",
    "derive_task": "data",
    "generate_": "data",
    "fetch_model": "models",
    "pretrain_model": "models",
    "train_stage": "intermediate stages",
    "finetune_targets": "target runs",
    "score_checkpoint": "scores",
    "extract_features": "estimates of transfer",
    "estimate_transfers": "estimates of transfer",
    "make_table": "tables",
    "draw_figure": "figures",
}
REST = "bookkeeping and page"
PERIOD = 900.0  # seconds over which the speed of a stage is measured: its jobs are unlike
TALKERS = 2  # jobs at work that a stage lets speak


class Coming(NamedTuple):
    """A job that will run: its rule, its log, and what tells it from others of the rule."""

    rule: str
    log: str
    name: str


def stage_of(rule: str) -> str:
    """Return what people call a rule."""
    return next((stage for start, stage in STAGES.items() if rule.startswith(start)), REST)


class Bars(logging.Handler):
    """Takes the place of Snakemake's handler for the terminal while jobs run.

    What is a warning or an error is still left to that handler, with the bars out of the way.
    """

    def __init__(self, jobs: Mapping[int, Coming], plain: logging.Handler, console: Any = None):
        """Take the jobs by Snakemake's number, the handler whose place this is, a rich console."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
        from rich.progress import TimeRemainingColumn as TimeLeft

        super().__init__()
        self.jobs, self.plain, self.at_work = jobs, plain, dict[int, Coming]()
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeLeft(elapsed_when_finished=True),
            TextColumn("{task.fields[said]}", style="dim"),
            console=console or Console(stderr=True),
            refresh_per_second=1,
            speed_estimate_period=PERIOD,
        )
        self.progress.get_renderables = self._listened(self.progress.get_renderables)
        counts = Counter(stage_of(job.rule) for job in jobs.values())
        self.bars = {
            stage: self.progress.add_task(stage, total=counts[stage], start=False, said="")
            for stage in dict.fromkeys([*STAGES.values(), REST])
            if counts[stage]
        }

    def _listened(self, render: Any) -> Any:
        """Return a way to render the bars that lets jobs at work say how far they are first."""

        def listen_and_render() -> Any:
            for stage, bar in self.bars.items():
                self.progress.tasks[bar].fields["said"] = self.said(stage)
            return render()

        return listen_and_render

    def said(self, stage: str) -> str:
        """Return what the jobs of a stage that are at work say of how far they are."""
        words = []
        for job in [job for job in self.at_work.values() if stage_of(job.rule) == stage][:TALKERS]:
            vitals = read_vitals(job.log)
            words.append(": ".join(filter(None, [job.name, vitals and in_words(vitals.facts)])))
        return "; ".join(words)

    def start(self) -> None:
        """Show the bars."""
        self.progress.start()

    def stop(self) -> None:
        """Leave the bars as they are and give the terminal back."""
        self.progress.stop()

    def emit(self, record: logging.LogRecord) -> None:
        """Move the bars, or let the plain handler say what is not about progress."""
        event = getattr(getattr(record, "event", None), "value", "")
        if event == "job_started":
            for number in record.jobs:
                self._begin(number)
        elif event == "job_finished":
            self._end(record.job_id)
        elif record.levelno >= logging.WARNING or event in ("job_error", "group_error"):
            self.stop()
            self.plain.handle(record)
            self.start()

    def _begin(self, number: int) -> None:
        if number in self.jobs:
            self.at_work[number] = self.jobs[number]
            self.progress.start_task(self.bars[stage_of(self.jobs[number].rule)])

    def _end(self, number: int) -> None:
        job = self.at_work.pop(number, None)
        if job:
            self.progress.advance(self.bars[stage_of(job.rule)])


def take_over(logger: logging.Logger, kind: type, jobs: Mapping[int, Coming]) -> Bars | None:
    """Put bars in the place of the handler of a kind that writes to a terminal, if there is one."""
    plain = next((each for each in logger.handlers if isinstance(each, kind)), None)
    dumb = os.environ.get("TERM", "dumb") == "dumb"  # cannot move its cursor
    if plain is None or not jobs or dumb or not sys.stderr.isatty():
        return None
    bars = Bars(jobs, plain)
    logger.removeHandler(plain)
    logger.addHandler(bars)
    atexit.register(bars.stop)
    bars.start()
    return bars
