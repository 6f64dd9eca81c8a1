"""What an intermediate task changes, target by model: the paper's differences beside ours."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stilts.evidence.figures import style
from stilts.evidence.figures.maps import LEAST, draw_map, frame, mark_empty
from stilts.evidence.gains import DOWN, UP
from stilts.evidence.numbers import NOT_PRINTED
from stilts.evidence.results import Inputs
from stilts.evidence.transfer import ONE_CLASS, printed_gain, transfer

FIELDS = ("chain", "groups", "splits", "names")
SIDES = {"paper": "printed", "ours": "here"}


def tabulate(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Return the gain of each cell, printed and here.

    Args:
        inputs: the predictions of the runs, and the printed numbers.
        spec: `chain`, `groups` (name -> `targets`), optionally `splits` (target -> the split
            to look at), `names` (model -> what is written); and `predictions: true`.

    Returns:
        One row per model and target: model, target, group, their titles; paper and ours in
        percentage points, NaN where there is none; verdict; scale and protocol.
    """
    rows = [
        _cell(ours, target, group, spec)
        for _, ours in inputs.models(spec, "model")
        for group, targets in spec["groups"].items()
        for target in targets
    ]
    return pd.DataFrame(rows)


def _cell(ours: Inputs, target: str, group: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    found = None
    if target in ours.manifests:
        split = spec.get("splits", {}).get(target, "")
        found = transfer(ours, spec["chain"], target, ours.metric(target), split)
    return {
        "model": ours.model,
        "model_title": spec.get("names", {}).get(ours.model, ours.model),
        "target": target,
        "target_title": ours.task_title(target),
        "group": group,
        "paper": printed_gain(ours, spec["chain"], target),
        "ours": np.nan if found is None else round(100 * found.gain, 4),
        "verdict": "" if found is None else found.verdict,
        **ours.stamp,
    }


def draw(table: pd.DataFrame, spec: Mapping[str, Any]) -> Figure:
    """Draw two maps on one colour scale, a line a target, in groups.

    Args:
        table: as `tabulate` returns it, or as its CSV is read back.
        spec: not needed; every figure's `draw` takes it.
    """
    largest = np.nanmax(table[list(SIDES)].abs().to_numpy(), initial=LEAST)
    groups = list(dict.fromkeys(table["group"]))
    counts = [table.loc[table["group"] == group, "target"].nunique() for group in groups]
    with style.house():
        figure = style.new_figure(style.PAGE, 1.2 + 0.235 * sum(counts))
        places = figure.subplots(
            len(groups), 2, squeeze=False, sharex=True, gridspec_kw={"height_ratios": counts}
        )
        for line, group in zip(places, groups, strict=True):
            cells = table[table["group"] == group]
            for axes, side in zip(line, SIDES, strict=True):
                _map(axes, cells, side, largest)
            line[0].set_ylabel(group, rotation=0, ha="right", va="center", weight="bold")
            line[1].tick_params(labelleft=False)
        figure.align_ylabels(places[:, 0])
        for axes, title in zip(places[0], SIDES.values(), strict=True):
            axes.set_title(f"As {title}" if title == "printed" else "Here", pad=6)
        note = "percentage points; framed: the interval over the examples leaves out 0"
        note += "; in brackets: one class only" * bool((table["verdict"] == ONE_CLASS).any())
        style.stamp(figure, table["scale"].iloc[0], table["protocol"].iloc[0], note)
    return figure


def _map(axes: Axes, cells: pd.DataFrame, side: str, largest: float) -> None:
    rows, columns = (list(dict.fromkeys(cells[name])) for name in ("target", "model"))
    grid = cells.pivot(index="target", columns="model", values=side).loc[rows, columns]
    draw_map(axes, grid, _texts(cells, side, rows, columns), largest)
    axes.set_yticklabels(dict.fromkeys(cells["target_title"]), rotation=0)
    axes.set_xticklabels(dict.fromkeys(cells["model_title"]), rotation=0)
    for _, cell in cells.iterrows():
        place = (columns.index(cell["model"]), rows.index(cell["target"]))
        if np.isnan(cell[side]):
            mark_empty(axes, *place, NOT_PRINTED)
        elif side == "ours" and cell["verdict"] in (UP, DOWN):
            frame(axes, *place)


def _texts(cells: pd.DataFrame, side: str, rows: list[str], columns: list[str]) -> pd.DataFrame:
    texts = [style.number(value, signed=True) for value in cells[side]]
    if side == "ours":
        one = cells["verdict"] == ONE_CLASS
        texts = [f"[{text}]" if alone else text for text, alone in zip(texts, one, strict=True)]
    written = cells.assign(text=texts).pivot(index="target", columns="model", values="text")
    return written.loc[rows, columns]
