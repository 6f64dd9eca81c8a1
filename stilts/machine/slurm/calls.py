"""What the workflow asks of SLURM: which jobs there are, to cancel some, whether it answers."""

import getpass
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

PROFILE = Path("slurm/config.yaml")
PATIENCE = 60  # seconds for one command; a busy controller can take as long


class Silent(OSError):
    """SLURM does not answer, or its commands are not here."""


class Job(NamedTuple):
    """A job as `squeue` lists it; `reason` is why it waits."""

    number: str
    state: str
    reason: str


def call(*command: str) -> str:
    """Return what a command of SLURM prints.

    Raises:
        Silent: it fails, or takes longer than `PATIENCE`; the text is its own last line.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Silent(str(error)) from error
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise Silent(lines[-1] if lines else f"{command[0]} ended with {done.returncode}")
    return done.stdout


def jobs_named(name: str) -> dict[str, Job]:
    """Return the jobs of one run by their number, those that ended lately too."""
    text = call("squeue", "--noheader", "--states=all", "--name", name, "--format=%i|%T|%r")
    jobs = [Job(*line.split("|", 2)) for line in text.splitlines() if line.count("|") >= 2]
    return {job.number: job for job in jobs}


def unfinished(prefix: str, folder: Path) -> list[str]:
    """Return the numbers of the jobs that workflows of this user have in `folder`.

    The plugin names a job by prefix and run; other jobs of the folder are none of the workflow's,
    such as an interactive one in which it was started.
    """
    named = re.compile(rf"{re.escape(prefix)}_[0-9a-f-]{{36}}")
    text = call("squeue", "--noheader", "--user", getpass.getuser(), "--format=%i|%j|%Z")
    rows = [line.split("|", 2) for line in text.splitlines() if line.count("|") >= 2]
    return [
        number for number, name, place in rows if named.fullmatch(name) and Path(place) == folder
    ]


def cancel(*which: str) -> None:
    """Cancel jobs, by numbers or by `--name=…`: SIGTERM first, so that they save where they are.

    Jobs that have ended meanwhile are no error.
    """
    try:
        call("scancel", "--user", getpass.getuser(), *which)
    except Silent as error:
        if "Invalid job id" not in str(error):
            raise


def where(setting: str) -> str:
    """Return the place of a setting for a message: its file and, if it is in there, its line."""
    try:
        lines = PROFILE.read_text(encoding="utf-8").splitlines()
    except OSError:
        return f"{setting} in your profile"
    found = [
        number
        for number, line in enumerate(lines, 1)
        if line.lstrip(" #").startswith(f"{setting}:")
    ]
    return f"{setting} in {PROFILE}" + (f", line {found[0]}" if found else "")
