"""Claims held against runs: the difference each is about, its interval, its verdict."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from stilts.errors import UserError
from stilts.evidence.comparisons.estimate import Estimate
from stilts.evidence.comparisons.many import holm
from stilts.evidence.comparisons.pairing import compare
from stilts.evidence.comparisons.seeds import one_way
from stilts.evidence.comparisons.verdict import Doubts, doubts, verdict
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import is_true, summary
from stilts.question.chain import NONE

CHANCE = "chance"
# What a printed number that stands beside a claim's statistic measures, see `evidence.measures`.
MEASURES = {"mean": "delta_mean", "best": "delta_best", "score": "score"}


@dataclass(frozen=True)
class Judged:
    """A claim and what the runs say of it.

    Attributes:
        name, claim: as `claims.yaml` has them.
        estimate: the difference, as a fraction.
        samples: how many seeds, targets or examples the interval is over.
        covers: that in words, with what the interval is not for.
        runs: how many runs are behind it; 0 for scores of checkpoints.
        tested: the p values, adjusted for all claims of the study.
        printed: the same difference in print, as a fraction; NaN where there is none.
        registered: when the claim was written down, as far as the trials tell.
    """

    name: str
    claim: Mapping[str, Any]
    estimate: Estimate
    samples: int
    covers: str
    runs: int
    printed: float
    registered: str
    tested: Doubts = field(default=Doubts(math.nan, math.nan))

    @property
    def verdict(self) -> str:
        """Whether it holds, does not hold, or cannot be told."""
        return verdict(self.tested)


def judge(inputs: Inputs) -> list[Judged]:
    """Judge every claim of a study, at 5 % for all of them together (Holm).

    inputs: of one model. Raises UserError where the study has no claims.
    """
    if inputs.claims is None:
        raise UserError(
            "the study has no claims.yaml, which a table or figure of its report.yaml shows:"
            " add the file, or take that out"
        )
    found = [_judged(inputs, name, claim) for name, claim in inputs.claims.items()]
    pairs = [
        doubts(each.estimate, each.claim["expects"], each.claim.get("margin", 0) / 100)
        for each in found
    ]
    columns = [holm(column) for column in zip(*pairs, strict=True)]
    adjusted = map(Doubts, *columns)
    return [replace(each, tested=of_it) for each, of_it in zip(found, adjusted, strict=True)]


def _judged(inputs: Inputs, name: str, claim: Mapping[str, Any]) -> Judged:
    ways = {"seeds": _over_seeds, "targets": _over_targets, "examples": _over_examples}
    estimate, samples, covers, runs = ways[claim["over"]](inputs, claim)
    registered = _registered(inputs, runs)
    printed = _printed(inputs, claim)
    return Judged(name, claim, estimate, samples, covers, len(runs), printed, registered)


# The difference


def _over_seeds(inputs: Inputs, claim: Mapping[str, Any]) -> tuple:
    ours, base = (_runs(inputs, _side(claim, side)) for side in ("ours", "base"))
    found = compare(ours, base)
    runs = pd.concat([ours, base])
    if found is None:
        return Estimate(math.nan), 0, "no runs of both sides", runs
    samples = found.seeds if found.walks < 2 else min(found.walks, found.seeds)
    return found.estimate, samples, found.covers, runs


def _over_targets(inputs: Inputs, claim: Mapping[str, Any]) -> tuple:
    gains, used = [], [inputs.runs.iloc[:0]]
    for target in claim["ours"]["targets"]:
        cells = {
            side: [inputs.cell(chain, target) for chain in _side(claim, side)["chains"]]
            for side in ("ours", "base")
        }
        means = [np.mean([_statistic(claim, cell) for cell in of]) for of in cells.values()]
        if not np.isnan(means).any():
            gains.append(means[0] - means[1])
            used += [cell for of in cells.values() for cell in of]
    runs, count = pd.concat(used), len(gains)
    if not gains:
        return Estimate(math.nan), 0, "no runs of both sides", runs
    named = {*_side(claim, "ours")["chains"], *_side(claim, "base")["chains"]}
    alone = named - {NONE} and runs["chain"].nunique() == len(named)
    covers = f"{count} targets" + ("; the same checkpoints for all" if alone else "")
    return one_way(np.array(gains)), count, covers, runs


def _over_examples(inputs: Inputs, claim: Mapping[str, Any]) -> tuple:
    """Compare two scores of checkpoints, or one with chance; sides are taken for independent."""
    (ours, spread), (base, other) = _score(inputs, claim["ours"]), _score(inputs, _base(claim))
    runs = inputs.runs.iloc[:0]
    examples = inputs.score_of(claim["ours"]["chains"][0], claim["ours"]["targets"][0])
    if examples is None or math.isnan(ours - base):
        return Estimate(math.nan), 0, "not scored", runs
    count, error = int(examples["n_validation"]), math.hypot(spread, other)
    covers = f"{count:,} examples, these checkpoints"
    return Estimate(ours - base, ((error, count - 1.0),)), count, covers, runs


def _score(inputs: Inputs, side: Mapping[str, Any]) -> tuple[float, float]:
    """Return a checkpoint's score and its standard error over examples."""
    chain, target = side["chains"][0], side["targets"][0]
    if chain == CHANCE:
        row = inputs.score_of(side["of"], target)
        return (math.nan, 0.0) if row is None else (float(row["chance"]), 0.0)
    row = inputs.score_of(chain, target)
    if row is None or pd.isna(row["score"]):
        return math.nan, math.nan
    score, heads = float(row["score"]), max(1, int(row["new_heads"]))
    of_examples = score * (1 - score) / int(row["n_validation"])
    of_heads = 0.0 if heads < 2 else float(row["score_std"]) ** 2 / (heads - 1)
    return score, math.sqrt(of_examples + of_heads)


def _base(claim: Mapping[str, Any]) -> dict[str, Any]:
    return {**_side(claim, "base"), "of": claim["ours"]["chains"][0]}


def _side(claim: Mapping[str, Any], side: str) -> dict[str, Any]:
    """Return chains and targets of a side; a base that names no targets has those of ours."""
    return {"targets": claim["ours"]["targets"], "chains": [NONE], **claim[side]}


def _runs(inputs: Inputs, side: Mapping[str, Any]) -> pd.DataFrame:
    cells = [inputs.cell(chain, target) for chain in side["chains"] for target in side["targets"]]
    return pd.concat(cells)


def _statistic(claim: Mapping[str, Any], cell: pd.DataFrame) -> float:
    """Return what the claim is about, of the runs of a cell; NaN where there is none."""
    found = summary(cell["score"])
    if claim["statistic"] == "degenerate":
        return float(is_true(cell["degenerate"]).mean()) if len(cell) else math.nan
    if claim["statistic"] == "mean_less_best":
        return found["mean"] - found["best"]
    return found[claim["statistic"]]


# What stands beside it


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


def _printed(inputs: Inputs, claim: Mapping[str, Any]) -> float:
    """Return the printed difference of the same cells, their mean; NaN where one is missing."""
    measure = MEASURES.get(claim["statistic"])
    base = _side(claim, "base")
    ours = list(_cells(inputs, claim["ours"], measure))
    if measure == "score":
        ours = [
            value - other for value, other in zip(ours, _cells(inputs, base, measure), strict=False)
        ]
    elif base["chains"] != [NONE]:
        return math.nan
    return float(np.mean(ours)) if ours and measure else math.nan


def _cells(inputs: Inputs, side: Mapping[str, Any], measure: str | None) -> Iterator[float]:
    for chain in side["chains"]:
        for target in side.get("targets", ()):
            at_chance = chain == CHANCE
            told = {"target": target, "measure": CHANCE if at_chance else measure}
            yield _number(inputs, told if at_chance else {**told, "chain": chain})


def _number(inputs: Inputs, ours: Mapping[str, Any]) -> float:
    table = inputs.published
    found = table["our model"].isin([inputs.model, ""])
    for name, value in ours.items():
        found &= table[f"our {name}"] == value
    if not found.any():
        return math.nan
    row = table[found].iloc[0]
    return float(row["value"]) / (100 if row["our unit"] == "percent" else 1)
