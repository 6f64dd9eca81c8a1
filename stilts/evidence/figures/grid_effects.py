"""How much of a target's spread each axis of the grid explains, and how wide the spread is.

Not a figure of Chang & Lu 2021: it shows what their claim of stability rests on, run by run.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stilts.errors import UserError
from stilts.evidence import learnt
from stilts.evidence.figures import style
from stilts.evidence.numbers import NOT_AVAILABLE, NOT_PRINTED, runs_used
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import effect_share, noise_shares, summary

FIELDS = ("chains", "targets", "axes", "baseline", "names")
NOISE = "only noise"
MAP = "mako_r"  # seaborn's: perceptually uniform, dark where the axis matters
NUMBERS = (0.8, 2.1)  # where mean and std stand right of the heat map, whose cells are 1 wide
MIDDLE = {"ha": "center", "va": "center", "size": style.SMALL}


def tabulate(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Compute the shares.

    Args:
        inputs: the runs, with a column per axis.
        spec: `targets` and `chains` (lists, in the order shown), `axes` (column of the runs ->
            name shown), optionally `model` or `models`, `names` (chain -> short name) and
            `baseline` (default none), with whose std that of the other chains is compared.

    Returns:
        One row per model, target, chain and axis, also where no run exists: model where there are
        several, titles, n, expected; mean and std of the runs, baseline_std (percent; population
        std); levels of the axis, share of the variance that its main effect explains and noise,
        the share if the axis did nothing while the others act (percent; NaN where the axis has one
        level or all scores are equal); baseline_title, scale and protocol.

    Raises:
        UserError: the runs lack the column of an axis.
    """
    for axis in spec["axes"]:
        if axis not in inputs.runs and len(inputs.runs):
            raise UserError(
                f"runs.csv has no column '{axis}', which the {spec['kind']} shows: take it out of"
                " 'axes' in the study's report.yaml, or delete runs.csv and run again"
            )
    title = _title(inputs, spec.get("baseline", "none"), spec)
    rows = [
        model | row
        for model, ours in inputs.models(spec, "model")
        for target in spec["targets"]
        for chain in spec["chains"]
        for row in _cell(ours, target, chain, spec)
    ]
    return pd.DataFrame(rows).assign(baseline_title=title, **inputs.stamp)


def _cell(inputs: Inputs, target: str, chain: str, spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row per axis for the runs of one chain on one target."""
    runs = inputs.cell(chain, target)
    found = summary(runs["score"])
    base = summary(inputs.cell(spec.get("baseline", "none"), target)["score"])["std"]
    values = {"mean": found["mean"], "std": found["std"], "baseline_std": base}
    cell = {
        "target": target,
        "chain": chain,
        "target_title": inputs.task_title(target),
        "chain_title": _title(inputs, chain, spec),
        "n": found["n"],
        "expected": max(inputs.expected(chain, target), len(runs)),
        **{name: round(100 * value, 4) for name, value in values.items()},
    }
    levels = pd.DataFrame({axis: runs[axis] if len(runs) else [] for axis in spec["axes"]})
    noises = noise_shares(runs["score"], levels)
    rows = []
    for axis, title in spec["axes"].items():
        several = levels[axis].nunique() > 1
        shares = (effect_share(runs["score"], levels[axis]), noises[axis])
        share, noise = (round(100 * value, 4) if several else np.nan for value in shares)
        row = {"axis": axis, "axis_title": title, "levels": levels[axis].nunique()}
        rows.append({**cell, **row, "share": share, "noise": noise})
    return rows


def _title(inputs: Inputs, chain: str, spec: Mapping[str, Any]) -> str:
    return learnt.title(inputs, chain, spec.get("names", {}).get(chain, ""))


def draw(table: pd.DataFrame, spec: Mapping[str, Any]) -> Figure:
    """Draw a block of columns per chain: a heat map of the shares, then mean and std as text.

    Several models stand one above the other.

    Args:
        table: as `tabulate` returns it, or as its CSV is read back (`None` is a title there, and
            only an empty cell is missing).
        spec: `targets`, `chains` and `axes`, as for `tabulate`.
    """
    table = table.assign(usual=table["expected"].max())
    models = list(table.groupby("model", sort=False)) if "model" in table else [("", table)]
    with style.house():
        figure = style.new_figure(
            style.PAGE, 0.6 + len(models) * (1.1 + 0.27 * len(spec["targets"]))
        )
        grid = (len(models), len(spec["chains"]))
        panels = figure.subplots(*grid, squeeze=False)
        for line, (model, rows) in zip(panels, models, strict=True):
            _line(line, model, rows, spec)
        _colour_bar(figure, panels.ravel())
        runs = f"n = {table['usual'].iloc[0]} runs per row unless marked"
        key = f"bold: below the std after {table['baseline_title'].iloc[0]}"
        runs += f"  ·  {key}{learnt.note(table['chain_title'])}"
        style.stamp(figure, table["scale"].iloc[0], table["protocol"].iloc[0], runs)
    return figure


def _line(panels: Sequence[Axes], model: str, rows: pd.DataFrame, spec: Mapping[str, Any]) -> None:
    """Draw the chains of one model side by side, with the targets' names at the left."""
    for axes, chain in zip(panels, spec["chains"], strict=True):
        of_chain = rows[rows["chain"] == chain]
        shares = _shares(of_chain, spec)
        _heat(axes, shares, _pivot(of_chain, "noise", spec))
        _finish(axes, of_chain, shares, spec)
    names = rows.drop_duplicates("target")["target_title"]
    panels[0].set_yticks(np.arange(len(names) + 1) + 0.5, [*names, NOISE])
    panels[0].get_yticklabels()[-1].set(color=style.MUTED, style="italic")
    panels[0].set_ylabel(model, size=style.LARGE, weight="bold")


def _shares(rows: pd.DataFrame, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Return the shares of one chain, [targets, axes], and below them the targets' mean noise."""
    shares = _pivot(rows, "share", spec)
    shares.loc[NOISE] = _pivot(rows, "noise", spec).mean()
    return shares


def _pivot(rows: pd.DataFrame, values: str, spec: Mapping[str, Any]) -> pd.DataFrame:
    table = rows.pivot(index="target", columns="axis", values=values)
    return table.loc[list(spec["targets"]), list(spec["axes"])].astype(float)


def _heat(axes: Axes, shares: pd.DataFrame, noise: pd.DataFrame) -> None:
    """Draw shares as coloured cells with their numbers; a NaN leaves its cell empty.

    A number is in italics where it is no more than that target's own noise.
    """
    import seaborn  # loads slowly, and no other module needs it

    seaborn.heatmap(
        shares,
        ax=axes,
        vmin=0,
        vmax=100,
        cmap=MAP,
        annot=True,
        fmt=".0f",
        annot_kws={"size": style.SMALL},
        cbar=False,
        linewidths=0.8,
        linecolor="white",
    )
    for text in axes.texts:
        column, row = (int(place) for place in text.get_position())
        if row < len(noise) and shares.iat[row, column] <= noise.iat[row, column]:
            text.set_style("italic")


def _finish(axes: Axes, rows: pd.DataFrame, shares: pd.DataFrame, spec: Mapping[str, Any]) -> None:
    """Write what the heat map of one chain does not hold: empty cells, mean, std, names."""
    width = len(spec["axes"])
    for place, (_, row) in enumerate(rows.drop_duplicates("target").iterrows()):
        _numbers(axes, place + 0.5, row, width)
        for column in np.flatnonzero(shares.iloc[place].isna()) if row["n"] else ():
            axes.text(column + 0.5, place + 0.5, NOT_PRINTED, **MIDDLE, color=style.MUTED)
    axes.axhline(len(spec["targets"]), color="white", linewidth=4)
    names = [*spec["axes"].values(), "mean", "std"]
    places = [*np.arange(width) + 0.5, *(width + shift for shift in NUMBERS)]
    axes.set_xticks(places, names, rotation=90)
    for label in axes.get_xticklabels()[width:]:
        label.set_rotation(0)
    axes.set_xlim(0, width + NUMBERS[-1] + 0.75)
    axes.set_yticks([])
    axes.tick_params(axis="y", length=0, labelsize=style.NORMAL, labelcolor=style.INK)
    axes.set(xlabel="", ylabel="", title=rows["chain_title"].iloc[0])
    axes.grid(False)


def _numbers(axes: Axes, height: float, row: pd.Series, width: int) -> None:
    """Write mean and std of the runs beside a row, or across it that there is none."""
    if not row["n"]:
        axes.text(width / 2, height, NOT_AVAILABLE, color=style.MUTED, **MIDDLE)
        return
    used = runs_used(int(row["n"]), int(row["expected"]))
    marked = used != str(row["usual"])
    if marked:
        middle = width + sum(NUMBERS) / 2
        axes.text(middle, height + 0.27, f"n = {used}", color=style.MUTED, **MIDDLE)
    height -= 0.19 if marked else 0
    weight = "bold" if row["std"] < row["baseline_std"] else "normal"
    axes.text(width + NUMBERS[0], height, style.number(row["mean"]), **MIDDLE)
    axes.text(width + NUMBERS[1], height, style.number(row["std"]), weight=weight, **MIDDLE)


def _colour_bar(figure: Figure, panels: Sequence[Axes]) -> None:
    bar = figure.colorbar(
        panels[0].collections[0], ax=list(panels), location="top", aspect=60, shrink=0.5, pad=0.05
    )
    bar.set_label("share of the variance of the runs that the axis alone explains, %")
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=style.SMALL, length=2)
