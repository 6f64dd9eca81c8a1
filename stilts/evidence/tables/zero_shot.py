"""Checkpoints scored on tasks they were never trained on (Table 4 and section 4.2)."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence.numbers import NOT_AVAILABLE, percent
from stilts.evidence.published import data_note, printed
from stilts.evidence.results import Inputs


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table of zero-shot scores.

    Args:
        inputs: zero-shot scores and printed numbers.
        spec: `printed` (the paper's table), optionally `model`, and `cells`: a list of {chain,
            target, statistic, shown, printed_target}; `shown` is the text of the column Scored on
            (default the target's title) and `printed_target` the name in published.csv (default
            the target).

    Returns:
        One row per cell: Trained on, Scored on, Paper, Here, Chance (percent), Examples, Data.
    """
    inputs = inputs.of_model(spec)
    rows = []
    for cell in spec["cells"]:
        chain, target = cell["chain"], cell["target"]
        found = inputs.zero_shot_of(chain, target)
        rows.append(
            {
                "Trained on": inputs.title(chain),
                "Scored on": cell.get("shown", inputs.task_title(target)),
                "Paper": printed(
                    inputs.published,
                    spec["printed"],
                    chain,
                    cell.get("printed_target", target),
                    cell["statistic"],
                ),
                "Here": percent(found["score"] if found else None),
                "Chance": percent(found["chance"] if found else None),
                "Examples": f"{int(found['n_validation']):,}" if found else NOT_AVAILABLE,
                "Data": data_note(inputs, target),
            }
        )
    return pd.DataFrame(rows)
