"""Which intermediate task each estimator takes for each target, beside the best by the runs."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from stilts.evidence.advice import STATIC, estimates_of, gains_of, picks, static_of, titles
from stilts.evidence.numbers import NOT_AVAILABLE, points
from stilts.evidence.results import Inputs
from stilts.evidence.tables.estimators import demand_estimates
from stilts.question.chain import NONE

FIELDS = ()
ONE = 1  # each way to rank names its first


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table.

    Args:
        inputs: the runs, and the estimates.
        spec: `estimates: true`, optionally `model` or `models`.

    Returns:
        One row per model and target: Model where there are several, Target, the first choice of
        each estimator and of the static ranking with what it gives by the runs (percentage points,
        a mean over all seeds), and Best by the runs.
    """
    demand_estimates(inputs)
    return inputs.table(
        {**model, **row} for model, ours in inputs.models(spec, "Model") for row in _targets(ours)
    )


def _targets(ours: Inputs) -> Iterator[dict[str, str]]:
    said, gains = estimates_of(ours.estimates), gains_of(ours.runs)
    targets = list(dict.fromkeys(ours.estimates["target"]))
    said = pd.concat([said, static_of(gains, targets).assign(estimator=STATIC)])
    for target in targets:
        for chain in (NONE, *said.loc[said["target"] == target, "base"].unique()):
            ours.cell(chain, target)  # what the gains of this row are from
        yield _row(ours, target, said, gains)


def _row(ours: Inputs, target: str, said: pd.DataFrame, gains: pd.DataFrame) -> dict[str, str]:
    own = gains[gains["target"] == target]
    reached = own.groupby("base", sort=False)["gain"].mean()
    said = said[said["target"] == target]

    def named(found: list[str]) -> str:
        if not found:
            return NOT_AVAILABLE
        return f"{ours.title(found[0])} {points(reached.get(found[0]))}"

    chosen = {
        words: named(picks(said[said["estimator"] == name], "value", ONE))
        for name, words in titles().items()
    }
    best = named(picks(own, "gain", ONE))
    return {"Target": ours.task_title(target), **chosen, "best by the runs": best}
