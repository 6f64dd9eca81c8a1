"""Learning curves: loss and score of every run, epoch by epoch, healthy and degenerate ones."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from stilts.errors import UserError
from stilts.evidence import learnt
from stilts.evidence.figures import style
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import is_true

FIELDS = ("chains", "targets")
RUN = ["chain", "point"]
DASHED = (0, (3, 2))
SIDES = {"loss": "training loss", "score": "score, %"}


def tabulate(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Return the epochs of the runs.

    Args:
        inputs: the epochs of all runs.
        spec: `epochs: true`, `chains`, `targets` (lists), optionally `model` or `models`.

    Returns:
        One row per run and epoch: model where there are several, target, target_title, chain,
        chain_title, point, epoch (from 1), loss, score and majority (percent), degenerate; scale
        and protocol.

    Raises:
        UserError: the block does not ask for epochs.
    """
    if inputs.epochs is None:
        raise UserError("a figure of kind curves needs 'epochs: true' in its block of report.yaml")
    rows = [
        found.assign(**model)
        for model, ours in inputs.models(spec, "model")
        for target in spec["targets"]
        for chain in spec["chains"]
        if len(found := _cell(ours, chain, target))
    ]
    columns = ["target", "target_title", "chain", "chain_title", "point", "epoch"]
    columns += ["loss", "score", "majority", "degenerate"]
    table = pd.concat(rows) if rows else pd.DataFrame(columns=columns)
    first = ["model"] if "model" in table else []
    return table[[*first, *columns]].assign(**inputs.stamp)


def _cell(ours: Inputs, chain: str, target: str) -> pd.DataFrame:
    table = ours.of_cell(ours.epochs, chain, target)
    return table.assign(
        target_title=ours.task_title(target),
        chain_title=learnt.title(ours, chain),
        loss=table["loss"].round(6),
        score=(100 * table["score"]).round(4),
        majority=(100 * table["majority"]).round(4),
        degenerate=is_true(table["degenerate"]),
        point=table["chain"].where(table["chain"] != chain, "") + " " + table["point"],
        chain=chain,
    )


def draw(table: pd.DataFrame, spec: Mapping[str, Any]) -> Figure:
    """Draw two panels a target and model: loss and score, a line a run.

    Args:
        table: as `tabulate` returns it, or as its CSV is read back.
        spec: `chains`, as for `tabulate`.
    """
    keys = [key for key in ("target", "model") if key in table]
    lines = list(table.groupby(keys, sort=False))
    colours = style.colours(list(spec["chains"]))
    with style.house():
        figure = style.new_figure(style.PAGE, 0.75 + 1.75 * max(1, len(lines)))
        places = figure.subplots(max(1, len(lines)), len(SIDES), squeeze=False)
        for line, (_, rows) in zip(places, lines, strict=False):
            name = rows["target_title"].iloc[0]
            name += f", {rows['model'].iloc[0]}" if "model" in rows else ""
            for axes, (side, words) in zip(line, SIDES.items(), strict=True):
                _panel(axes, rows, side, colours)
                axes.set_ylabel(words)
            line[0].set_title(name, pad=6)
        for axes in places[-1]:
            axes.set_xlabel("epoch")
        _legend(figure, table, colours)
        ended = table.drop_duplicates([*keys, *RUN])
        runs = f"{int(is_true(ended['degenerate']).sum())} of {len(ended)} runs degenerate"
        stamp = table.iloc[0] if len(table) else {"scale": "", "protocol": ""}
        style.stamp(figure, stamp["scale"], stamp["protocol"], runs)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, side: str, colours: Mapping[str, str]) -> None:
    """Draw a line for each run; degenerate ones lie above and are dashed."""
    for (chain, _), run in rows.groupby(RUN, sort=False):
        collapsed = bool(is_true(run["degenerate"]).iloc[0])
        look = {"color": colours[chain], "marker": "o", "zorder": 3 if collapsed else 2}
        look |= {"linestyle": DASHED, "alpha": 0.9} if collapsed else {"alpha": 0.45}
        face = "white" if collapsed else colours[chain]
        axes.plot(
            *(run["epoch"], run[side]),
            **{"linewidth": 0.9, "markersize": 2.4, "markerfacecolor": face},
            **look,
        )
    if side == "score":
        axes.axhline(rows["majority"].iloc[0], color=style.MUTED, linewidth=0.8, linestyle=":")
    axes.xaxis.get_major_locator().set_params(integer=True)


def _legend(figure: Figure, table: pd.DataFrame, colours: Mapping[str, str]) -> None:
    named = table.drop_duplicates("chain")
    handles = [
        Line2D([], [], color=colours[chain], linewidth=1.4, label=title)
        for chain, title in zip(named["chain"], named["chain_title"], strict=True)
    ]
    dashed = {"color": style.INK, "linewidth": 0.9, "linestyle": DASHED}
    handles.append(Line2D([], [], **dashed, marker="o", markersize=2.4, markerfacecolor="white"))
    handles[-1].set_label("degenerate")
    dotted = {"color": style.MUTED, "linewidth": 0.8, "linestyle": ":"}
    handles.append(Line2D([], [], **dotted, label="majority class"))
    figure.legend(handles=handles, loc="outside upper center", ncols=min(6, len(handles)))
