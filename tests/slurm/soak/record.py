"""What a soak has come to: per kind of fault, and against a run that nothing disturbed."""

import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tests.slurm.soak.faults import KINDS
from tests.slurm.soak.rounds import Soak


@dataclass(frozen=True)
class Verdict:
    """What must be nothing.

    Attributes:
        lost: trials that were finished and are not there at a round's end.
        twice: trials that were trained although they were stored whole.
        differing: files whose bytes are not those of the undisturbed run.
    """

    lost: list[str]
    twice: list[str]
    differing: list[str]

    @property
    def good(self) -> bool:
        return not (self.lost or self.twice or self.differing)


def judge(soak: Soak, undisturbed: Mapping[str, bytes]) -> Verdict:
    """Compare all rounds with what the same question comes to where nothing happens."""
    lost: list[str] = []
    twice: list[str] = []
    differing: list[str] = []
    for number, found in enumerate(soak.rounds, 1):
        lost += [f"round {number}: {trial}" for trial in found.lost]
        lost += [f"round {number}: {path}" for path in sorted(set(undisturbed) - set(found.files))]
        twice += [f"round {number}: {trial}" for trial in found.twice]
        differing += [
            f"round {number}: {path}"
            for path, content in sorted(found.files.items())
            if undisturbed.get(path) != content
        ]
    return Verdict(lost, twice, differing)


def spread(wasted: list[float]) -> tuple[float, float]:
    """Return the median and what 95 % of the values do not exceed."""
    median, high = np.percentile(wasted, [50, 95], method="inverted_cdf")
    return float(median), float(high)


def table(soak: Soak) -> str:
    """Return the faults by kind as a Markdown table."""
    lines = [
        "| Kind | Faults | Trials at work | Seconds wasted, median | 95 % | What is done |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for kind, fault in KINDS.items():
        struck = [one for one in soak.faults if one.kind == kind]
        wasted = [one.wasted for one in struck]
        middle, high = (f"{x:.1f}" for x in spread(wasted)) if wasted else ("", "")
        at_work = sum(len(one.victims) for one in struck)
        told = " ".join((fault.__doc__ or "").split())
        lines.append(f"| {kind} | {len(struck)} | {at_work} | {middle} | {high} | {told} |")
    return "\n".join(lines)


def page(soak: Soak, verdict: Verdict, minutes: float, seed: int, command: str) -> str:
    """Return the record of a soak as a page."""
    trials = sum(found.trials for found in soak.rounds)
    files = sum(len(found.files) for found in soak.rounds)
    commands = sum(found.commands for found in soak.rounds)
    named = [*verdict.lost, *verdict.twice, *verdict.differing]
    listed = "".join(f"\n- {line}" for line in named) + "\n" if named else ""
    return f"""\
# A soak on SLURM

Written by `{command}` on {time.strftime("%F")}, on {platform.processor() or platform.machine()},
{platform.system()}; faults with seed {seed}.

For {minutes:.0f} minutes a SLURM of four nodes on one machine ran rounds of one question while
faults of nine kinds struck it, {len(soak.faults)} in all, at random times and places. After each
end that a fault brought about, the same command was typed again.

| | |
|---|---:|
| Rounds | {len(soak.rounds)} |
| Commands typed | {commands} |
| Trials finished | {trials} |
| Faults | {len(soak.faults)} |
| Trials lost | {len(verdict.lost)} |
| Trials trained twice | {len(verdict.twice)} |
| Files compared with an undisturbed run (run files, predictions) | {files} |
| Files whose bytes differ | {len(verdict.differing)} |
{listed}
## Kinds of faults

{table(soak)}

*Trials at work* is how many trials were being trained where the faults struck, over all of them.
*Seconds wasted* is a sum over these: training that was done again, since the last snapshot or the
beginning of the trial, and the time until each was trained again. For a damaged store entry it is
the training that it took to make it anew, for a damaged snapshot the training that was in it.
Of several faults that struck a trial before it stopped, the last counts.
Jobs that were only starting, or waited in the queue, do not count. SLURM starts a job that it has
requeued after two minutes; here it was told to start it at once.
A trial counts as *trained twice* where it was trained while it lay whole in the store, or was
stored more often than once without its entry having been damaged by the soak.
Snapshots were taken every six seconds.
"""
