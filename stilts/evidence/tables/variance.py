"""Where the variance of runs comes from: the seeds of each stage, the order, the examples."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from stilts.evidence.comparisons.latin import Component, latin_square, spread
from stilts.evidence.comparisons.shares import wilson
from stilts.evidence.numbers import NOT_AVAILABLE, NOT_PRINTED, fixed, runs_used
from stilts.evidence.parts import of_sweeps
from stilts.evidence.results import BEHIND, Inputs
from stilts.evidence.statistics import finite
from stilts.question.chain import chain_seed
from stilts.question.grid import parse_point

FIELDS = ("chains", "targets", "sweeps")
# What a source is called: of a Latin square, and of runs without an intermediate seed.
NAMES = {
    "rows": "intermediate seed",
    "columns": "target seed",
    "letters": "order",
    "rest": "interactions",
}
TOGETHER, EXAMPLES = "target seed and order, together", "examples"


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table.

    Args:
        inputs: the runs.
        spec: `chains`, `targets`, `sweeps` (those that stand apart and hold the runs), optionally
            `model` or `models`.

    Returns:
        One row per model, target, chain and source: Model where there are several, Target,
        Intermediate, Source; Std, the standard deviation that the source alone would give a run, in
        points, with its 95 % interval; Share of the variance between the runs (%); n, runs. The
        examples are those of the scored split: what a run's score would vary by had others been
        drawn, of accuracies only; it is no part of the variance between runs, which meet the same.
    """
    part = of_sweeps(inputs, spec["sweeps"])
    cells = (
        [{**model, **_named(ours, chain, target), **row} for row in _rows(ours, chain, target)]
        for model, ours in part.models(spec, "Model")
        for target in spec["targets"]
        for chain in spec["chains"]
    )
    found = list(part.watched(cells))
    table = pd.DataFrame([row for rows, _ in found for row in rows])
    table.attrs[BEHIND] = [read for rows, read in found for _ in rows]
    return table


def _named(ours: Inputs, chain: str, target: str) -> dict[str, str]:
    return {"Target": ours.task_title(target), "Intermediate": ours.title(chain)}


def _rows(ours: Inputs, chain: str, target: str) -> Iterator[dict[str, str]]:
    runs = ours.cell(chain, target)
    found = sources(runs)
    n = runs_used(len(finite(runs["score"])), ours.expected(chain, target))
    total = sum(part.value for part in found.values())
    for source, part in found.items():
        share = fixed(100 * part.value / total, 0) if total > 0 else NOT_PRINTED
        yield _row(source, part, share, n)
    if not found:
        yield (
            {"Source": NOT_AVAILABLE}
            | dict.fromkeys(("Std", "95 % interval", "Share"), NOT_AVAILABLE)
            | {"n": n}
        )
    elif (runs["metric"] == "accuracy").all():
        yield _row(EXAMPLES, _of_examples(runs), NOT_PRINTED, n)


def sources(runs: pd.DataFrame) -> dict[str, Component]:
    """Return the variances of the runs of a cell by source; none where they make no square.

    A run that is lost leaves no square. Without seeds of intermediate stages, target seed and order
    go together.
    """
    table = pd.DataFrame(
        {
            "walk": [
                -1 if chain_seed(name) is None else chain_seed(name) for name in runs["chain"]
            ],
            "seed": [parse_point(point).get("seed") for point in runs["point"]],
            "order": [parse_point(point).get("order_seed") for point in runs["point"]],
            "score": runs["score"].to_numpy(np.float64),
        }
    )
    if table["score"].isna().any() or len(table) < 2:
        return {}
    if table["walk"].nunique() == 1:
        return {TOGETHER: spread(table["score"].var(ddof=1), len(table) - 1)}
    orders = {order: place for place, order in enumerate(table["order"].unique())}
    square = table.pivot(index="walk", columns="seed", values="score").to_numpy()
    letters = table.assign(order=table["order"].map(orders)).pivot(
        index="walk", columns="seed", values="order"
    )
    if np.isnan(square).any() or square.shape[0] != square.shape[1]:
        return {}
    found = latin_square(square, letters.to_numpy(int))
    return {NAMES[source]: part for source, part in found.items()}


def _of_examples(runs: pd.DataFrame) -> Component:
    """Return the variance of an accuracy over examples: that of a share."""
    count, share = int(runs["n_validation"].iloc[0]), float(runs["score"].mean())
    low, high = wilson(round(share * count), count)
    ends = [at * (1 - at) / count for at in (low, share, high)]
    most = 0.25 / count if low < 0.5 < high else max(ends)
    return Component(ends[1], min(ends), most, count - 1)


def _row(source: str, part: Component, share: str, n: str) -> dict[str, str]:
    value, low, high = (fixed(100 * math.sqrt(each), 1) for each in part[:3])
    return {
        "Source": source,
        "Std": value,
        "95 % interval": f"{low} to {high}",
        "Share": share,
        "n": n,
    }
