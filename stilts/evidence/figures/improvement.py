"""Improvement over no intermediate task as its size grows (Figure 3 of Chang & Lu 2021)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stilts.evidence import learnt
from stilts.evidence.comparisons.pairing import compare, interval_of
from stilts.evidence.figures import style
from stilts.evidence.numbers import runs_used
from stilts.evidence.record import values
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import difference

FIELDS = ("chains", "targets", "baseline", "xlabel")
REACH = 1.7  # how far the axis follows an interval, in times the longest bar
WIDTH = 0.42  # of a bar, where sizes stand 1 apart
SERIES = (("delta_mean", "mean", style.PALETTE[0]), ("delta_best", "best", style.PALETTE[1]))


def tabulate(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Compute the improvements.

    Args:
        inputs: the runs; `question` says how many examples a chain's last stage really saw.
        spec: `targets` (list), `chains` (chain -> size as the paper names it), optionally `model`
            or `models`, and `baseline` (default none).

    Returns:
        One row per model, target and chain, also where no run exists: model where there are
        several, target_title, size, mark (of an intermediate that was not
        learnt), used (examples), updates (optimiser steps), n, n_baseline; delta_mean, low, high
        (95 % interval of delta_mean over seeds) and delta_best in percentage points; expected,
        scale and protocol.
    """
    return inputs.tabulate(spec, "model", ("targets", "chains"), _bar)


def _bar(inputs: Inputs, target: str, chain: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    sides = [inputs.cell(name, target) for name in (chain, spec.get("baseline", "none"))]
    found = difference(*(side["score"] for side in sides))
    found["low"], found["high"] = interval_of(compare(*sides))
    used = values(inputs.question, f"chains.{chain}.stages.-1.rows") or [None]
    row = {
        "target": target,
        "chain": chain,
        "target_title": inputs.task_title(target),
        "size": spec["chains"][chain],
        "mark": learnt.title(inputs, chain, "_").removeprefix("_"),
        "used": np.nan if used[0] is None else used[0],
        "updates": _updates(inputs, chain, used[0]),
        **{name: found[name] for name in ("n", "n_baseline")},
    }
    shares = ("delta_mean", "low", "high", "delta_best")
    row |= {name: round(100 * found[name], 4) for name in shares}
    return row | {"expected": inputs.expected(chain, target)} | inputs.stamp


def _updates(inputs: Inputs, chain: str, rows: int | None) -> float:
    """Return how many steps the chain's last stage trains, with `step` for an incomplete batch."""
    stage = f"chains.{chain}.stages.-1.settings"
    epochs, batch = (values(inputs.question, f"{stage}.{name}") for name in ("epochs", "batch"))
    if rows is None or not (epochs and batch):
        return np.nan
    return -(-rows // batch[0]) * epochs[0]


def draw(table: pd.DataFrame, spec: Mapping[str, Any]) -> Figure:
    """Draw a panel per target: bars for the mean (with its interval) and the best run.

    An interval that leaves the panel ends in an arrow: over two seeds some are very wide. Several
    models stand one above the other, on one scale.

    Args:
        table: as `tabulate` returns it, or as its CSV is read back (`None` is a title there, and
            only an empty cell is missing).
        spec: `targets`, and `xlabel`, what stands under the axis.
    """
    table = table.assign(usual=table["expected"].max())
    models = list(table.groupby("model", sort=False)) if "model" in table else [("", table)]
    with style.house():
        figure = style.new_figure(style.PAGE, 0.85 + 2 * len(models))
        edges = _edges(table)
        grid = (len(models), len(spec["targets"]))
        panels = figure.subplots(*grid, squeeze=False, sharey=True)
        for line, (model, rows) in zip(panels, models, strict=True):
            for axes, (_, cell) in zip(line, rows.groupby("target", sort=False), strict=True):
                _panel(axes, cell, edges)
            improvement = "improvement over None, points"
            line[0].set_ylabel(f"{model}\n{improvement}" if model else improvement)
        panels[-1][grid[1] // 2].set_xlabel(spec.get("xlabel", "training examples"))
        _make_room(panels[0][0], edges)
        handles, labels = panels[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(handles))
        runs = f"n = {table['usual'].iloc[0]} runs per bar unless marked"
        runs += learnt.note(table["mark"])
        style.stamp(figure, table["scale"].iloc[0], table["protocol"].iloc[0], runs)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, edges: tuple[float, float]) -> None:
    places = np.arange(len(rows))
    for (column, name, colour), side in zip(SERIES, (-1, 1), strict=True):
        x = places + side * WIDTH / 2
        heights = rows[column].to_numpy(dtype=float)
        label = "mean of the runs (95 % interval over seeds)" if name == "mean" else "best run"
        axes.bar(x, heights, WIDTH * 0.92, color=colour, label=label, zorder=2)
        ends = heights
        if name == "mean":
            low, high = _interval(axes, x, rows, edges)
            ends = np.where(heights >= 0, np.maximum(high, 0), np.minimum(low, 0))
        for place, height, end in zip(x, heights, ends, strict=True):
            _number(axes, place, height, end)
    axes.axhline(0, color=style.INK, linewidth=0.8, zorder=4)
    axes.set_title(rows["target_title"].iloc[0])
    axes.set_xticks(places, [_name(row) for _, row in rows.iterrows()])
    axes.set_xlim(-0.6, len(rows) - 0.4)


def _interval(
    axes: Axes, x: np.ndarray, rows: pd.DataFrame, edges: tuple[float, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the intervals as far as the edges; return their ends there, each `[bars]`."""
    ends = []
    for side, edge, mark in (("low", edges[0], "v"), ("high", edges[1], "^")):
        known = rows[side].to_numpy(dtype=float)
        shown = np.maximum(known, edge) if side == "low" else np.minimum(known, edge)
        beyond = np.isfinite(known) & (shown != known)
        axes.scatter(x[beyond], shown[beyond], s=7, color=style.INK, marker=mark, zorder=3)
        ends.append(np.where(np.isfinite(shown), shown, 0.0))
    there = rows["low"].notna().to_numpy()
    axes.vlines(x[there], *(end[there] for end in ends), color=style.INK, linewidth=0.9, zorder=3)
    return ends[0], ends[1]


def _number(axes: Axes, place: float, height: float, end: float) -> None:
    """Write a bar's value beyond its end, or beyond its interval."""
    if not np.isfinite(height):
        axes.annotate(
            "n/a",
            (place, 0),
            (0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            size=style.SMALL,
            color=style.MUTED,
        )
        return
    up = height >= 0
    axes.annotate(
        style.number(height, signed=True),
        (place, end),
        (0, 2.5 if up else -3),
        ha="center",
        textcoords="offset points",
        va="bottom" if up else "top",
        size=style.SMALL,
        path_effects=style.HALO,
        zorder=5,
    )


def _name(row: pd.Series) -> str:
    """Name a size: as in the paper, then what was really used, then lost runs."""
    mark = "" if pd.isna(row["mark"]) else row["mark"]
    lines = [f"{row['size'] / 1000:g}k{mark}"]
    if np.isfinite(row["used"]) and row["used"] != row["size"]:
        lines.append(f"({int(row['used']):,} here)")
    if np.isfinite(row["updates"]):
        lines.append(f"{int(row['updates']):,} updates")
    used = runs_used(min(row["n"], row["n_baseline"]), row["expected"])
    if used not in ("0", str(row["usual"])):
        lines.append(f"n = {used}")
    return "\n".join(lines)


def _edges(table: pd.DataFrame) -> tuple[float, float]:
    """Return how far down and up to draw: all of the bars, and of the intervals not too much."""
    bars = table[["delta_mean", "delta_best"]].to_numpy(dtype=float)
    reach = REACH * np.abs(bars[np.isfinite(bars)]).max(initial=0.0)
    low, high = table["low"].min(), table["high"].max()
    ends = np.array([low, high, *bars[np.isfinite(bars)], 0.0])
    ends = np.clip(ends[np.isfinite(ends)], -reach, reach)
    return float(ends.min()), float(ends.max())


def _make_room(axes: Axes, edges: tuple[float, float]) -> None:
    """Leave space for the numbers beyond the longest bar or interval on either side."""
    low, high = edges
    room = 0.14 * ((high - low) or 1.0)
    axes.set_ylim(low - (room if low < 0 else 0), high + room)
