"""Interactive versions of figures, and the script that draws them in a browser."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stilts.evidence import charts
from stilts.evidence.read import read_table
from stilts.files import plugins


def interactive(spec: Mapping[str, Any], figure: Path) -> dict[str, Any] | None:
    """Return the Vega-Lite specification of a figure, None where its kind is only printed.

    Args:
        spec: the figure's block in the study's report.yaml.
        figure: any file of the figure; its csv lies beside it, `runs.csv` a folder above.
    """
    if spec["kind"] not in plugins.names(charts.__name__):
        return None
    kind = plugins.load(charts.__name__, spec["kind"], "chart", "the study's report.yaml")
    table, runs = read_table(figure.with_suffix(".csv")), read_table(figure.parents[1] / "runs.csv")
    return _chart(kind, table, runs, spec)


def _chart(kind: Any, table: pd.DataFrame, runs: pd.DataFrame, spec: Any) -> dict[str, Any] | None:
    if not table["n"].any():
        return None
    return kind.chart(table, runs, spec).to_dict()


def script() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script, from the package that holds them.

    No text in it ends the script element that will hold it.
    """
    import vl_convert

    return vl_convert.javascript_bundle().replace("</script", "<\\/script")
