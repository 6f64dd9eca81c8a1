"""Claims as a forest plot: ours with its interval beside what the paper prints."""

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stilts.evidence.claims import judge_models
from stilts.evidence.comparisons.verdict import FAILS, HOLDS, OPEN
from stilts.evidence.figures import style
from stilts.evidence.results import Inputs

FIELDS = ()
ROW, WRAP = 0.27, 62  # inches a claim, letters a line
COLOURS = {HOLDS: style.PALETTE[2], FAILS: style.PALETTE[4], OPEN: style.GREY}
ROOM = 1.6  # how far the axis goes, in times the largest difference shown


def tabulate(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Compute the differences.

    Args:
        inputs: runs, scores, printed numbers and claims.
        spec: optionally `model` or `models`.

    Returns:
        One row per model and claim: model where there are several, name, says, over, verdict;
        difference, low, high, printed in percentage points, NaN where there is none; scale and
        protocol.

    Raises:
        UserError: the study has no claims.
    """
    rows = []
    for model, ours, judged in judge_models(inputs, spec, "model"):
        low, high = judged.estimate.interval()
        numbers = (judged.estimate.value, low, high, judged.printed)
        names = ("difference", "low", "high", "printed")
        row = {name: round(100 * float(x), 4) for name, x in zip(names, numbers, strict=True)}
        told = {"name": judged.name, "says": judged.claim["says"], "over": judged.claim["over"]}
        rows.append({**model, **told, "verdict": judged.verdict, **row, **ours.stamp})
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame, spec: Mapping[str, Any]) -> Figure:
    """Draw a line per claim: the difference as a dot, its interval, the paper's as a diamond.

    An interval that leaves the axis ends in an arrow: seeds alone make some very wide.

    Args:
        table: as `tabulate` returns it, or as its CSV is read back.
        spec: nothing of it is used.
    """
    models = list(table.groupby("model", sort=False)) if "model" in table else [("", table)]
    with style.house():
        figure = style.new_figure(style.PAGE, 0.9 + ROW * len(table) + 0.25 * len(models))
        heights = [len(rows) for _, rows in models]
        panels = figure.subplots(len(models), 1, squeeze=False, height_ratios=heights, sharex=True)
        edge = _edge(table)
        for axes, (model, rows) in zip(panels[:, 0], models, strict=True):
            _panel(axes, rows, edge)
            axes.set_title(model)
        panels[-1, 0].set_xlabel("difference, points")
        _legend(figure, panels[0, 0])
        style.stamp(figure, table["scale"].iloc[0], table["protocol"].iloc[0])
    return figure


def _edge(table: pd.DataFrame) -> float:
    shown = table[["difference", "printed"]].to_numpy(float)
    return ROOM * max(np.abs(shown[np.isfinite(shown)]).max(initial=0.0), 1.0)


def _panel(axes: Axes, rows: pd.DataFrame, edge: float) -> None:
    places = np.arange(len(rows))[::-1]
    axes.axvline(0, color=style.INK, linewidth=0.8, zorder=1)
    for place, (_, row) in zip(places, rows.iterrows(), strict=True):
        colour = COLOURS[row["verdict"]]
        if np.isfinite(row["low"]):
            _interval(axes, place, row, colour, edge)
        if np.isfinite(row["difference"]):
            axes.plot(row["difference"], place, "o", color=colour, markersize=4, zorder=3)
        if np.isfinite(row["printed"]):
            style_of = {"markerfacecolor": "white", "markeredgecolor": style.INK}
            axes.plot(row["printed"], place, "D", markersize=3.6, zorder=4, **style_of)
    names = [textwrap.fill(row["says"], WRAP) for _, row in rows.iterrows()]
    axes.set_yticks(places, names, size=style.SMALL, color=style.INK)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    axes.set_xlim(-edge, edge)
    axes.grid(axis="y", visible=False)
    axes.grid(axis="x", visible=True)


def _interval(axes: Axes, place: int, row: pd.Series, colour: str, edge: float) -> None:
    low, high = max(row["low"], -edge), min(row["high"], edge)
    axes.plot([low, high], [place, place], color=colour, linewidth=1.4, zorder=2)
    for end, beyond, mark in ((low, row["low"] < -edge, "<"), (high, row["high"] > edge, ">")):
        if beyond:
            axes.plot(end, place, mark, color=colour, markersize=4, clip_on=False, zorder=3)


def _legend(figure: Figure, axes: Axes) -> None:
    marks = [
        axes.plot([], [], "o-", color=colour, markersize=4, linewidth=1.4, label=f"ours: {name}")[0]
        for name, colour in COLOURS.items()
    ]
    paper = {"markerfacecolor": "white", "markeredgecolor": style.INK}
    marks += axes.plot([], [], "D", markersize=3.6, label="as printed", **paper)
    figure.legend(handles=marks, loc="outside upper center", ncols=len(marks))
