"""What it takes to plan a large question, and to see that nothing is left to do."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.table import Table, progress
from stilts.files.fingerprint import ROOT

PARTS = ("Snakefile", "config.yaml", "catalogue", "envs", "profiles", "scales", "stilts")
PARTS += ("studies", "workflow")
PER_SEED = 792  # trials of the miniature study with one seed
SEEDS = {"planning": (2, 13, 63), "no-op": (2, 13)}  # about 1,600, 10,000 and 50,000 trials


def copy_project(folder: Path) -> Path:
    """Copy what a clone of the project needs to be planned."""
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    return folder


def snakemake(folder: Path, seeds: int, *words: str) -> tuple[float, float, float, str]:
    """Call snakemake on the miniature study with so many seeds.

    Returns:
        Seconds, seconds of processor time, peak memory in MB, and what it printed.
    """
    grid = f"only={{grid: {{seed: {list(range(1, seeds + 1))}}}}}"
    call = [sys.executable, "-m", "snakemake", "--cores", "1", *words, "--config", grid]
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(call, cwd=folder, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        text = out.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(call)} failed:\n{text[-2000:]}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**10, text


def fabricate(folder: Path, seeds: int) -> None:
    """Write a file for every output, and let Snakemake take them for its own."""
    *_, text = snakemake(folder, seeds, "--dry-run")
    for line in re.findall(r"^    output: (.*)$", text, re.MULTILINE):
        for path in map(folder.joinpath, line.split(", ")):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}\n", encoding="utf-8")
    snakemake(folder, seeds, "--touch", "--forceall", "--quiet", "all")


def run(toy: bool = False) -> Table:
    """Time `snakemake -n` before anything is there and with everything there."""
    rows = []
    for what, sizes in SEEDS.items():
        for seeds in sizes[: 1 if toy else None]:
            seeds = 1 if toy else seeds
            progress(f"planning: {what}, {PER_SEED * seeds:,} trials")
            with tempfile.TemporaryDirectory() as name:
                folder = copy_project(Path(name))
                if what == "no-op":
                    fabricate(folder, seeds)
                seconds, busy, memory, text = snakemake(
                    folder, seeds, "--dry-run", "--quiet", "rules"
                )
            if ("Nothing to be done" in text) != (what == "no-op"):
                raise RuntimeError(f"{what}: not what was to be timed:\n{text[-1000:]}")
            times = [f"{seconds:.1f}", f"{busy:.1f}"]
            rows.append([what, f"{PER_SEED * seeds:,}", *times, f"{memory:.0f}"])
            progress(f"  {' | '.join(rows[-1])}")
    floor, *_ = snakemake(ROOT, 1, "--version")
    note = (
        "`snakemake -n` of the miniature study with more seeds: nothing there yet (planning), and"
        f" everything there (no-op). `snakemake --version` alone takes {floor:.1f} s here."
    )
    header = ["what", "trials", "seconds", "processor seconds", "peak memory, MB"]
    return Table("Planning", header, rows, note)
