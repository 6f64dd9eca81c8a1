"""Who trains which trial, from when to when, read off the kernel's locks and the store.

A job holds the lock of a trial while it is at it, one byte of a file at an offset that the trial's
key gives; inside the training it catches SIGUSR1. So nothing has to be asked of the project itself.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.slurm.workflow import in_trial

EVERY = 0.2  # seconds between two looks
DIGITS = 15  # of a key, which its lock's offset tells


@dataclass
class Work:
    """A process at a trial, by the clock of the files: seconds.

    saved: when the snapshot was written that it found as it began; 0 without one.
    again: the trial was whole in the store as it began.
    """

    trial: str
    process: int
    began: float
    seen: float
    saved: float = 0.0
    again: bool = False


class Watch:
    """Looks at a project's store until it is closed.

    Attributes:
        works: all that was seen to be trained, in order.
        writings: trial -> the times at which it was put into the store.
        gone: trials that vanished from the store although nobody damaged them.
        damaged: trial -> how often the soak damaged its entry.
    """

    def __init__(self, project: Path):
        self.store = project / "results/.store"
        self.works: list[Work] = []
        self.writings: dict[str, set[int]] = {}
        self.gone: set[str] = set()
        self.damaged: dict[str, int] = {}
        self._stored: set[str] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more, after a last look."""
        self._over.set()
        self._thread.join()
        self._look()

    def _look_on(self) -> None:
        while not self._over.wait(EVERY):
            self._look()

    def _look(self) -> None:
        found = {}
        for path in self.store.glob("trials/??/*/result.json"):
            try:
                found[path.parent.name[:DIGITS]] = path.stat().st_mtime_ns
            except OSError:  # a damaged entry that is being taken away
                continue
        self.gone |= {trial for trial in self._stored - set(found) if trial not in self.damaged}
        before, self._stored = self._stored, set(found)
        for trial, written in found.items():
            self.writings.setdefault(trial, set()).add(written)
        for trial, process in self._holders():
            if in_trial(process):
                self._see(trial, process, again=trial in before)

    def _see(self, trial: str, process: int, again: bool) -> None:
        now = time.time()
        for work in reversed(self.works):
            if (work.trial, work.process) == (trial, process):
                work.seen = now
                return
        self.works.append(Work(trial, process, now, now, self.snapshot_time(trial), again))

    def _holders(self) -> Iterator[tuple[str, int]]:
        """Yield the trials whose locks are held, and by whom."""
        try:
            place = (self.store / "locks").stat().st_ino
        except OSError:
            return
        for line in Path("/proc/locks").read_text().splitlines():
            _, *fields = line.split()
            if fields[0] == "POSIX" and fields[4].endswith(f":{place}"):
                yield f"{int(fields[5]):0{DIGITS}x}", int(fields[3])

    def snapshot(self, trial: str) -> Path | None:
        """Return the file of a trial's snapshot, if there is one."""
        found = self.store.glob(f"snapshots/{trial}*/snapshot.safetensors")
        return next(iter(found), None)

    def snapshot_time(self, trial: str) -> float:
        """Return when a trial's snapshot was written, 0 without one."""
        path = self.snapshot(trial)
        try:
            return path.stat().st_mtime if path else 0.0
        except OSError:
            return 0.0

    def at_work(self) -> list[Work]:
        """Return what is being trained now."""
        since = time.time() - 2 * EVERY
        return [work for work in list(self.works) if work.seen >= since and in_trial(work.process)]

    def stored(self) -> list[str]:
        """Return the trials that lie in the store."""
        return sorted(self._stored)

    def twice(self) -> list[str]:
        """Return the trials that were trained although they were stored whole, once a time."""
        found = [work.trial for work in self.works if work.again and not self._spoilt(work.trial)]
        for trial, times in self.writings.items():
            found += [trial] * max(0, len(times) - 1 - self.damaged.get(trial, 0))
        return found

    def _spoilt(self, trial: str) -> bool:
        return trial in self.damaged

    def wasted(self, victims: list[Work]) -> float:
        """Return the seconds of training that a fault has cost those who were at work then.

        For each that did not go on: the training since what its successor began from, and the time
        until that successor trains. Of several faults that struck the same process before it ended
        the last one should be asked.
        """
        return sum(self._lost(work) for work in victims)

    def _lost(self, victim: Work) -> float:
        later = [
            work
            for work in self.works
            if work.trial == victim.trial and work.began > victim.began and work is not victim
        ]
        if not later:
            return 0.0
        successor = later[0]
        kept = min(max(victim.began, successor.saved), victim.seen)
        return max(0.0, successor.began - victim.seen) + victim.seen - kept

    def trained_since(self, trial: str, moment: float) -> float:
        """Return the seconds for which a trial was trained after a moment."""
        return sum(
            work.seen - max(work.began, moment)
            for work in self.works
            if work.trial == trial and work.seen > moment
        )

    def trained_before(self, trial: str, moment: float) -> float:
        """Return the seconds for which a trial was trained before a moment."""
        return sum(
            min(work.seen, moment) - work.began
            for work in self.works
            if work.trial == trial and work.began < moment
        )
