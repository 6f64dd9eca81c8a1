"""What the intermediates learnt: the score of each on its own task, against trivial baselines."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence.learnt import learnt
from stilts.evidence.numbers import NOT_AVAILABLE, percent, points
from stilts.evidence.results import Inputs
from stilts.question.chain import parse_chain

FIELDS = ("chains",)


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table.

    Args:
        inputs: the scores of checkpoints and the audits of the data.
        spec: `chains` (list), optionally `model` or `models`.

    Returns:
        One row per model and chain: Model where there are several, Intermediate, Own score and Best
        trivial (percent of the task's metric), By (which cue), Above (points), Needed (points, the
        half-width of a 95 % interval at its widest), Examples, Verdict.
    """
    return inputs.tabulate(spec, "Model", ("chains",), _row)


def _row(ours: Inputs, chain: str, spec: Mapping[str, Any]) -> dict[str, str]:
    found, tasks = learnt(ours, chain), parse_chain(chain)[-1].tasks
    names = {"Intermediate": ours.title(chain), "Own task": ", ".join(map(ours.task_title, tasks))}
    if found is None:
        columns = "Own score, Best trivial, By, Above, Needed, Examples, Verdict".split(", ")
        return names | dict.fromkeys(columns, NOT_AVAILABLE)
    return names | {
        "Own score": percent(found.score),
        "Best trivial": percent(found.trivial),
        "By": found.cue.replace("_", " "),
        "Above": points(found.score - found.trivial),
        "Needed": points(found.margin).lstrip("+"),
        "Examples": f"{found.examples:,}",
        "Verdict": "learnt" if found.above else "at its trivial baseline",
    }
