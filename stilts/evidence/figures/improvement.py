"""Improvement over no intermediate task as its size grows (Figure 3 of Chang & Lu 2021)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stilts.evidence import learnt
from stilts.evidence.figures import style
from stilts.evidence.numbers import runs_used
from stilts.evidence.record import values
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import delta

FIELDS = ("chains", "targets", "baseline", "seed", "xlabel")
WIDTH = 0.42  # of a bar, where sizes stand 1 apart
SERIES = (("delta_mean", "mean", style.PALETTE[0]), ("delta_best", "best", style.PALETTE[1]))


def tabulate(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Compute the improvements.

    Args:
        inputs: the runs; `question` says how many examples a chain's last stage really saw.
        spec: `targets` (list), `chains` (chain -> size as the paper names it), optionally `model`
            or `models`, `baseline` (default none) and `seed` of the bootstrap.

    Returns:
        One row per model, target and chain, also where no run exists: model where there are
        several, target_title, size, mark (of an intermediate that was not
        learnt), used (examples), updates (optimiser steps), n, n_baseline; delta_mean, low, high
        (95 % bootstrap interval of delta_mean) and delta_best in percentage points; expected,
        scale and protocol.
    """
    return inputs.tabulate(spec, "model", ("targets", "chains"), _bar)


def _bar(inputs: Inputs, target: str, chain: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    sides = (inputs.cell(name, target)["score"] for name in (chain, spec.get("baseline", "none")))
    found = delta(*sides, seed=spec.get("seed", 0))
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

    Several models stand one above the other, on one scale.

    Args:
        table: as `tabulate` returns it, or as its CSV is read back (`None` is a title there, and
            only an empty cell is missing).
        spec: `targets`, and `xlabel`, what stands under the axis.
    """
    table = table.assign(usual=table["expected"].max())
    models = list(table.groupby("model", sort=False)) if "model" in table else [("", table)]
    with style.house():
        figure = style.new_figure(style.PAGE, 0.85 + 2 * len(models))
        grid = (len(models), len(spec["targets"]))
        panels = figure.subplots(*grid, squeeze=False, sharey=True)
        for line, (model, rows) in zip(panels, models, strict=True):
            for axes, (_, cell) in zip(line, rows.groupby("target", sort=False), strict=True):
                _panel(axes, cell)
            improvement = "improvement over None, points"
            line[0].set_ylabel(f"{model}\n{improvement}" if model else improvement)
        panels[-1][grid[1] // 2].set_xlabel(spec.get("xlabel", "training examples"))
        _make_room(panels[0][0], table)
        handles, labels = panels[0][0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(handles))
        runs = f"n = {table['usual'].iloc[0]} runs per bar unless marked"
        runs += learnt.note(table["mark"])
        style.stamp(figure, table["scale"].iloc[0], table["protocol"].iloc[0], runs)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame) -> None:
    places = np.arange(len(rows))
    for (column, name, colour), side in zip(SERIES, (-1, 1), strict=True):
        x = places + side * WIDTH / 2
        heights = rows[column].to_numpy(dtype=float)
        label = "mean of the runs (95 % bootstrap interval)" if name == "mean" else "best run"
        axes.bar(x, heights, WIDTH * 0.92, color=colour, label=label, zorder=2)
        ends = heights
        if name == "mean":
            low, high = (rows[side].to_numpy(dtype=float) for side in ("low", "high"))
            axes.vlines(x, low, high, color=style.INK, linewidth=0.9, zorder=3)
            ends = np.where(heights >= 0, np.maximum(high, 0), np.minimum(low, 0))
        for place, height, end in zip(x, heights, ends, strict=True):
            _number(axes, place, height, end)
    axes.axhline(0, color=style.INK, linewidth=0.8, zorder=4)
    axes.set_title(rows["target_title"].iloc[0])
    axes.set_xticks(places, [_name(row) for _, row in rows.iterrows()])
    axes.set_xlim(-0.6, len(rows) - 0.4)


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


def _make_room(axes: Axes, table: pd.DataFrame) -> None:
    """Leave space for the numbers beyond the longest bar on either side."""
    ends = table[["low", "high", "delta_mean", "delta_best"]].to_numpy(dtype=float)
    ends = ends[np.isfinite(ends)]
    low, high = min(0.0, ends.min(initial=0.0)), max(0.0, ends.max(initial=0.0))
    room = 0.14 * ((high - low) or 1.0)
    axes.set_ylim(low - (room if low < 0 else 0), high + room)
