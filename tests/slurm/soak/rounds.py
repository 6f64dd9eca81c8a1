"""The soak itself: rounds of one question on the cluster, struck by faults until the time is over.

A round begins with a fresh copy of a prepared project and ends when the same command, typed again
after every end that a fault has brought about, has made all of its trials.
"""

import contextlib
import itertools
import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stilts.machine.slurm.watch import UNHEARD
from tests.slurm.cluster import Cluster
from tests.slurm.soak.faults import KINDS
from tests.slurm.soak.watch import Watch, Work
from tests.slurm.workflow import Run, results
from tests.workflow.project import Project

TICK = 0.2
JOBS = ("--jobs", "3")  # at a time: what two cores can bring back to work in a while
STUCK = UNHEARD + 300  # seconds without any training after which the soak gives up


@dataclass
class Struck:
    """A fault that was injected; `wasted` is known when its round is over."""

    kind: str
    round: int
    at: float
    victims: list[Work]
    entry: str | None = None
    snapshot: str | None = None
    wasted: float = 0.0


@dataclass
class Round:
    """What a round has come to."""

    trials: int
    minutes: float
    commands: int
    twice: list[str]
    lost: list[str]
    files: dict[str, bytes] = field(repr=False)


class Soak:
    """Rounds of one question, and the faults that strike them.

    Args:
        cluster: running.
        prepared: a project with data and checkpoints.
        question: what to ask, as `--config` has it.
        folder: receives a project a round.
        gap: seconds between two faults, on average.
        seed: of the order, victims and times of the faults.
    """

    def __init__(
        self,
        cluster: Cluster,
        prepared: Project,
        question: Mapping[str, Any],
        folder: Path,
        gap: float,
        seed: int,
    ):
        self.cluster, self.prepared, self.folder = cluster, prepared, folder
        self.question, self.gap = dict(question), gap
        self.random = random.Random(seed)
        self.faults: list[Struck] = []
        self.rounds: list[Round] = []
        self._deck: list[str] = []
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._due = 0.0

    # What a fault may look at and use.

    @property
    def controller(self) -> bool:
        return "slurmctld" in self.cluster.daemons

    @property
    def nodes(self) -> set[str]:
        """The nodes whose daemon runs."""
        return {name for name in self.cluster.daemons if name.startswith("n")}

    @property
    def submitting(self) -> bool:
        """Whether the main process has come to its jobs, and was not told to end."""
        return not self._told and "has been submitted" in self._run.text

    def any_work(self) -> Work | None:
        """Return a trial that is being trained now, any of them."""
        found = self.watch.at_work()
        return self.random.choice(found) if found else None

    def on_node(self, node: str) -> list[Work]:
        return [w for w in self.watch.at_work() if self.fact(w, "SLURMD_NODENAME") == node]

    def fact(self, work: Work, name: str) -> str | None:
        """Return a variable of a process's environment."""
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{work.process}/environ").read_text(errors="replace")
            for line in text.split("\0"):
                if line.startswith(f"{name}="):
                    return line.partition("=")[2]
        return None

    def published(self, sort: str, ending: str) -> list[Path]:
        found = self._project.folder.glob(f"results/*/*/{sort}/**/*.{ending}")
        return sorted(found)

    def key_of(self, run: Path) -> str | None:
        with contextlib.suppress(OSError, ValueError):
            return json.loads(run.read_text())["key"]
        return None

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something after a while."""
        self._later.append((time.monotonic() + seconds, act))

    def bring_back(self, name: str) -> Callable[[], None]:
        """Return what starts a daemon that was killed."""
        cluster = self.cluster

        def start() -> None:
            if name not in cluster.daemons:
                cluster.start_controller() if name == "slurmctld" else cluster.start_node(name)

        return start

    def signal_main(self, number: signal.Signals) -> None:
        self._told = number
        os.kill(self._run.process.pid, number)

    def spoilt_entry(self, trial: str) -> None:
        self._spoilt = {"entry": trial}
        self.watch.damaged[trial] = self.watch.damaged.get(trial, 0) + 1

    def spoilt_snapshot(self, trial: str) -> None:
        self._spoilt = {"snapshot": trial}

    # Rounds.

    def last(self, minutes: float) -> None:
        """Run rounds for so many minutes; the last one is finished without further faults."""
        self._end = time.monotonic() + 60 * minutes
        self._due = time.monotonic()
        signal.signal(signal.SIGTERM, self._stop)
        while time.monotonic() < self._end:
            self._go_round(len(self.rounds) + 1)

    def _stop(self, *_: object) -> None:
        """Bring no more faults, but finish the round."""
        self._end = time.monotonic()

    def drop_unfinished(self) -> None:
        """Forget the faults of a round that did not come to its end: nobody can judge them."""
        self.faults = [fault for fault in self.faults if fault.round <= len(self.rounds)]

    def _go_round(self, number: int) -> None:
        began = time.monotonic()
        self._project = self.prepared.copy_to(self.folder / f"round-{number}")
        self.watch = Watch(self._project.folder)
        try:
            commands = self._until_done(number)
        finally:
            self.watch.close()
            with contextlib.suppress(AttributeError):
                self._run.process.kill()
                self._run.process.wait()
        for fault in self.faults:
            if fault.round == number:
                fault.wasted = self._wasted(fault)
        found = Round(
            trials=len(self.published("runs", "json")),
            minutes=(time.monotonic() - began) / 60,
            commands=commands,
            twice=self.watch.twice(),
            lost=sorted(self.watch.gone),
            files=results(self._project),
        )
        self.rounds.append(found)
        print(
            f"round {number}: {found.trials} trials, {commands} commands,"
            f" {sum(fault.round == number for fault in self.faults)} faults,"
            f" {found.minutes:.1f} minutes; trained twice: {found.twice}, gone: {found.lost}",
            flush=True,
        )

    def _until_done(self, number: int) -> int:
        """Type the command again until all is made and no later fault has struck it."""
        for commands in itertools.count(1):
            if self._told == signal.SIGKILL:
                self._unlock()
            self._told = None
            struck = len(self.faults)
            self._run = Run(self._project, self.cluster, "runs", *JOBS, **self.question)
            while self._run.process.poll() is None:
                self._tick(number)
                time.sleep(TICK)
            if self._run.process.returncode == 0 and not self._later:
                files = [fault for fault in self.faults[struck:] if "file" in fault.kind]
                if not files:
                    return commands
            while not self.controller:  # it could not submit
                self._tick(number)
                time.sleep(TICK)

    _told: signal.Signals | None = None

    def _unlock(self) -> None:
        outcome = self._project.snakemake("--unlock", **self.question)
        assert outcome.code == 0, outcome.text

    def _tick(self, number: int) -> None:
        """Do what is due: daemons that come back, jobs that wait, the next fault."""
        now = time.monotonic()
        due = [act for moment, act in self._later if moment <= now]
        self._later = [entry for entry in self._later if entry[0] > now]
        for act in due:
            act()
        if self.controller and int(now / TICK) % 10 == 0:
            self._start_requeued()
        if self._due <= now < self._end:
            self._strike(number)
        active = [work.seen for work in self.watch.works[-20:]]
        assert not active or time.time() - max(active) < STUCK, f"stuck:\n{self._run.text}"

    def _start_requeued(self) -> None:
        """Start requeued jobs now: SLURM itself would wait two minutes."""
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            lines = self.cluster.call("squeue", "-h", "-t", "PENDING", "-o", "%i|%r").splitlines()
            for line in lines:
                job, reason = line.split("|", 1)
                if reason == "BeginTime":
                    self.cluster.call("scontrol", "update", f"jobid={job}", "StartTime=now")

    def _strike(self, number: int) -> None:
        """Inject the first of the coming faults that finds something to strike."""
        if not self._deck:
            self._deck = list(KINDS)
            self.random.shuffle(self._deck)
        for kind in self._deck:
            self._spoilt: dict[str, str] = {}
            moment = time.time()
            try:
                victims = KINDS[kind](self)
            except (AssertionError, OSError, subprocess.TimeoutExpired):
                continue  # what it was to strike has just ended
            if victims is not None:
                self._deck.remove(kind)
                self.faults.append(Struck(kind, number, moment, victims, **self._spoilt))
                self._due = time.monotonic() + self.random.expovariate(1 / self.gap)
                print(
                    f"{time.strftime('%T')} fault {len(self.faults)}: {kind},"
                    f" {len(victims)} trials at work",
                    flush=True,
                )
                return

    def _wasted(self, fault: Struck) -> float:
        if fault.entry:
            return self.watch.trained_since(fault.entry, fault.at)
        if fault.snapshot:
            return self.watch.trained_before(fault.snapshot, fault.at)
        later = [id(w) for f in self.faults if f.at > fault.at for w in f.victims]
        return self.watch.wasted([work for work in fault.victims if id(work) not in later])
