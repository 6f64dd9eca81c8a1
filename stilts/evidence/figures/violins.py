"""A violin of runs per intermediate task, one panel per target (Figure 2 of Chang & Lu 2021)."""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from stilts.evidence import learnt
from stilts.evidence.comparisons.pairing import interval_of, mean_of
from stilts.evidence.figures import style
from stilts.evidence.numbers import NOT_AVAILABLE, runs_used
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import finite, is_true, summary
from stilts.files import plugins

FIELDS = ("chains", "targets", "names", "seed")
COLUMNS = 2  # of panels
HALF_WIDTH = 0.27  # of a violin, where neighbours stand 1 apart: leaves room for the mean's number
JITTER = 0.1


def tabulate(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Summarise each violin.

    Args:
        inputs: the runs.
        spec: `targets` and `chains` (lists, in the order shown), optionally `model` or `models`,
            `names` (chain -> short name) and `seed` of the jitter.

    Returns:
        One row per model, target and chain, also where no run exists: model where there are
        several, titles, metric, n, expected, n_failed; min, mean, median, best, std, low and high
        (95 % interval of the mean over seeds), chance and majority in percent; degenerate and
        like_majority (shares of runs); scores (percent, joined by |) of the runs that are neither,
        unclear_scores of those that are like the majority only, degenerate_scores; scale and
        protocol.
    """
    return inputs.tabulate(spec, "model", ("targets", "chains"), _violin)


def _violin(inputs: Inputs, target: str, chain: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    runs = inputs.cell(chain, target).sort_values("point")
    found = summary(runs["score"])
    low, high = interval_of(mean_of(runs))
    there = np.isfinite(runs["score"].astype(float))
    collapsed, like = (is_true(runs[name]) & there for name in ("degenerate", "like_majority"))
    row: dict[str, Any] = {
        "target": target,
        "chain": chain,
        "target_title": inputs.task_title(target),
        "chain_title": learnt.title(inputs, chain, spec.get("names", {}).get(chain, "")),
        "metric": _first(runs, "metric", ""),
        "n": found["n"],
        "expected": max(inputs.expected(chain, target), len(runs)),
        "n_failed": found["n_failed"],
    }
    values = {name: found[name] for name in ("min", "mean", "median", "best", "std")}
    values |= {"low": low, "high": high}
    values |= {name: _first(runs, name, np.nan) for name in ("chance", "majority")}
    row |= {name: round(100 * value, 4) for name, value in values.items()}
    for name, flags in (("degenerate", collapsed), ("like_majority", like)):
        row[name] = round(float(flags.sum()) / len(runs), 4) if len(runs) else np.nan
    row["scores"] = _join(runs.loc[~collapsed & ~like, "score"])
    row["unclear_scores"] = _join(runs.loc[like & ~collapsed, "score"])
    row["degenerate_scores"] = _join(runs.loc[collapsed, "score"])
    return row | inputs.stamp


def draw(table: pd.DataFrame, spec: Mapping[str, Any]) -> Figure:
    """Draw the violins, two panels a line; of several models those of one target stand together.

    Args:
        table: as `tabulate` returns it, or as its CSV is read back (`None` is a title there, and
            only an empty cell is missing).
        spec: `chains`, as for `tabulate`.
    """
    panels = list(_panels(table))
    columns = min(COLUMNS, len(panels))
    lines = -(-len(panels) // columns)
    colours = style.colours(list(spec["chains"]))
    first: dict[str, Axes] = {}
    with style.house():
        figure = style.new_figure(style.PAGE, 0.6 + 1.9 * lines)
        places = figure.subplots(lines, columns, squeeze=False).ravel()
        for axes, panel in itertools.zip_longest(places, panels):
            if panel is None:
                axes.set_axis_off()
                continue
            title, rows = panel
            axes.set_title(title, pad=9)
            if rows["n"].any() and first.setdefault(rows["target"].iloc[0], axes) is not axes:
                axes.sharey(first[rows["target"].iloc[0]])
            _panel(axes, rows, colours, np.random.default_rng(spec.get("seed", 0)))
        _legend(figure)
        runs = f"n = {table['expected'].max()} runs per violin unless marked"
        runs += learnt.note(table["chain_title"])
        style.stamp(figure, table["scale"].iloc[0], table["protocol"].iloc[0], runs)
    return figure


def _panels(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame] | None]:
    """Yield the title and rows of each panel, and None where a line stays short."""
    table = table.assign(usual=table["expected"].max())
    for _, rows in table.groupby("target", sort=False):
        title = rows["target_title"].iloc[0]
        models = rows.groupby("model", sort=False) if "model" in rows else [("", rows)]
        named = [(f"{title}, {model}" if model else title, found) for model, found in models]
        yield from named
        yield from [None] * (-len(named) % COLUMNS if "model" in rows else 0)


def _panel(
    axes: Axes, rows: pd.DataFrame, colours: Mapping[str, str], random: np.random.Generator
) -> None:
    """Draw one panel: reference lines, violins, their numbers, names below."""
    metrics = [name for name in rows["metric"].dropna() if name]
    axes.set_ylabel(f"{_metric(metrics[0])}, %" if metrics else "")
    axes.set_xlim(-0.55, len(rows) - 1 + 0.68)
    muted = {"ha": "center", "va": "center", "color": style.MUTED}
    names = []
    for place, (_, row) in enumerate(rows.iterrows()):
        names.append(row["chain_title"] + _runs_unless_usual(row))
        if row["n"]:
            _draw_violin(axes, place, row, colours[row["chain"]], random)
        elif rows["n"].any():
            column = axes.get_xaxis_transform()
            axes.text(place, 0.5, "not\navailable", transform=column, size=style.SMALL, **muted)
    axes.set_xticks(range(len(rows)), names)
    if rows["n"].any():
        axes.margins(y=0.17)
        _reference_lines(axes, rows)
        axes.yaxis.get_major_locator().set_params(nbins=5, min_n_ticks=3)
    else:
        axes.yaxis.set_visible(False)
        axes.text(0.5, 0.5, NOT_AVAILABLE, transform=axes.transAxes, **muted)


def _metric(name: str) -> str:
    return plugins.load("stilts.tasks.metrics", name, "metric", "runs.csv").TITLE


def _runs_unless_usual(row: pd.Series) -> str:
    used = runs_used(int(row["n"]), int(row["expected"]))
    return f"\nn = {used}" if used not in ("0", str(row["usual"])) else ""


def _draw_violin(
    axes: Axes, place: int, row: pd.Series, colour: str, random: np.random.Generator
) -> None:
    sound, unclear, collapsed = (
        _split(row[name]) for name in ("scores", "unclear_scores", "degenerate_scores")
    )
    scores = np.concatenate([sound, unclear, collapsed])
    body = axes.violinplot([scores], [place], widths=2 * HALF_WIDTH, showextrema=False)["bodies"][0]
    body.set(facecolor=colour, alpha=0.28, edgecolor=colour, linewidth=0.7)
    pale = style.paler(colour)
    for values, face in ((sound, colour), (unclear, pale), (collapsed, "white")):
        spread = place + random.uniform(-JITTER, JITTER, len(values))
        axes.scatter(spread, values, s=6, facecolor=face, edgecolor=colour, linewidth=0.6, zorder=3)
    axes.plot(
        [place - HALF_WIDTH, place + HALF_WIDTH],
        [row["mean"]] * 2,
        color=style.INK,
        linewidth=1.1,
        zorder=4,
        solid_capstyle="butt",
    )
    for value, shift, align in (
        (row["best"], (0, 3.5), {"ha": "center", "va": "bottom"}),
        (row["min"], (0, -4), {"ha": "center", "va": "top"}),
    ):
        _number(axes, (place, value), shift, **align)
    _number(axes, (place + HALF_WIDTH, row["mean"]), (2, 0), ha="left", va="center", weight="bold")


def _number(
    axes: Axes, point: tuple[float, float], shift: tuple[float, float], **text: Any
) -> None:
    axes.annotate(
        style.number(point[1]),
        point,
        shift,
        textcoords="offset points",
        size=style.SMALL,
        bbox=style.PATCH,
        zorder=5,
        **text,
    )


def _reference_lines(axes: Axes, rows: pd.DataFrame) -> None:
    """Draw chance, and the majority class where it is another level."""
    chance, majority = (rows[name].dropna() for name in ("chance", "majority"))
    if len(chance):
        axes.axhline(chance.iloc[0], color=style.INK, linewidth=0.8, dashes=(4, 2.5), zorder=1)
    differs = len(majority) and not (len(chance) and abs(majority.iloc[0] - chance.iloc[0]) < 0.05)
    if differs:
        axes.axhline(majority.iloc[0], color=style.MUTED, linewidth=0.8, dashes=(1, 1.6), zorder=1)


def _legend(figure: Figure) -> None:
    dot = {"linestyle": "", "marker": "o", "markersize": 3.2, "markeredgecolor": style.MUTED}
    handles = [
        Line2D([], [], **dot, markerfacecolor=style.MUTED, label="run"),
        Line2D([], [], **dot, markerfacecolor=style.paler(style.MUTED), label="like one class"),
        Line2D([], [], **dot, markerfacecolor="white", label="degenerate run"),
        Line2D([], [], color=style.INK, linewidth=1.1, label="mean"),
        Line2D([], [], color=style.INK, linewidth=0.8, dashes=(4, 2.5), label="chance"),
        Line2D([], [], color=style.MUTED, linewidth=0.8, dashes=(1, 1.6), label="majority class"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))


def _first(runs: pd.DataFrame, column: str, otherwise: Any) -> Any:
    values = runs[column].dropna() if column in runs else ()
    return values.iloc[0] if len(values) else otherwise


def _join(scores: pd.Series) -> str:
    return "|".join(f"{100 * score:.4f}" for score in finite(scores))


def _split(text: Any) -> np.ndarray:
    """Read joined scores; an empty cell read back from CSV is NaN."""
    return np.array(
        [float(part) for part in text.split("|")] if isinstance(text, str) and text else [],
        dtype=float,
    )
