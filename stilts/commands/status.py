"""Where a run stands: what is done, at work, waiting and failed, for how long yet, and why not."""

import json
import os
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stilts.commands.expected import Job
from stilts.files.store import Store
from stilts.machine.vitals import Vitals, in_words, jobs_at_work, read_vitals

LOCKS = Path(".snakemake/locks")
SAMPLE = 4  # finished trials of a job that are read for their time
SHOWN = 12  # jobs at work and causes of failure that are listed
_ERROR = re.compile(r"^\d\d:\d\d:\d\d error: (.*)$", re.MULTILINE)
_STOPPED = re.compile(r"^\d\d:\d\d:\d\d stopped by (\w+) after step", re.MULTILINE)
_OF_TRIALS = re.compile(r"trials failed, the first at \S+ \((.*)\); the others are kept")
_AGAIN = "with the --profile, --config and --configfile of the run"


@dataclass(frozen=True)
class State:
    """Where a job stands.

    Attributes:
        job: what it must write.
        done: how many of its files are there, and are what is asked for.
        vitals: what it last said, if it is at work.
        cause: why it ended without its files, if it did.
    """

    job: Job
    done: int
    vitals: Vitals | None = None
    cause: str | None = None

    @property
    def missing(self) -> int:
        """Files that are not there."""
        return len(self.job.files) - self.done


def inspect(job: Job) -> State:
    """Return where a job stands, from its files, its log and its sign of life."""
    is_done = job.wanted.is_met if job.wanted else os.path.isfile
    done = sum(is_done(file) for file in job.files)
    if done == len(job.files):
        return State(job, done)
    vitals = read_vitals(job.log)
    if vitals and vitals.alive:
        return State(job, done, vitals=vitals)
    return State(job, done, cause=_cause(Path(job.log), vitals))


def _cause(log: Path, vitals: Vitals | None) -> str | None:
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    if errors := _ERROR.findall(text):
        inner = _OF_TRIALS.search(errors[-1])
        return inner[1] if inner else errors[-1]
    if vitals:
        return "killed without a word: memory, time limit, node or by hand"
    if stopped := _STOPPED.findall(text):
        return f"stopped by {stopped[-1]}; goes on from its snapshot"
    return None


def seconds_left(states: Iterable[State], store: Store) -> float | None:
    """Return for how long the trials that are not there would train one after the other.

    Measured on finished trials of the same model and target; for others in proportion to their
    cost. None: there is nothing to measure.
    """
    states = list(states)
    measured: dict[str, list[float]] = {}
    seconds = cost = 0.0
    for state in states:
        for taken in _times(state.job, store) if state.done else ():
            measured.setdefault(state.job.kin, []).append(taken)
            seconds, cost = seconds + taken, cost + state.job.cost
    left = 0.0
    for state in states:
        if taken := measured.get(state.job.kin):
            left += state.missing * sum(taken) / len(taken)
        elif state.missing and cost:
            left += state.missing * state.job.cost * seconds / cost
        elif state.missing:
            return None
    return left


def _times(job: Job, store: Store) -> Iterable[float]:
    there = [Path(file) for file in job.files if Path(file).is_file()]
    for file in there[:: max(1, len(there) // SAMPLE)]:
        try:
            timing = store.trials.timing(json.loads(file.read_text(encoding="utf-8"))["key"])
        except (OSError, ValueError, KeyError):
            continue  # just being replaced
        if "seconds" in timing:
            yield timing["seconds"]


def status_text(outline: Mapping[str, Any], store: Store) -> str:
    """Return where a run stands as text for a terminal.

    Args:
        outline: what `stilts.commands.expected.outline` returns.
        store: the trial store, for how long finished trials took.
    """
    states = [inspect(Job(**job)) for job in outline["jobs"]]
    running = [state for state in states if state.vitals]
    failed = [state for state in states if state.cause]
    lines = [f"{outline['title']:<72}{time.strftime('%H:%M:%S'):>8}", ""]
    lines.append(f"{'':32}{'done':>13}{'running':>9}{'waiting':>9}{'failed':>8}  left")
    for stage in dict.fromkeys(state.job.stage for state in states):
        lines.append(_row(stage, [state for state in states if state.job.stage == stage], store))
    lines += _running(running) + _failed(failed)
    others = sorted({*jobs_at_work()} - {state.job.log for state in states})
    if others:
        lines += ["", f"Also at work, for another question or trials_per_job: {len(others)}"]
        lines.append(f"  {others[0]}; its status: ask {_AGAIN}")
    if any(state.missing for state in states):
        lines += ["", "Done: the file is there, and was made for this question by this code"]
        lines.append(f"Next: {_next(running, failed)}")
        lines.append(f"      ({_AGAIN})")
    else:
        lines += ["", f"Next: open {outline['report']}"]
    return "\n".join(lines)


def _row(stage: str, states: list[State], store: Store) -> str:
    total = sum(len(state.job.files) for state in states)
    done = sum(state.done for state in states)
    running = sum(state.vitals is not None for state in states)
    failed = sum(state.missing for state in states if state.cause)
    waiting = total - done - running - failed
    left = ""
    if stage.endswith(": trials") and done < total:
        seconds = seconds_left(states, store)
        at_once = f", {running} at once" if running > 1 else ""
        left = f"{_span(seconds / max(1, running))}{at_once}" if seconds is not None else "unknown"
    counts = f"{f'{done:,} of {total:,}':>13}{running:>9,}{waiting:>9,}{failed:>8,}"
    return f"{stage:32}{counts}  {left}".rstrip()


def _running(states: list[State]) -> list[str]:
    if not states:
        return []
    lines = ["", f"Running: {len(states)} {'job' if len(states) == 1 else 'jobs'}"]
    for state in states[:SHOWN]:
        vitals = state.vitals
        done = f"{state.done} of {len(state.job.files)} trials" if len(state.job.files) > 1 else ""
        said = ", ".join(filter(None, [done, in_words(vitals.facts)]))
        lines.append(f"  {_name(state.job):44}  {said}".rstrip())
        silent = f", silent for {_span(vitals.age)}" if vitals.age > 60 else ""
        lines.append(f"      {_span(vitals.worked + vitals.age)} on {vitals.place}{silent}")
    return lines + _more(states)


def _failed(states: list[State]) -> list[str]:
    """Group failures by cause, numbers left out: the same fault in 40 jobs is one fault."""
    groups: dict[str, list[State]] = {}
    for state in states:
        groups.setdefault(re.sub(r"\d+", "#", state.cause or ""), []).append(state)
    if not groups:
        return []
    lines = ["", f"Failed: {len(states)} {'job' if len(states) == 1 else 'jobs'}"]
    ordered = sorted(groups.values(), key=len, reverse=True)
    for group in ordered[:SHOWN]:
        lines.append(f"  {len(group)} x {group[0].cause}")
        more = f" and {len(group) - 1} more" if len(group) > 1 else ""
        lines.append(f"      {group[0].job.log}{more}")
    return lines + _more(ordered)


def _next(running: list[State], failed: list[State]) -> str:
    if running:
        again = "; what failed is tried again by the next call" if failed else ""
        return f"wait, and ask again{again}"
    run = "snakemake --cores all"
    if failed:
        run = f"mend the causes above, then {run}"
    if LOCKS.is_dir() and any(LOCKS.iterdir()):
        return (
            "wait, if a snakemake still runs here (no job is at work, but the folder is locked);\n"
            f"      if it was killed: snakemake --unlock, then {run}"
        )
    return run


def _name(job: Job) -> str:
    return " ".join(Path(job.log).with_suffix("").parts[2:])


def _more(items: list[Any]) -> list[str]:
    return [f"  and {len(items) - SHOWN} more"] if len(items) > SHOWN else []


def _span(seconds: float) -> str:
    minutes, hours = seconds / 60, seconds / 3600
    if seconds < 100:
        return f"{seconds:.0f} s"
    if minutes < 100:
        return f"{minutes:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"
