"""Which jobs are at work, read from the records that `stilts.machine.heartbeat` writes."""

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stilts.machine.heartbeat import ENDING

# Without a new record for so long a job counts as killed: several beats, and the minute for which
# a shared file system may show an old time stamp.
LOST = 180.0
# Rules that only read what is there: no run has to wait for them.
READERS = {"plan", "status", "prune", "prune_delete"}


@dataclass(frozen=True)
class Vitals:
    """The last record of a job.

    Attributes:
        alive: whether it is at work, as far as this node can tell.
        age: seconds since the record was written.
        worked: seconds from the job's start to that record.
        place: host, and SLURM's job id where there is one.
        facts: what the job said last, see `stilts.machine.heartbeat.update`.
    """

    alive: bool
    age: float
    worked: float
    place: str
    facts: dict[str, Any]


def read_vitals(log: Path | str) -> Vitals | None:
    """Return the last record of the job that writes `log`, or None: it ended, or never began."""
    path = Path(log).with_suffix(ENDING)
    try:
        written = path.stat().st_mtime
        record = json.loads(path.read_text(encoding="utf-8"))
        here = record["host"] == socket.gethostname()
        age = time.time() - written
        return Vitals(
            alive=age < LOST and not (here and _gone(record["pid"])),
            age=age,
            worked=written - record["started"],
            place=record["host"] + (f", SLURM job {record['slurm']}" if record["slurm"] else ""),
            facts={key: value for key, value in record["facts"].items() if value is not None},
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def last_beat(logs: Iterable[Path | str]) -> int | None:
    """Return when the record of the job that writes some logs last changed, by its file system.

    In nanoseconds, only to be compared with another; None where there is no record.
    """
    for log in logs:
        with contextlib.suppress(OSError):
            return Path(log).with_suffix(ENDING).stat().st_mtime_ns
    return None


def jobs_at_work(logs: Path = Path("logs")) -> list[str]:
    """Return the logs of all jobs that are at work for this or another question."""
    found = (path.with_suffix(".log") for path in sorted(logs.rglob(f"*{ENDING}")))
    found = (log for log in found if log.stem not in READERS)
    return [str(log) for log in found if (vitals := read_vitals(log)) and vitals.alive]


def in_words(facts: Mapping[str, Any]) -> str:
    """Say how far a job is, of what it said last: `epoch 2 of 3, step 40 of 120, loss 0.693`."""
    said = [str(facts["doing"])] if "doing" in facts else []
    for one, all_ in (("epoch", "epochs"), ("step", "steps")):
        if one in facts:
            said.append(f"{one} {facts[one]:,}" + (f" of {facts[all_]:,}" if all_ in facts else ""))
    if "loss" in facts:
        said.append(f"loss {facts['loss']:.3f}")
    if "tokens_per_second" in facts:
        said.append(f"{facts['tokens_per_second']:,.0f} tokens/s")
    return ", ".join(said)


def _gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except ProcessLookupError:
        return True
    except OSError:  # someone else's process, or a system without /proc
        return False
    return state == "Z"  # killed, but nobody has asked how it ended
