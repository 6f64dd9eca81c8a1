"""Every printed number of the paper, beside the same statistic of our runs."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.errors import unknown
from stilts.evidence.measures import MEASURES, MISSING
from stilts.evidence.published import COLUMNS
from stilts.evidence.results import Inputs

FIELDS = ()
FOUND = ("ours", "difference", "n", "data", "status", "note")


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the comparison.

    Args:
        inputs: the results, and the printed numbers with the names of ours.
        spec: nothing of it is used.

    Returns:
        One row per printed number, all text: paper, table, model, intermediate, target, metric,
        statistic, printed, ours, difference, n, data, status, note. Ours and the difference are in
        the unit and the digits of the print; status is compared, not available, setting, not
        compared: the size of what stands in for the paper's data or model, or not reproducible.

    Raises:
        UserError: an unknown measure or unit.
    """
    numbers = inputs.published.to_dict("records")
    table = inputs.table(_row(inputs, number) for number in numbers)
    return table if len(table) else pd.DataFrame(columns=[*COLUMNS[:-1], "printed", *FOUND])


def _row(inputs: Inputs, number: Mapping[str, Any]) -> dict[str, str]:
    found = dict.fromkeys(FOUND, "") | {"ours": MISSING, "status": MISSING}
    row = {name: number[name] for name in COLUMNS[:-1]} | {"printed": number["value"]}
    return row | found | _measured(inputs, number)


def _measured(inputs: Inputs, number: Mapping[str, Any]) -> dict[str, str]:
    """Return ours, difference, n, data, status and note of one printed number."""
    measure, target, model = (number[f"our {name}"] for name in ("measure", "target", "model"))
    if not measure:
        note = f"no measure is declared for the statistic '{number['statistic']}'"
        return {"note": number["our note"] or note}
    if measure not in MEASURES:
        raise unknown("measure", measure, MEASURES, "'rows' of the study's report.yaml")
    data = {"data": inputs.data_note(target)} if target else {}
    if target and target not in inputs.manifests:
        return data | {"note": f"no data for {target} at this scale"}
    if model and model not in inputs.question["models"]:
        return data | {"note": f"the study has no model {model}"}
    found = MEASURES[measure](inputs.of_model(model) if model else inputs, number)
    notes = (number["our note"], found.get("note", ""))
    return data | found | {"note": "; ".join(note for note in notes if note)}
