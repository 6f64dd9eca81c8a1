"""Whether an intermediate task was learnt: its own score against what trivial cues reach on it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from stilts.evidence.results import Inputs
from stilts.question.chain import NONE, parse_chain

MARK = "†"
NOTE = f"{MARK} not learnt: on its own task no better than a trivial baseline"
# The half-width of a 95 % interval at its widest, for n examples: of a share, and of a correlation.
WIDEST = {"accuracy": 0.98, "matthews_correlation": 1.96}


@dataclass(frozen=True)
class Learnt:
    """What a chain's last intermediate task came to.

    Attributes:
        task: the task.
        score, examples: of the checkpoint on it, a fraction of its metric, and on how many.
        cue, trivial: the best trivial baseline, by name, and what it reaches.
        margin: by how much a score must lie above it to count.
    """

    task: str
    score: float
    examples: int
    cue: str
    trivial: float
    margin: float

    @property
    def above(self) -> bool:
        """Whether the score lies above the best trivial baseline by more than chance explains."""
        return self.score - self.trivial > self.margin


def learnt(inputs: Inputs, chain: str) -> Learnt | None:
    """Return what the last stage of a chain learnt, or None where that is not known.

    It is known of a chain of one task a stage that the study scores on that task.
    """
    if chain == NONE:
        return None
    tasks = parse_chain(chain)[-1].tasks
    found = inputs.score_of(chain, tasks[0]) if len(tasks) == 1 else None
    trivial = inputs.baselines(tasks[0])
    if found is None or not trivial or not math.isfinite(found["score"]):
        return None
    cue = max(trivial, key=lambda name: trivial[name])
    examples = int(found["n_validation"])
    margin = WIDEST.get(found["metric"], WIDEST["matthews_correlation"]) / math.sqrt(examples)
    return Learnt(tasks[0], found["score"], examples, cue, trivial[cue], margin)


def note(names: Iterable[Any]) -> str:
    """Return what the mark means, with a separator before it, if one of the names bears it."""
    return f"  ·  {NOTE}" if any(MARK in str(name) for name in names) else ""


def title(inputs: Inputs, chain: str, name: str = "") -> str:
    """Return a chain's name, by default its title, marked where its task was not learnt."""
    found = learnt(inputs, chain)
    shown = name or inputs.title(chain)
    return shown if found is None or found.above else f"{shown} {MARK}"
