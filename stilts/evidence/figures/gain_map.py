"""A heat map of gains over no intermediate task: chain by target, mean and best."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stilts.evidence import learnt
from stilts.evidence.figures import style
from stilts.evidence.figures.maps import LEAST, draw_map, frame, mark_empty
from stilts.evidence.gains import OPEN, gain
from stilts.evidence.numbers import NOT_PRINTED
from stilts.evidence.results import Inputs

FIELDS = ("chains", "targets")
MEASURES = {"mean": "mean of the runs", "best": "best run"}


def tabulate(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Return the gain of each cell.

    Args:
        inputs: the runs.
        spec: `chains` without `none`, `targets`, optionally `model` or `models`.

    Returns:
        One row per model, chain and target: model where there are several, chain, target, their
        titles; mean, best, low, high in percentage points (NaN where nothing can be compared), n
        points compared, verdict; scale and protocol.
    """
    return inputs.tabulate(spec, "model", ("chains", "targets"), _cell)


def _cell(ours: Inputs, chain: str, target: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    found = gain(ours, chain, target)
    numbers = {name: getattr(found, name) for name in ("mean", "best", "low", "high")}
    return {
        "chain": chain,
        "target": target,
        "chain_title": learnt.title(ours, chain),
        "target_title": ours.task_title(target),
        **{name: round(100 * value, 4) for name, value in numbers.items()},
        "n": found.n,
        "verdict": found.verdict,
        **ours.stamp,
    }


def draw(table: pd.DataFrame, spec: Mapping[str, Any]) -> Figure:
    """Draw a map of the mean and one of the best run, for each model a line of both.

    Args:
        table: as `tabulate` returns it, or as its CSV is read back.
        spec: not needed; every figure's `draw` takes it.
    """
    models = list(table.groupby("model", sort=False)) if "model" in table else [("", table)]
    rows, columns = table["chain"].nunique(), table["target"].nunique()
    limit = np.nanmax(table[list(MEASURES)].abs().to_numpy(), initial=LEAST)
    with style.house():
        height = (0.85 + 0.3 * rows) * len(models) + 0.65
        width = min(2 * style.PAGE, max(style.PAGE, 2.2 + 2 * 0.5 * columns))
        figure = style.new_figure(width, height)
        places = figure.subplots(len(models), 2, squeeze=False, sharey="row")
        for line, (model, cells) in zip(places, models, strict=True):
            for axes, (measure, words) in zip(line, MEASURES.items(), strict=True):
                _map(axes, cells, measure, limit)
                axes.set_title(f"{model}: {words}" if model else words.capitalize(), pad=6)
            line[1].tick_params(labelleft=False)
        note = "percentage points" + learnt.note(table["chain_title"])
        style.stamp(figure, table["scale"].iloc[0], table["protocol"].iloc[0], note)
    return figure


def _map(axes: Axes, cells: pd.DataFrame, measure: str, limit: float) -> None:
    titles = {side: list(dict.fromkeys(cells[f"{side}_title"])) for side in ("chain", "target")}
    order = {side: list(dict.fromkeys(cells[side])) for side in ("chain", "target")}
    grid = cells.pivot(index="chain", columns="target", values=measure)
    grid = grid.loc[order["chain"], order["target"]]
    draw_map(axes, grid, grid.map(lambda value: style.number(value, signed=True)), limit)
    axes.set_xticklabels(titles["target"], rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticklabels(titles["chain"], rotation=0)
    for _, cell in cells.iterrows():
        place = (order["target"].index(cell["target"]), order["chain"].index(cell["chain"]))
        if np.isnan(cell[measure]):
            mark_empty(axes, *place, NOT_PRINTED)
        elif measure == "mean" and cell["verdict"] != OPEN:
            frame(axes, *place)
