"""What does not add up in print, each with the check that finds it."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.errors import UserError
from stilts.evidence.results import Inputs

FIELDS = ()


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the list.

    Args:
        inputs: the study's inconsistencies.
        spec: nothing of it is used.

    Returns:
        One row per inconsistency: Where, Check, Found by (a kind of check, or by reading), Detail,
        Severity.

    Raises:
        UserError: the study lists none.
    """
    if inputs.inconsistencies is None:
        raise UserError(
            "the study has no inconsistencies.csv, which a table of its report.yaml shows:"
            " add the file, or take the table out"
        )
    return inputs.inconsistencies.rename(columns=lambda name: name.replace("_", " ").capitalize())
