"""How much of a gain belongs to the source, to the target, to the pair, and to seeds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stilts.evidence.advice import gains_of
from stilts.evidence.comparisons.origins import shares
from stilts.evidence.comparisons.seeds import filled
from stilts.evidence.numbers import NOT_AVAILABLE, percent, runs_used
from stilts.evidence.results import Inputs

FIELDS = ("chains", "targets")
WORDS = {
    "source": "source: which intermediate task",
    "target": "target: which target",
    "pair": "pair: what this source does to this target alone",
    "source seed": "seed of the intermediate stage",
    "target seed": "seed of the target, with its run without a stage",
    "both seeds": "what both seeds leave",
}


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table.

    Args:
        inputs: the runs.
        spec: `chains` (without their seeds), `targets`, optionally `model` or `models`.

    Returns:
        One row per model and part: Model where there are several, Part, Share of the variance of
        one gain with its 95 % interval (percent), Spread (standard deviation, percentage points)
        and n, the gains it is found from. Lost runs are filled as source and target say.
    """
    rows = [
        {**model, **row}
        for model, ours in inputs.models(spec, "Model")
        for row in _rows(ours, spec["chains"], spec["targets"])
    ]
    return pd.DataFrame(rows)


def _rows(ours: Inputs, chains: list[str], targets: list[str]) -> list[dict[str, str]]:
    table, there = gain_table(ours, chains, targets)
    if table is None:
        columns = ("Share", "95 % interval", "Spread", "n")
        return [{"Part": words} | dict.fromkeys(columns, NOT_AVAILABLE) for words in WORDS.values()]
    return [
        {
            "Part": WORDS[found.part],
            "Share": percent(found.share),
            "95 % interval": f"[{percent(found.low)}, {percent(found.high)}]",
            "Spread": percent(found.spread),
            "n": runs_used(there, table.size),
        }
        for found in shares(table)
    ]


def gain_table(
    ours: Inputs, chains: list[str], targets: list[str]
) -> tuple[np.ndarray | None, int]:
    """Return gains [sources, seeds, targets, seeds] in fractions, and how many were there.

    None where a source, target or seed is missing as a whole, or there is one of them only.
    """
    gains = gains_of(ours.runs)
    gains = gains[gains["base"].isin(chains) & gains["target"].isin(targets)]
    wide = gains.pivot(index=["base", "walk"], columns=["target", "seeds"], values="gain")
    shape = tuple(
        level.nunique()
        for side in (wide.index, wide.columns)
        for level in map(side.get_level_values, (0, 1))
    )
    whole = wide.size == np.prod(shape) and wide.notna().any(axis=None)
    if not whole or shape[0] < len(chains) or shape[2] < len(targets) or min(shape) < 2:
        return None, 0
    values = wide.sort_index().sort_index(axis=1).to_numpy(np.float64)
    if np.isnan(values).all(axis=0).any() or np.isnan(values).all(axis=1).any():
        return None, 0
    return filled(values).reshape(shape), int(np.isfinite(values).sum())
