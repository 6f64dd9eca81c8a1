"""Draw a figure of any kind and write it with its numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stilts.evidence.figures.style import write_figure
from stilts.evidence.results import Inputs
from stilts.files import plugins
from stilts.files.manifest import write_atomic


def draw_and_write(inputs: Inputs, spec: Mapping[str, Any], stem: Path) -> None:
    """Write `stem`.png, .pdf and .csv of the figure that `spec["kind"]` names.

    Args:
        inputs: the results of a study.
        spec: the figure's block in the study's report.yaml.
        stem: path without extension.

    Raises:
        UserError: there is no such kind.
    """
    kind = plugins.load(__package__, spec["kind"], "kind of figure", "the study's report.yaml")
    table = kind.tabulate(inputs, spec)
    write_atomic(stem.with_name(f"{stem.name}.csv"), table.to_csv(index=False, lineterminator="\n"))
    write_figure(stem, kind.draw(table, spec))
