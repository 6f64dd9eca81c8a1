"""Pairs of checkpoints that differ in one step, and whether that step moved a score."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence.numbers import NOT_AVAILABLE, fixed, signed
from stilts.evidence.overall import CORRELATIONS
from stilts.evidence.results import Inputs

FIELDS = ("contrasts",)
DIGITS = 3
WITHIN = "within noise"


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table of contrasts.

    Args:
        inputs: the scores of checkpoints.
        spec: `contrasts`, a list of {asks, before, after, task}, the question and the chains
            between which it is asked; optionally `model` or `models`.

    Returns:
        One row per model and contrast: Encoder where there are several, Question, Score of; Before,
        After and Difference (fractions of the metric), Noise, and Answer: higher, lower or within
        noise. Noise is the half-width of a 95 % interval of the difference at its widest, the two
        taken for independent.
    """
    return inputs.tabulate(spec, "Encoder", ("contrasts",), _row)


def _row(ours: Inputs, asked: Mapping[str, str], spec: Mapping[str, Any]) -> dict[str, str]:
    row = {"Question": asked["asks"], "Score of": ours.task_title(asked["task"])}
    before, after = (ours.score_of(asked[side], asked["task"]) for side in ("before", "after"))
    names = ("Before", "After", "Difference", "Noise", "Answer")
    if before is None or after is None or math.isnan(before["score"] + after["score"]):
        return row | dict.fromkeys(names, NOT_AVAILABLE)
    difference, noise = after["score"] - before["score"], _noise(before)
    answer = WITHIN if abs(difference) <= noise else "higher" if difference > 0 else "lower"
    scores = [fixed(side["score"], DIGITS) for side in (before, after)]
    cells = (*scores, signed(difference, DIGITS), fixed(noise, DIGITS), answer)
    return row | dict(zip(names, cells, strict=True))


def _noise(scored: Mapping[str, Any]) -> float:
    deviation = 1.0 if scored["metric"] in CORRELATIONS else 0.5  # of one example, at most
    return 1.96 * deviation * math.sqrt(2 / scored["n_validation"])
