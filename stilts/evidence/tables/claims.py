"""What the paper claims, in our words, and whether it holds in our runs."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence.claims import Judged, judge_models
from stilts.evidence.comparisons.between import Spread
from stilts.evidence.comparisons.verdict import MOST, OPEN, samples_needed, unseen
from stilts.evidence.numbers import NOT_PRINTED, interval, p_value_text, points
from stilts.evidence.results import BEHIND, Inputs
from stilts.question.claims import WITHIN

FIELDS = ()


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table of claims.

    Args:
        inputs: runs, scores, printed numbers and claims.
        spec: optionally `model` or `models`.

    Returns:
        One row per model and claim, then one per claim over all of them: Model where there are
        several, Claim, Where, Expected, Paper, Difference (points; over models how much they
        differ, a standard deviation) with its 95 % interval, Interval over, p (adjusted, Holm) of
        the verdict, Verdict (with stand-ins "in the miniature"), To tell (what it would take),
        Runs, Refuted by, Margin from, Registered.

    Raises:
        UserError: the study has no claims.
    """
    found = [
        ({**model, **_row(ours, judged)}, judged.behind)
        for model, ours, judged in judge_models(inputs, spec, "Model")
    ]
    table = pd.DataFrame([row for row, _ in found])
    table.attrs[BEHIND] = [behind for _, behind in found]
    return table


def _row(ours: Inputs, judged: Judged) -> dict[str, str]:
    claim, found = judged.claim, judged.estimate
    return {
        "Claim": claim["says"],
        "Where": claim["where"],
        "Expected": _expected(claim),
        "Paper": NOT_PRINTED if math.isnan(judged.printed) else points(judged.printed),
        "Difference": points(found.value),
        "95 % interval": interval(*found.interval()),
        "Interval over": judged.covers,
        "p": p_value_text(min(judged.tested, key=lambda p: math.inf if math.isnan(p) else p)),
        "Verdict": judged.verdict + (", in the miniature" if ours.stand_in else ""),
        "To tell": _to_tell(judged),
        "Runs": str(judged.runs) if judged.runs else NOT_PRINTED,
        "Refuted by": claim["refuted"],
        "Margin from": claim.get("margin_from", NOT_PRINTED),
        "Registered": judged.registered,
    }


def _expected(claim: Mapping[str, Any]) -> str:
    if claim["expects"] == "not_lower":
        return f"above − {claim['margin']:g}"
    if claim["expects"] == "equal":
        return f"within ± {claim['margin']:g}"
    least = f", {claim['margin']:g} counts" if "margin" in claim else ""
    return claim["expects"] + least


def _to_tell(judged: Judged) -> str:
    """Say what differences such runs cannot show, and what would show the one that was found."""
    if judged.verdict != OPEN:
        return NOT_PRINTED
    if not judged.samples:
        return "results of both sides"
    least = unseen(judged.estimate)
    if isinstance(judged.estimate, Spread):
        return "more seeds"
    if math.isnan(least):
        return "more seeds or targets: there is no interval"
    over, margin = judged.claim["over"], judged.claim.get("margin", 0) / 100
    text = f"{points(least).lstrip('+')} points are seen at 80 %"
    if over == "examples" or judged.claim["expects"] in WITHIN:
        return text
    sought = abs(margin or judged.estimate.value)
    needed = samples_needed(judged.estimate, judged.samples, sought)
    count = f"{needed} {over}" if needed else f"more than {MOST} {over}"
    return f"{text}; {points(sought).lstrip('+')} by {count}"
