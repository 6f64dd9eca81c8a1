"""How well each estimator ranks intermediate tasks, against the static ranking, over seeds."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stilts.errors import UserError
from stilts.evidence.advice import (
    MEASURES,
    RANDOM,
    STATIC,
    TITLES,
    advantage,
    appraise,
    estimates_of,
    gains_of,
    over_targets,
    replicates,
    titles,
)
from stilts.evidence.comparisons.estimate import Estimate
from stilts.evidence.comparisons.many import holm
from stilts.evidence.comparisons.pairing import over_seeds
from stilts.evidence.comparisons.verdict import ALPHA
from stilts.evidence.numbers import NOT_AVAILABLE, NOT_PRINTED, fixed, points, signed
from stilts.evidence.results import Inputs

FIELDS = ()
RANK = MEASURES[-1]


class Standing(NamedTuple):
    """A way to rank, and what its measures come to.

    Attributes:
        name: the estimator, the static ranking, or chance.
        targets: on how many targets it ranks.
        measures: by name, a mean over targets, with what seeds leave open.
        better, worse: in which measures it differs from the static ranking (Holm, 5 %).
    """

    name: str
    targets: int
    measures: dict[str, Estimate]
    better: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table.

    Args:
        inputs: the runs, and the estimates.
        spec: `estimates: true`, optionally `model` or `models`.

    Returns:
        One row per model and way to rank, the control and chance last: Model where there are
        several, Ranking, Targets, each measure (regrets in percentage points) with its 95 %
        interval over seeds, Against the static ranking.
    """
    demand_estimates(inputs)
    rows = [
        {**model, **_row(found)}
        for model, ours in inputs.models(spec, "Model")
        for found in standings(ours)
    ]
    return pd.DataFrame(rows)


def demand_estimates(inputs: Inputs) -> None:
    """Refuse inputs without estimates.

    Raises:
        UserError: the block of the report does not ask for them.
    """
    if inputs.estimates is None:
        raise UserError("a table of advice needs 'estimates: true' in its block of report.yaml")


def standings(ours: Inputs) -> list[Standing]:
    """Return how each way to rank stands in one model, estimators first, then control and chance.

    Nothing is returned where no target has two candidates with runs.
    """
    table = appraise(list(replicates(gains_of(ours.runs), estimates_of(ours.estimates))))
    parts = {name: found for name, found in table.groupby("estimator", sort=False)}
    static = parts.get(STATIC)
    tests = {
        (name, measure): over_seeds(advantage(parts[name], static, measure))
        for name in titles()
        if static is not None and name in parts and name != STATIC
        for measure in MEASURES
    }
    adjusted = dict(
        zip(tests, holm([float(test.p_value()) for test in tests.values()]), strict=True)
    )
    apart = {key: tests[key].value for key, p_value in adjusted.items() if p_value < ALPHA}
    return [
        Standing(
            name,
            parts[name]["target"].nunique(),
            {measure: _estimate(parts[name], measure) for measure in MEASURES},
            *(tuple(m for m in MEASURES if side * apart.get((name, m), 0) > 0) for side in (1, -1)),
        )
        for name in (*titles(), RANDOM)
        if name in parts
    ]


def _estimate(part: pd.DataFrame, measure: str) -> Estimate:
    means = over_targets(part, measure)
    return over_seeds(means) if len(means) else Estimate(np.nan)


def _row(found: Standing) -> dict[str, str]:
    row = {"Ranking": {**titles(), **TITLES}[found.name], "Targets": str(found.targets)}
    for measure, estimate in found.measures.items():
        row |= _written(measure, float(estimate.value), *map(float, estimate.interval()))
    if found.name in TITLES:
        return row | {"Against the static ranking": NOT_PRINTED}
    said = [
        f"{word}: {', '.join(measures)}"
        for word, measures in (("better", found.better), ("worse", found.worse))
        if measures
    ]
    return row | {"Against the static ranking": "; ".join(said) or "cannot tell"}


def _written(measure: str, value: float, low: float, high: float) -> dict[str, str]:
    column = f"95 % of {measure}"
    known = np.isfinite(low)
    if measure == RANK:
        shown = signed(value, 2) if np.isfinite(value) else NOT_AVAILABLE
        ends = f"[{signed(low, 2)}, {signed(high, 2)}]" if known else NOT_PRINTED
        return {"Rank correlation": shown, column: ends}
    name = measure.capitalize()
    ends = f"[{points(low)}, {points(high)}]" if known else NOT_PRINTED
    return {name: fixed(100 * value) if np.isfinite(value) else NOT_AVAILABLE, column: ends}
