"""The violins to hover: each run says its place in the grid, its score and what speaks against it.

Runs stand within their violin as wide as its density there, so that none hides another.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from scipy.stats import gaussian_kde

from stilts.evidence.figures import style
from stilts.files import plugins
from stilts.question.chain import unseeded
from stilts.question.grid import parse_point

COLUMNS, WIDTH, HEIGHT = 2, 360, 190  # of panels, in pixels
HALF_WIDTH = 0.36  # of a violin, where neighbours stand 1 apart
GOLDEN = (np.sqrt(5) - 1) / 2  # steps of this much over a circle never come close to each other
STEPS = 60  # of an outline
DASHES = {"chance": [5, 3], "majority": [1, 2]}
SOUND, UNCLEAR, DEGENERATE = "run", "like one class", "degenerate"


def chart(table: pd.DataFrame, runs: pd.DataFrame, spec: Mapping[str, Any]) -> alt.ConcatChart:
    """Return the violins, a panel per target (and model, where there are several).

    Args:
        table: the numbers of the printed figure, see `stilts.evidence.figures.violins.tabulate`.
        runs: `runs.csv`.
        spec: `chains` as for the figure.

    Each dot has `run`, the path of its run file below the folder of runs, without suffix.
    """
    colours = style.colours(list(spec["chains"]))
    keys = [name for name in ("target", "model") if name in table]
    panels = [
        _panel(_title(rows), rows, _runs_of(runs, rows), colours)
        for _, rows in table.groupby(keys, sort=False)
        if rows["n"].any()
    ]
    quiet = {"labelColor": "currentColor", "titleColor": "currentColor", "domain": False}
    return (
        alt.concat(*panels, columns=COLUMNS)
        .configure(background="transparent", font="system-ui, sans-serif")
        .configure_axis(gridColor="currentColor", gridOpacity=0.12, ticks=False, **quiet)
        .configure_title(color="currentColor", anchor="start", fontSize=13)
        .configure_view(stroke=None)
    )


def _title(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    return (
        f"{first['target_title']}, {first['model']}" if "model" in rows else first["target_title"]
    )


def _runs_of(runs: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the runs of a panel that gave a score, with the chain under which they are shown."""
    wanted = runs["target"].eq(rows["target"].iloc[0]) & runs["score"].notna()
    if "model" in rows:
        wanted &= runs["model"].eq(rows["model"].iloc[0])
    found = runs[wanted]
    known = set(rows["chain"])
    shown = [name if name in known else unseeded(name) for name in found["chain"]]
    return found.assign(violin=shown)


def _panel(
    title: str, rows: pd.DataFrame, runs: pd.DataFrame, colours: Mapping[str, str]
) -> alt.LayerChart:
    names = [name.replace(" †", "†") for name in rows["chain_title"]]
    violins = [_violin(runs, place, chain) for place, chain in enumerate(rows["chain"])]
    dots, outlines = (pd.concat(parts) for parts in zip(*violins, strict=True))
    across = alt.X(
        "x:Q",
        scale=alt.Scale(domain=[-0.5, len(rows) - 0.5], nice=False),
        axis=alt.Axis(
            values=list(range(len(rows))),
            labelExpr=f"{json.dumps(names)}[datum.value]",
            grid=False,
            title=None,
        ),
    )
    metric = plugins.load("stilts.tasks.metrics", rows["metric"].dropna().iloc[0], "metric", "")
    up = alt.Y("y:Q", scale=alt.Scale(zero=False), title=f"{metric.TITLE}, %")
    shades = alt.Color(
        "chain:N", scale=alt.Scale(domain=list(colours), range=list(colours.values())), legend=None
    )
    shape = alt.Chart(outlines).mark_line(
        filled=True, fillOpacity=0.22, strokeWidth=0.8, interpolate="linear-closed"
    )
    outline = [shape.encode(across, up, shades, order="step:Q")] * bool(len(outlines))
    layers = [*outline, *_lines(rows), _dots(dots, across, up, shades)]
    return alt.layer(*layers).properties(title=title, width=WIDTH, height=HEIGHT)


def _violin(runs: pd.DataFrame, place: int, chain: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the dots and the outline of one violin; without spread it has no outline."""
    own = runs[runs["violin"] == chain].sort_values("point")
    scores = 100 * own["score"].to_numpy(float)
    spread = len(scores) > 1 and np.ptp(scores) > 0
    density = gaussian_kde(scores) if spread else None
    heights = np.linspace(scores.min(), scores.max(), STEPS) if spread else np.empty(0)
    widths = density(heights) if spread else np.empty(0)
    at = density(scores) / widths.max() if spread else np.ones(len(scores))
    shift = 2 * ((np.arange(len(scores)) * GOLDEN) % 1) - 1
    dots = _facts(own).assign(x=place + 0.85 * HALF_WIDTH * at * shift, y=scores, chain=chain)
    half = HALF_WIDTH * widths / widths.max() if spread else widths
    outline = pd.DataFrame(
        {
            "x": place + np.concatenate([half, -half[::-1]]),
            "y": np.concatenate([heights, heights[::-1]]),
            "step": np.arange(2 * len(heights)),
            "chain": chain,
        }
    )
    return dots, outline.round(4)


def _facts(runs: pd.DataFrame) -> pd.DataFrame:
    """Return what a dot says of its run, as text, and `run`."""
    facts = runs[_axes(runs)].astype(str)
    facts["signs"] = runs["signs"].fillna("").astype(str)
    degenerate, like = (
        runs[name].astype(str) == "True" for name in ("degenerate", "like_majority")
    )
    facts["state"] = np.select([degenerate, like], [DEGENERATE, UNCLEAR], SOUND)
    facts["walk"] = runs["chain"]
    path = ["model", "chain", "target", "point"]
    facts["run"] = ["/".join(parts) for parts in runs[path].itertuples(index=False)]
    return facts


def _axes(runs: pd.DataFrame) -> list[str]:
    """Return the axes of the grid, which stand in the names of its points."""
    found = dict.fromkeys(axis for point in runs["point"].unique() for axis in parse_point(point))
    return [axis for axis in found if axis in runs]


def _lines(rows: pd.DataFrame) -> Iterator[alt.Chart]:
    """Yield the lines of chance and of the majority class, and a short one at each mean."""
    levels = {name: rows[name].dropna().round(4).head(1).tolist() for name in DASHES}
    if levels["majority"] == levels["chance"]:
        levels["majority"] = []
    for name, level in levels.items():
        for height in level:
            line = alt.Chart(pd.DataFrame({"y": [height]}))
            dashed = line.mark_rule(strokeDash=DASHES[name], color="currentColor", opacity=0.6)
            yield dashed.encode(y="y:Q", tooltip=alt.Tooltip("y:Q", title=name))
    place = np.arange(len(rows))
    means = pd.DataFrame({"y": rows["mean"].to_numpy(), "x": place - 0.3, "x2": place + 0.3})
    mean = alt.Chart(means.dropna()).mark_rule(color="currentColor", strokeWidth=1.6)
    yield mean.encode(x="x:Q", x2="x2:Q", y="y:Q")


def _dots(dots: pd.DataFrame, across: alt.X, up: alt.Y, shades: alt.Color) -> alt.Chart:
    told = [name for name in dots if name not in ("x", "y", "chain", "run", "walk", "state")]
    tooltip = [
        alt.Tooltip("walk:N", title="chain"),
        alt.Tooltip("y:Q", title="score", format=".2f"),
    ]
    tooltip += [alt.Tooltip(f"{name}:N", title=name) for name in told]
    tooltip.append(alt.Tooltip("state:N", title="is"))
    inside = alt.FillOpacity(
        "state:O",
        sort=[SOUND, UNCLEAR, DEGENERATE],
        scale=alt.Scale(domain=[SOUND, UNCLEAR, DEGENERATE], range=[1, 0.4, 0.01]),
        legend=None,
    )
    marks = alt.Chart(dots).mark_point(filled=True, size=26, strokeWidth=1, cursor="pointer")
    return marks.encode(across, up, shades, stroke=shades, fillOpacity=inside, tooltip=tooltip)
