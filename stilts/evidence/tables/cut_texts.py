"""How many examples the limit of tokens cuts, as each model reads them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence.numbers import NOT_AVAILABLE, percent
from stilts.evidence.results import Inputs

FIELDS = ("targets",)


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table.

    Args:
        inputs: the scores of checkpoints.
        spec: `targets`, tasks that the study's `scores` score the chain `none` on; optionally
            `model` or `models`.

    Returns:
        One row per model and target: Model where there are several, Target, Limit (tokens), Cut
        (percent of the examples scored), Examples, Data.
    """
    return inputs.tabulate(spec, "Model", ("targets",), _row)


def _row(ours: Inputs, target: str, spec: Mapping[str, Any]) -> dict[str, str]:
    found = ours.score_of("none", target)
    known = found is not None and not pd.isna(found.get("cut"))
    return {
        "Target": ours.task_title(target),
        "Limit": f"{int(found['max_tokens'])}" if known else NOT_AVAILABLE,
        "Cut": percent(found["cut"]) if known else NOT_AVAILABLE,
        "Examples": f"{int(found['n_validation']):,}" if known else NOT_AVAILABLE,
        "Data": ours.data_note(target),
    }
