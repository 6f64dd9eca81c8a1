"""Claims held against runs: the difference each is about, its interval, its verdict."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from stilts.errors import UserError
from stilts.evidence.claimed import find, printed
from stilts.evidence.comparisons.between import Spread
from stilts.evidence.comparisons.estimate import Estimate
from stilts.evidence.comparisons.many import holm
from stilts.evidence.comparisons.verdict import Doubts, doubts, verdict
from stilts.evidence.results import Inputs

ALL_MODELS = "all"


@dataclass(frozen=True)
class Judged:
    """A claim and what the runs say of it.

    Attributes:
        name, claim: as `claims.yaml` has them.
        estimate: the difference, as a fraction; of a claim over models how much they differ.
        samples: how many seeds, targets or examples the interval is over.
        covers: that in words, with what the interval is not for.
        runs: how many runs are behind it; 0 for scores of checkpoints.
        behind: the runs and scores that it is judged by, see `Inputs.watched`.
        tested: the p values, adjusted for all claims of the study.
        printed: the same difference in print, as a fraction; NaN where there is none.
        registered: when the claim was written down, as far as the trials tell.
    """

    name: str
    claim: Mapping[str, Any]
    estimate: Estimate | Spread
    samples: int
    covers: str
    runs: int
    printed: float
    registered: str
    behind: list[str] = field(default_factory=list)
    tested: Doubts = field(default=Doubts(math.nan, math.nan))

    @property
    def verdict(self) -> str:
        """Whether it holds, does not hold, or cannot be told."""
        return verdict(self.tested)


def judge_models(
    inputs: Inputs, spec: Mapping[str, Any], column: str
) -> Iterator[tuple[dict[str, str], Inputs, Judged]]:
    """Judge the claims of a study for each model that `spec` shows, then those over models.

    Yields:
        ({column: model}, its inputs, the claim), see `Inputs.models`.

    Raises:
        UserError: the study has no claims.
    """
    shown = list(inputs.models(spec, column))
    for model, ours in shown:
        for judged in judge(ours):
            yield model, ours, judged
    everybody = {column: ALL_MODELS} if len(shown) > 1 else {}  # as of one model alone
    for judged in judge(inputs):
        yield everybody, inputs, judged


def judge(inputs: Inputs) -> list[Judged]:
    """Judge the claims of a study, at 5 % for all of them together (Holm).

    inputs: of one model, whose claims are judged; or of all, for those over models.

    Raises:
        UserError: the study has no claims.
    """
    if inputs.claims is None:
        raise UserError(
            "the study has no claims.yaml, which a table or figure of its report.yaml shows:"
            " add the file, or take that out"
        )
    judged = (
        _judged(inputs, name, claim)
        for name, claim in inputs.claims.items()
        if _is_of(claim, inputs.model)
    )
    found = [replace(each, behind=read) for each, read in inputs.watched(judged)]
    pairs = [
        doubts(each.estimate, each.claim["expects"], each.claim.get("margin", 0) / 100)
        for each in found
    ]
    columns = [holm(column) for column in zip(*pairs, strict=True)]
    adjusted = map(Doubts, *columns) if columns else ()
    return [replace(each, tested=of_it) for each, of_it in zip(found, adjusted, strict=True)]


def _is_of(claim: Mapping[str, Any], model: str) -> bool:
    if claim["over"] == "models" or not model:
        return claim["over"] == "models" and not model
    return model in claim.get("models", [model])


def _judged(inputs: Inputs, name: str, claim: Mapping[str, Any]) -> Judged:
    found = find(inputs, claim)
    registered, in_print = _registered(inputs, found.runs), printed(inputs, claim)
    told = (found.estimate, found.samples, found.covers, len(found.runs), in_print, registered)
    return Judged(name, claim, *told)


def _registered(inputs: Inputs, runs: pd.DataFrame) -> str:
    """Say whether the claims stood as they are when the runs were trained."""
    if not len(runs) or "claims" not in runs:
        return "not known"
    now = int((runs["claims"].fillna("") == inputs.claims_digest).sum())
    never = int((runs["claims"].fillna("") == "").sum())
    if now == len(runs):
        return "before the runs"
    changed = len(runs) - now - never
    parts = [f"changed after {changed} of {len(runs)} runs"] * bool(changed)
    parts += [f"no claims stood at {never} of {len(runs)} runs"] * bool(never)
    return "; ".join(parts)
