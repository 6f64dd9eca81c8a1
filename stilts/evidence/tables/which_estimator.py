"""One sentence: which estimator, if any, beats the static ranking."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from stilts.evidence.advice import MEASURES, STATIC, titles
from stilts.evidence.results import Inputs
from stilts.evidence.tables.estimators import Standing, demand_estimates, standings

FIELDS = ()


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table.

    Args:
        inputs: the runs, and the estimates.
        spec: `estimates: true`, optionally `model` or `models`.

    Returns:
        One row per model: Model where there are several, Answer (a sentence).
    """
    demand_estimates(inputs)
    rows = [
        {**model, "Answer": sentence(standings(ours))}
        for model, ours in inputs.models(spec, "Model")
    ]
    return pd.DataFrame(rows)


def sentence(found: Sequence[Standing]) -> str:
    """Say which estimator beats the control, in which measure, and whether any is worse."""
    if not found or all(each.name != STATIC for each in found):
        return "There are no runs of two chains on two targets, so nothing can be compared."
    measures = f"{', '.join(MEASURES[:-1])} or {MEASURES[-1]}"
    better, worse = (_named(found, side) for side in ("better", "worse"))
    said = f"Of no estimator can it be told that it beats the static ranking in {measures}"
    if better:
        said = f"The static ranking is beaten by {_and(better)}"
    tail = ""
    if worse:
        tail = f", and {_and(worse)} {'is' if len(worse) == 1 else 'are'} worse"
    return f"{said}{tail} (5 %, over seeds, all tests taken together)."


def _named(found: Sequence[Standing], side: str) -> list[str]:
    words = titles()
    told = ((each.name, getattr(each, side)) for each in found)
    return [f"{words[name]} in {_and(measures)}" for name, measures in told if measures]


def _and(parts: Sequence[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
