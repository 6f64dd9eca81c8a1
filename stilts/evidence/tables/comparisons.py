"""What an intermediate task changes, with intervals over seeds, adjusted tests and verdicts."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence import learnt
from stilts.evidence.comparisons.many import holm
from stilts.evidence.comparisons.pairing import Comparison, compare
from stilts.evidence.comparisons.verdict import ALPHA, unseen
from stilts.evidence.numbers import NOT_AVAILABLE, interval, p_value_text, points, runs_used
from stilts.evidence.results import BEHIND, Inputs
from stilts.question.chain import NONE, chain_seed, unseeded

FIELDS = ("chains", "targets", "margin", "margin_from", "baseline", "walks")
NAMES = ("Δ mean", "95 % interval", "p", "Verdict", "Seen at 80 %", "Interval over", "n")


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table of comparisons.

    Args:
        inputs: the runs.
        spec: `chains`, `targets` (lists), `margin` (points) within which two means count as equal,
            and `margin_from`, where that is from; optionally `baseline` (default none), `walks`
            (true: of the chains only the walks of a seed of their own, `chain^7`), `model` or
            `models`.

    Returns:
        One row per model, chain and target: Model where there are several, Intermediate, Target,
        the paired difference of means and its interval over seeds (points), p adjusted for all
        tests of the model (Holm), the Verdict, what difference would be Seen at 80 % power, which
        seeds the Interval is over, and n, the pairs of runs.
    """
    rows, behind = [], []
    for model, ours in inputs.models(spec, "Model"):
        cells = [(chain, target) for chain in spec["chains"] for target in spec["targets"]]
        compared = ours.watched(compare(*_sides(ours, *cell, spec)) for cell in cells)
        found = dict(zip(cells, compared, strict=True))
        tests = holm([each.estimate.p_value() if each else math.nan for each, _ in found.values()])
        for (chain, target), p_value in zip(found, tests, strict=True):
            names = {
                "Intermediate": learnt.title(ours, chain),
                "Target": ours.task_title(target),
            }
            comparison, read = found[chain, target]
            rows.append({**model, **names, **_row(comparison, p_value, spec["margin"])})
            behind.append(read)
    table = pd.DataFrame(rows)
    table.attrs[BEHIND] = behind
    return table


def _sides(
    ours: Inputs, chain: str, target: str, spec: Mapping[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    base = ours.cell(spec.get("baseline", NONE), target)
    if not spec.get("walks"):
        return ours.cell(chain, target), base
    of_target = ours.runs[ours.runs["target"] == target]
    walks = [
        name
        for name in of_target["chain"].unique()
        if unseeded(name) == chain and chain_seed(name) is not None
    ]
    return pd.concat([of_target.iloc[:0], *(ours.cell(walk, target) for walk in walks)]), base


def _row(found: Comparison | None, p_value: float, margin: float) -> dict[str, str]:
    if found is None:
        return dict.fromkeys(NAMES, NOT_AVAILABLE)
    return {
        "Δ mean": points(found.estimate.value),
        "95 % interval": interval(*found.estimate.interval()),
        "p": p_value_text(p_value),
        "Verdict": _verdict(found, p_value, margin / 100),
        "Seen at 80 %": points(unseen(found.estimate)).lstrip("+"),
        "Interval over": found.covers,
        "n": runs_used(found.pairs, found.asked),
    }


def _verdict(found: Comparison, p_value: float, margin: float) -> str:
    if p_value < ALPHA:
        return "higher" if found.estimate.value > 0 else "lower"
    return "equal" if found.estimate.p_equivalent(margin) < ALPHA else "cannot tell"
