"""A copy of the project in a folder of its own, and what `snakemake` says when run there."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml

from stilts.files.fingerprint import ROOT
from stilts.question.grid import point_name
from stilts.question.scale import load_scale
from stilts.question.settings import Setting

# What is built, installed or remembered, as opposed to written: at the top of the project only.
BUILT = {"results", "data", "logs", ".git", ".snakemake", ".venv", ".pytest_cache", ".ruff_cache"}
# Two chains, one target, four points; enough epochs for a sweep to be caught in the middle.
QUESTION = {
    "scale": "smoke",
    "studies": ["rethinking"],
    "only": {
        "chains": ["none", "hellaswag-p"],
        "targets": ["rte"],
        "grid": {"lr": [1e-5], "batch": [8, 16], "warmup": [0], "seed": [12, 42]},
    },
    "settings": {"targets": {"epochs": 10}},
}
_LR = load_scale(ROOT / "scales", "smoke").fit({"lr": Setting(1e-5, "")})["lr"].value
# A network look-up of any job fails at once instead of leaving the machine.
OFFLINE = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "no_proxy": ""}
_JOB = re.compile(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", re.MULTILINE)
_WILDCARD = re.compile(r"(\w+)=([^,\n]+)")


@dataclass(frozen=True)
class Job:
    """A job as `snakemake` announces it."""

    rule: str
    block: str

    @cached_property
    def wildcards(self) -> dict[str, str]:
        line = re.search(r"^    wildcards: (.*)$", self.block, re.MULTILINE)
        return dict(_WILDCARD.findall(line.group(1))) if line else {}

    @cached_property
    def outputs(self) -> list[str]:
        line = re.search(r"^    output: (.*)$", self.block, re.MULTILINE)
        return line.group(1).split(", ") if line else []


@dataclass(frozen=True)
class Outcome:
    """How a call of `snakemake` ended and what it printed."""

    code: int
    text: str

    @property
    def jobs(self) -> list[Job]:
        return [Job(*found) for found in _JOB.findall(self.text)]

    @property
    def rules(self) -> set[str]:
        """The rules with a job, target rules left out."""
        return {job.rule for job in self.jobs if job.outputs}

    def made_by(self, rule: str, wildcard: str) -> list[str]:
        """Return a wildcard's values over the jobs of a rule, sorted."""
        return sorted(job.wildcards[wildcard] for job in self.jobs if job.rule == rule)

    @property
    def errors(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.startswith("error:")]

    @property
    def idle(self) -> bool:
        return self.code == 0 and "Nothing to be done" in self.text


class Project:
    """A folder with the project in it."""

    def __init__(self, folder: Path):
        self.folder = folder

    def copy_to(self, folder: Path) -> "Project":
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder)

    def command(self, *words: str, **config: object) -> list[str]:
        values = [f"{key}={_flow(value)}" for key, value in config.items()]
        call = [sys.executable, "-m", "snakemake", *words, "--cores", "2"]
        return [*call, "--config", *values] if values else call

    def environment(self) -> dict[str, str]:
        return {**os.environ, **OFFLINE}

    def snakemake(self, *words: str, **config: object) -> Outcome:
        """Run `snakemake` with exactly this config beside `config.yaml`."""
        done = subprocess.run(
            self.command(*words, **config),
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Outcome(done.returncode, done.stdout)

    def ask(self, *words: str, **changes: object) -> Outcome:
        """Run `snakemake` on the tests' small question, with some of its config keys changed."""
        return self.snakemake(*words, **{**QUESTION, **changes})

    def plan(self, *words: str, **changes: object) -> Outcome:
        """Ask what would run."""
        return self.ask(*words, "--dry-run", **changes)

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text()
        assert text.count(old) >= 1, f"{path} holds no {old!r}"
        file.write_text(text.replace(old, new, 1))

    def add_code(self, path: str) -> None:
        """Change what a module does, as far as a fingerprint can tell."""
        with (self.folder / path).open("a") as file:
            file.write("\n\nassert True\n")  # runs on import: it counts with all of the module

    def files(self, pattern: str) -> dict[str, bytes]:
        """Return the content of the files below `results/` that match, by path."""
        top = self.folder / "results"
        found = (path for path in top.glob(pattern) if path.is_file())
        return {path.relative_to(top).as_posix(): path.read_bytes() for path in found}

    def stored(self) -> dict[str, int]:
        """Return the finished trials in the store: when each was written, by key."""
        found = self.folder.glob("results/.store/trials/??/*/result.json")
        return {path.parent.name: path.stat().st_mtime_ns for path in found}

    def litter(self) -> list[str]:
        """Return what a broken write leaves behind."""
        found = (self.folder / "results").rglob("*")
        return [path.name for path in found if path.name.endswith(".tmp") or ".new-" in path.name]


def copy_source(folder: Path) -> Project:
    """Copy what a clone of the project would hold, changes not committed included."""

    def built(where: str, names: list[str]) -> set[str]:
        return (BUILT if Path(where) == ROOT else set()) | {"__pycache__"}

    shutil.copytree(ROOT, folder, ignore=built)
    return Project(folder)


def point(batch: int, seed: int) -> str:
    """Return the name of a point of the tests' question."""
    return point_name({"lr": _LR, "batch": batch, "warmup": 0, "seed": seed})


def with_only(**changes: object) -> dict[str, object]:
    """Return the tests' question narrowed in another way; `grid` replaces axes one by one."""
    only = {**QUESTION["only"], **changes}
    only["grid"] = {**QUESTION["only"]["grid"], **changes.get("grid", {})}
    return {"only": only}


def _flow(value: object) -> str:
    return (
        yaml.safe_dump(value, default_flow_style=True, width=10**6).removesuffix("\n...\n").strip()
    )


def read_config() -> dict[str, object]:
    """Return `config.yaml`."""
    return yaml.safe_load((ROOT / "config.yaml").read_text())
