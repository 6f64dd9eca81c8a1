"""A job's sign of life: a small record beside its log, rewritten while the job is at work.

Any node that shares the folder can read it; a record that is no longer rewritten belongs to a job
that was killed. `stilts.machine.vitals` reads what is written here.
"""

import contextlib
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ENDING = ".running"
SECONDS = 20.0  # between two writes: next to no load, even from hundreds of jobs on one server

_facts: dict[str, Any] = {}


def update(**facts: Any) -> None:
    """Say how far the job is. It costs next to nothing: the next beat writes what was said last.

    Args:
        facts: JSON-like. `status` knows `doing` (text), `epoch`, `epochs`, `step`, `steps`,
            `loss` and `tokens_per_second`; None takes a fact back.
    """
    _facts.update(facts)


@contextlib.contextmanager
def heartbeat(log: Path, seconds: float = SECONDS) -> Iterator[None]:
    """Keep the record beside `log` fresh during the block and remove it afterwards."""
    path = log.with_suffix(ENDING)
    identity = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "slurm": os.environ.get("SLURM_JOB_ID"),
        "started": time.time(),
    }
    over = threading.Event()

    def beat() -> None:
        while True:
            _write(path, {**identity, "facts": dict(_facts)})
            if over.wait(seconds):
                return

    _facts.clear()
    thread = threading.Thread(target=beat, daemon=True, name="heartbeat")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        path.unlink(missing_ok=True)


def _write(path: Path, record: dict[str, Any]) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    # No sign of life is worth the job: on a full disk it goes on without one.
    with contextlib.suppress(OSError):
        temporary.write_text(json.dumps(record), encoding="utf-8")
        os.replace(temporary, path)
