"""The project's workflow on the tests' cluster, as the user of a terminal sees it."""

import os
import re
import signal
import subprocess

from tests.slurm.cluster import Cluster, wait_until
from tests.workflow.project import OFFLINE, Project

# Two trials in one job, long enough to be caught in the middle.
QUESTION = {
    "scale": "smoke",
    "studies": ["rethinking"],
    "only": {
        "chains": ["none"],
        "targets": ["rte"],
        "grid": {"lr": [1e-5], "batch": [8], "warmup": [0], "seed": [12, 42]},
    },
    "settings": {"targets": {"epochs": 80}},
}
TRIALS = 2
# What must be the same bytes whatever happened on the way; runs.csv tells seconds too.
RESULTS = ("runs/**/*.json", "predictions/**/*.parquet", "scores.csv", "tables/*.csv")
# Looks at the queue more often than a cluster that is shared would like.
QUICK = ("--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "10")
_IN_STORE = re.compile(r"(\d) of \d trials are in the store")


class Run:
    """A `snakemake` that was started; `text` is what it has printed so far."""

    def __init__(self, project: Project, cluster: Cluster, *words: str, **config: object):
        self.project, self.cluster = project, cluster
        number = len(list(project.folder.glob("output-*")))
        self.output = project.folder / f"output-{number}.txt"
        call = project.command(*words, "--profile", "slurm", *QUICK, **{**QUESTION, **config})
        with self.output.open("wb") as stream:
            self.process = subprocess.Popen(
                call,
                cwd=project.folder,
                env={**cluster.environment, **OFFLINE},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self.output.read_text()

    def lines(self, word: str) -> list[str]:
        """Return what was printed with some word in it."""
        return [line for line in self.text.splitlines() if word in line]

    def wait(self, seconds: float = 150) -> int:
        """Return the exit status; to wait for ever is a failure."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"it waits for ever:\n{self.text}") from None

    def succeeds(self) -> None:
        code = self.wait()
        assert code == 0, self.text
        assert trials(self.project) == TRIALS

    def freeze(self, done: int = 1) -> str:
        """Stop the job in the middle of a trial after so many are done; return its number."""
        frozen = []

        def caught() -> bool:
            assert self.process.poll() is None, self.text
            if len(self.project.stored()) >= done:
                for job in self.cluster.jobs("RUNNING"):
                    for process in filter(in_trial, self.cluster.trainers(job)):
                        os.kill(process, signal.SIGSTOP)
                        frozen.append(job)
            return bool(frozen)

        wait_until(caught, f"no trial is being trained:\n{self.text}", 90)
        return frozen[0]

    def thaw(self) -> None:
        for process in self.cluster.trainers():
            os.kill(process, signal.SIGCONT)

    def until(self, word: str, seconds: float = 90) -> None:
        """Wait until something is printed."""

        def printed() -> bool:
            assert word in self.text or self.process.poll() is None, self.text
            return word in self.text

        wait_until(printed, f"never said {word!r}", seconds)


def in_trial(process: int) -> bool:
    """Return whether a process is inside a trial: it then saves on SIGUSR1 (bit 9) and goes on."""
    try:
        with open(f"/proc/{process}/status") as stream:
            caught = next(line for line in stream if line.startswith("SigCgt:"))
    except (OSError, StopIteration):
        return False
    return bool(int(caught.split()[1], 16) >> (signal.SIGUSR1 - 1) & 1)


def logs(project: Project) -> list[str]:
    """Return the logs of the jobs that fine-tune; a new try begins a new log."""
    found = project.folder.glob("logs/smoke/rethinking/finetune_targets*/**/*.log")
    return [path.read_text() for path in sorted(found)]


def trials(project: Project) -> int:
    """Return how many trials are finished, by their run files."""
    return len(project.files("smoke/rethinking/runs/**/*.json"))


def taken_from_store(project: Project) -> int:
    """Return how many trials the last try of each job found in the store."""
    return sum(int(found.group(1)) for log in logs(project) if (found := _IN_STORE.search(log)))


def resumed(project: Project) -> int:
    """Return in how many jobs the last try went on from a snapshot."""
    return sum("resumed after step" in log for log in logs(project))


def results(project: Project) -> dict[str, bytes]:
    """Return the files that must not depend on what happened on the way."""
    found: dict[str, bytes] = {}
    for pattern in RESULTS:
        found |= project.files(f"smoke/rethinking/{pattern}")
    return found
