"""What is left of a gain when one thing is changed: a control beside what it is a control of."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence import learnt
from stilts.evidence.comparisons.pairing import compare, interval_of
from stilts.evidence.numbers import interval, percent, points, runs_used
from stilts.evidence.parts import of_sweeps
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import difference, summary
from stilts.question.chain import NONE

FIELDS = ("chains", "targets", "baseline", "sweeps")


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table of controls.

    A control has its own, smaller grid, so every number is of the points that all three sides have.

    Args:
        inputs: the runs.
        spec: `chains` (control -> `of`, the chain it is a control of, `asks`, its question, and
            optionally its own `targets`), `targets` (list), optionally `baseline` (default none),
            `sweeps` that stand apart and hold the runs, `model` or `models`.

    Returns:
        One row per model, control and target: Model where there are several, Question, Control,
        Target; the mean of the baseline (percent), the differences to it (points) of the original
        and of the control, then the difference of the two with its interval over seeds, and n.
    """
    part = of_sweeps(inputs, spec["sweeps"]) if "sweeps" in spec else inputs
    return part.table(
        {**model, **_row(ours, control, target, spec)}
        for model, ours in part.models(spec, "Model")
        for control, about in spec["chains"].items()
        for target in about.get("targets", spec["targets"])
    )


def _row(ours: Inputs, control: str, target: str, spec: Mapping[str, Any]) -> dict[str, str]:
    about, base = spec["chains"][control], spec.get("baseline", NONE)
    runs = _at_common_points(ours, target, base, about["of"], control)
    base_runs, original, changed = (side["score"] for side in runs)
    before, after, apart = (
        difference(one, other)
        for one, other in ((original, base_runs), (changed, base_runs), (changed, original))
    )
    return {
        "Question": about["asks"],
        "Control": learnt.title(ours, control),
        "Target": ours.task_title(target),
        ours.title(base): percent(summary(base_runs)["mean"]),
        "Δ original": points(before["delta_mean"]),
        "Δ control": points(after["delta_mean"]),
        "Control less original": points(apart["delta_mean"]),
        "95 % interval": interval(*interval_of(compare(runs[2], runs[1]))),
        "n": runs_used(min(apart["n"], after["n_baseline"]), ours.expected(control, target)),
    }


def _at_common_points(ours: Inputs, target: str, *chains: str) -> list[pd.DataFrame]:
    """Return the runs of each chain, of the points that all have, in the same order."""
    cells = [ours.cell(chain, target).set_index("point", drop=False) for chain in chains]
    common = sorted(set.intersection(*(set(cell.index) for cell in cells)))
    return [cell.loc[common].reset_index(drop=True) for cell in cells]
