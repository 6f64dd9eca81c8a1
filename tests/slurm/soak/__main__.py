"""A soak on a SLURM of its own: `python -m tests.slurm.soak [minutes]`, or `make soak`.

It lies among the tests whose cluster it uses; a short one is one of them.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.slurm.cluster import Cluster, lacking
from tests.slurm.soak.record import Verdict, judge, page, table
from tests.slurm.soak.rounds import Soak
from tests.slurm.workflow import results
from tests.workflow.project import Project, copy_source

RECORD = Path("docs/soak.md")
GAP = 4.0  # seconds between two faults, on average
# Enough trials that there is something to strike, each some ten seconds long.
QUESTION = {
    "scale": "smoke",
    "only": {
        "chains": ["none"],
        "targets": ["rte"],
        "grid": {"lr": [1e-5], "batch": [8], "warmup": [0], "seed": list(range(1, 25))},
    },
    "settings": {"targets": {"epochs": 320}},
    "trials_per_job": 8,
    "snapshot_minutes": 0.1,
}


def main() -> int:
    """Soak, write the record, and return 1 where a trial was lost, trained twice or differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.slurm.soak", description=__doc__)
    parser.add_argument("minutes", type=float, nargs="?", default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gap", type=float, default=GAP, help="seconds between two faults")
    parser.add_argument("--record", type=Path, default=RECORD)
    options = parser.parse_args()
    if lacking():
        print(f"error: {lacking()}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as folder:
        top = Path(folder)
        project = prepare(top / "prepared")
        reference = begin_reference(project, top / "undisturbed")
        cluster = Cluster(top / "cluster")
        began = time.monotonic()
        try:
            cluster.start()
            soak = Soak(cluster, project, QUESTION, top, options.gap, options.seed)
            try:
                soak.last(options.minutes)
            except (AssertionError, KeyboardInterrupt) as error:
                print(f"the soak ended early: {error!r:.3000}", file=sys.stderr)
                soak.drop_unfinished()
        finally:
            cluster.stop()
        minutes = (time.monotonic() - began) / 60
        assert reference.wait() == 0, "the undisturbed run failed"
        verdict = judge(soak, results(Project(top / "undisturbed")))
    command = f"make soak MINUTES={options.minutes:g}"
    options.record.write_text(page(soak, verdict, minutes, options.seed, command), "utf-8")
    tell(soak, verdict)
    return not verdict.good


def prepare(folder: Path) -> Project:
    """Return a copy of the project with data and checkpoints."""
    project = copy_source(folder)
    outcome = project.snakemake("data", "checkpoints", **QUESTION)
    assert outcome.code == 0, outcome.text
    return project


def begin_reference(prepared: Project, folder: Path) -> subprocess.Popen[bytes]:
    """Start the same question without SLURM and without faults, beside the soak."""
    project = prepared.copy_to(folder)
    call = ["nice", *project.command("runs", **QUESTION)]
    with (folder / "output.txt").open("wb") as stream:
        return subprocess.Popen(
            call, cwd=folder, env=project.environment(), stdout=stream, stderr=stream
        )


def tell(soak: Soak, verdict: Verdict) -> None:
    """Print what the record says."""
    print(table(soak))
    for name in ("lost", "twice", "differing"):
        found = getattr(verdict, name)
        print(f"{name}: {len(found)}")
        for line in found:
            print(f"  {line}")


if __name__ == "__main__":
    sys.exit(main())
