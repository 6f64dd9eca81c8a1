"""Models that each answer several tasks, one a row, beside what the paper prints of them."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence.numbers import NOT_AVAILABLE, fixed
from stilts.evidence.overall import overall
from stilts.evidence.results import Inputs

FIELDS = ("printed", "tasks", "chains")
DIGITS = 3


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table.

    Args:
        inputs: the scores of checkpoints and printed numbers.
        spec: `chains` (chain -> `shown`, what the paper calls the model, and optionally `printed`
            and `statistic`, where its printed numbers stand if elsewhere), `tasks` (list),
            `printed` (the paper's table), optionally `model` or `models`.

    Returns:
        One row per model and chain: Encoder where there are several, Model, Trained on; for each
        task, and Overall, what is printed and ours, fractions of the metric.
    """
    return inputs.tabulate(spec, "Encoder", ("chains",), _row)


def _row(ours: Inputs, chain: str, spec: Mapping[str, Any]) -> dict[str, str]:
    about, found = spec["chains"][chain], []
    row = {"Model": about["shown"], "Trained on": ours.title(chain)}
    where = {"statistic": about.get("statistic", "reported"), "chain": chain}
    table = about.get("printed", spec["printed"])
    for task in spec["tasks"]:
        title, scored = ours.task_title(task), ours.score_of(chain, task)
        row[f"{title} (paper)"] = ours.printed(table, target=task, **where)
        row[title] = _written(scored["score"] if scored else None)
        found += [(scored["metric"], scored["score"])] if scored else []
    row["Overall (paper)"] = ours.printed(table, target="", **where)
    whole = len(found) == len(spec["tasks"])
    return row | {"Overall": _written(overall(found) if whole else None)}


def _written(score: float | None) -> str:
    return NOT_AVAILABLE if score is None or math.isnan(score) else fixed(score, DIGITS)
