"""What an intermediate task changes on each target, as printed and here, with a verdict a cell."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence import learnt
from stilts.evidence.numbers import NOT_AVAILABLE, NOT_PRINTED, fixed, interval, percent, points
from stilts.evidence.results import Inputs
from stilts.evidence.transfer import sign, transfer
from stilts.question.chain import NONE

FIELDS = ("chain", "targets", "printed", "signs", "splits")
HERE = ("None", "After", "Mark", "Δ", "Each seed", "95 % of examples", "95 % of seeds", "Constant")


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table.

    Args:
        inputs: the predictions of the runs, and the printed numbers.
        spec: `chain`, `targets` (a list), `printed` (the paper's table), optionally `splits`
            (target -> the split to look at, by default the first that is scored), `model` or
            `models`; and `predictions: true`.

    Returns:
        One row per model and target: Model where there are several, Target; None and After in the
        paper with its Mark; ours, with the difference in points, that of each seed, its intervals
        over the examples and over the seeds, how many runs of either side name one class only, and
        the Verdict: of few examples it is an exact test's, whose p value stands in place of the
        interval. It is marked where a walk of the chain did not learn its own task.
    """
    return inputs.tabulate(spec, "Model", ("targets",), _row)


def _row(ours: Inputs, target: str, spec: Mapping[str, Any]) -> dict[str, str]:
    chain = spec["chain"]
    before, after = (
        ours.printed(spec["printed"], chain=name, target=target) for name in (NONE, chain)
    )
    paper = {
        "Target": ours.task_title(target),
        "None (paper)": before,
        "After (paper)": after,
        "Mark (paper)": ours.printed(spec["signs"], chain=chain, target=target, measure="sign"),
    }
    return paper | _here(ours, chain, target, spec.get("splits", {}).get(target, ""))


def _here(ours: Inputs, chain: str, target: str, split: str) -> dict[str, str]:
    metric = ours.metric(target) if target in ours.manifests else ""
    found = transfer(ours, chain, target, metric, split) if metric else None
    if found is None:
        return dict.fromkeys((*HERE, "Verdict"), NOT_AVAILABLE)
    low, high, p_value = found.over_examples
    seeds = interval(*found.seeds) if all(map(math.isfinite, found.seeds)) else NOT_PRINTED
    values = (
        *(percent(found.before, 2), percent(found.after, 2), sign(found.gain)),
        points(found.gain, 2),
        " ".join(points(each) for each in found.each),
        f"p = {fixed(p_value, 3)}" if math.isfinite(p_value) else interval(low, high),
        seeds,
        "{} and {} of {}".format(*found.constant, len(found.each)),
    )
    # A chain stands for its walks from seed to seed: one that did not learn is enough.
    walks = ours.cell(chain, target)["chain"].unique()
    lost = any(learnt.title(ours, walk).endswith(learnt.MARK) for walk in walks)
    mark = learnt.MARK if lost else ""
    return dict(zip(HERE, values, strict=True)) | {"Verdict": found.verdict + mark}
