"""The difference that a claim is about: over seeds, targets, examples or models, and in print."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stilts.evidence.comparisons.between import Spread, between_models
from stilts.evidence.comparisons.estimate import Estimate
from stilts.evidence.comparisons.pairing import compare
from stilts.evidence.comparisons.seeds import one_way
from stilts.evidence.overall import CORRELATIONS
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import is_true, summary
from stilts.question.chain import NONE

CHANCE = "chance"
SIDES = ("ours", "base")
# What a printed difference to no intermediate task, and a printed number of a cell, measure.
DELTAS = {"mean": "delta_mean", "best": "delta_best"}
PRINTED = ("mean", "best", "score")
Claim = Mapping[str, Any]


class Found(NamedTuple):
    """A difference in our runs.

    Attributes:
        estimate: as a fraction; without spreads where there is no interval.
        samples: how many seeds, targets, examples or gains the interval is over.
        covers: that in words.
        runs: those behind it, none of scores of checkpoints.
    """

    estimate: Estimate | Spread
    samples: int
    covers: str
    runs: pd.DataFrame


def find(inputs: Inputs, claim: Claim) -> Found:
    """Return the difference that a claim is about.

    inputs: of one model; of a claim over models those of all.
    """
    ways = {"seeds": _seeds, "targets": _targets, "examples": _examples, "models": _models}
    return ways[claim["over"]](inputs, claim)


def _nothing(inputs: Inputs, why: str = "no runs of both sides") -> Found:
    return Found(Estimate(math.nan), 0, why, inputs.runs.iloc[:0])


def _seeds(inputs: Inputs, claim: Claim) -> Found:
    ours, base = (_runs(inputs, _side(claim, side)) for side in SIDES)
    found = compare(ours, base)
    if found is None:
        return _nothing(inputs)._replace(runs=pd.concat([ours, base]))
    samples = found.seeds if found.walks < 2 else min(found.walks, found.seeds)
    return Found(found.estimate, samples, found.covers, pd.concat([ours, base]))


def _targets(inputs: Inputs, claim: Claim) -> Found:
    """Take each target for one of a sample, that of the base at the same place for its pair."""
    sides = [_side(claim, side) for side in SIDES]
    gains, used = [], [inputs.runs.iloc[:0]]
    for pair in zip(*(side["targets"] for side in sides), strict=True):
        found = [_value(inputs, claim, *each) for each in zip(sides, pair, strict=True)]
        (ours, runs), (base, others) = found
        if math.isfinite(ours - base):
            gains.append(ours - base)
            used += [*runs, *others]
    runs, count = pd.concat(used), len(gains)
    if not gains:
        return _nothing(inputs)
    named = {chain for side in sides for chain in side["chains"]}
    alone = named - {NONE} and runs["chain"].nunique() == len(named)
    covers = f"{count} targets" + ("; the same checkpoints for all" if alone else "")
    return Found(one_way(np.array(gains)), count, covers, runs)


def _value(
    inputs: Inputs, claim: Claim, side: Mapping[str, Any], target: str
) -> tuple[float, list[pd.DataFrame]]:
    """Return what a side comes to on a target, the mean over its chains, and the runs of that."""
    if side.get("scored") or claim["statistic"] == "score":
        return float(np.mean([_score(inputs, chain, target)[0] for chain in side["chains"]])), []
    cells = [inputs.cell(chain, target) for chain in side["chains"]]
    return float(np.mean([_statistic(claim, cell) for cell in cells])), cells


def _examples(inputs: Inputs, claim: Claim) -> Found:
    """Compare two scores of checkpoints, or one with chance; sides are taken for independent."""
    sides = [_side(claim, side) for side in SIDES]
    chain, target = sides[0]["chains"][0], sides[0]["targets"][0]
    (ours, spread), (base, other) = (
        _score(inputs, side["chains"][0], side["targets"][0], chain) for side in sides
    )
    scored = inputs.score_of(chain, target)
    if scored is None or math.isnan(ours - base):
        return _nothing(inputs, "not scored")
    count, error = int(scored["n_validation"]), math.hypot(spread, other)
    covers = f"{count:,} examples, these checkpoints"
    spreads = ((error, count - 1.0),)
    return Found(Estimate(ours - base, spreads), count, covers, inputs.runs.iloc[:0])


def _score(inputs: Inputs, chain: str, target: str, of: str = "") -> tuple[float, float]:
    """Return a checkpoint's score and its standard error over examples; of chance that of `of`."""
    row = inputs.score_of(of if chain == CHANCE else chain, target)
    if row is None or pd.isna(row["score"]):
        return math.nan, math.nan
    if chain == CHANCE:
        return float(row["chance"]), 0.0
    score, heads, count = float(row["score"]), max(1, int(row["new_heads"])), row["n_validation"]
    of_examples = score * (1 - score) / int(count)
    if row["metric"] in CORRELATIONS:
        of_examples = (1 - score**2) ** 2 / (int(count) - 1)
    of_heads = 0.0 if heads < 2 else float(row["score_std"]) ** 2 / (heads - 1)
    return score, math.sqrt(of_examples + of_heads)


def _models(inputs: Inputs, claim: Claim) -> Found:
    """Compare models by their gains on the same targets, one gain a seed."""
    sides = [_side(claim, side) for side in SIDES]
    cells, used = [], []
    for model in claim.get("models", inputs.question["models"]):
        if model not in inputs.question["models"]:
            continue
        ours = inputs.of_model(model)
        runs = [
            [ours.cell(side["chains"][0], target) for side in sides]
            for target in sides[0]["targets"]
        ]
        cells.append([_each(*pair) for pair in runs])
        used += [cell for pair in runs for cell in pair]
    seeds = min((len(each) for model in cells for each in model), default=0)
    if len(cells) < 2 or seeds < 2:
        return _nothing(inputs)
    gains = np.array([[each[:seeds] for each in model] for model in cells])
    covers = f"{len(cells)} models, {gains.shape[1]} targets, {seeds} seeds each"
    return Found(between_models(gains), gains.size, covers, pd.concat(used))


def _each(ours: pd.DataFrame, base: pd.DataFrame) -> list[float]:
    """Return the gains of runs paired by grid point."""
    scores = [side.set_index("point")["score"] for side in (ours, base)]
    return (scores[0] - scores[1]).dropna().tolist()


def _side(claim: Claim, side: str) -> dict[str, Any]:
    """Return chains and targets of a side; a base that names no targets has those of ours."""
    return {"targets": claim["ours"]["targets"], "chains": [NONE], **claim[side]}


def _runs(inputs: Inputs, side: Mapping[str, Any]) -> pd.DataFrame:
    cells = [inputs.cell(chain, target) for chain in side["chains"] for target in side["targets"]]
    return pd.concat(cells)


def _statistic(claim: Claim, cell: pd.DataFrame) -> float:
    """Return what the claim is about, of the runs of a cell; NaN where there is none."""
    found = summary(cell["score"])
    if claim["statistic"] == "degenerate":
        return float(is_true(cell["degenerate"]).mean()) if len(cell) else math.nan
    if claim["statistic"] == "mean_less_best":
        return found["mean"] - found["best"]
    return found[claim["statistic"]]


# In print


def printed(inputs: Inputs, claim: Claim) -> float:
    """Return the printed difference of the same cells, their mean; NaN where one is missing."""
    sides = [_side(claim, side) for side in SIDES]
    statistic = claim["statistic"]
    if claim["over"] == "models" or statistic not in PRINTED:
        return math.nan
    alike = sides[0]["targets"] == sides[1]["targets"]
    if alike and sides[1]["chains"] == [NONE] and statistic in DELTAS:
        deltas = list(_cells(inputs, sides[0], DELTAS[statistic]))
        if not np.isnan(deltas).any():
            return float(np.mean(deltas))
    means = [np.mean(list(_cells(inputs, side, statistic))) for side in sides]
    return float(means[0] - means[1])


def _cells(inputs: Inputs, side: Mapping[str, Any], measure: str) -> Iterator[float]:
    measure = "score" if side.get("scored") else measure
    for chain in side["chains"]:
        for target in side["targets"]:
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
