"""Every printed number of the paper, beside the same statistic of our runs."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stilts.evidence.published import compare
from stilts.evidence.results import Inputs


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the comparison; `spec` is described at `stilts.evidence.published.compare`."""
    return compare(inputs.published, inputs.of_model(spec), spec)
