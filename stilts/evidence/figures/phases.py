"""The scores of several tasks, epoch by epoch, along the stages that a model walks."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stilts.evidence.figures import style
from stilts.evidence.results import Inputs
from stilts.files import plugins
from stilts.question.chain import parse_chain, prefixes

FIELDS = ("walks", "tasks", "stages")
LAST = "last"


def tabulate(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Return the scores.

    Args:
        inputs: what the stages of the walks have learnt, epoch by epoch.
        spec: `walks` (list of chains, a panel each), `tasks` (list), optionally `stages` (what the
            stages are called, in order), `model` or `models`.

    Returns:
        One row per model, walk, stage, epoch and task that the stage scores: model where there are
        several, chain, chain_title, stage (from 1), stage_title, epoch (of the stage, from 1), at
        (of the walk, from 1), task, task_title, metric, metric_title, score (a fraction of the
        metric), kept (the epoch whose weights go on); scale and protocol.
    """
    rows = [
        model | row
        for model, ours in inputs.models(spec, "model")
        for chain in spec["walks"]
        for row in _walk(ours, chain, spec)
    ]
    return pd.DataFrame(rows).assign(**inputs.stamp)


def _walk(ours: Inputs, chain: str, spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    at, titles = 0, spec.get("stages") or [ours.title(part) for part in chain.split("+")]
    for number, part in enumerate(prefixes(chain)):
        told = ours.walked[ours.model, part]
        alone = parse_chain(part)[-1].tasks[0]
        kept = _kept(told)
        for epoch, record in enumerate(told["epochs"]):
            at += 1
            scored = record.get("tasks", {alone: record})
            for task, metric in ((name, ours.metric(name)) for name in spec["tasks"]):
                if metric not in scored.get(task, ()):
                    continue
                yield {
                    "chain": chain,
                    "chain_title": ours.title(chain),
                    "stage": number + 1,
                    "stage_title": titles[number],
                    "epoch": epoch + 1,
                    "at": at,
                    "task": task,
                    "task_title": ours.task_title(task),
                    "metric": metric,
                    "metric_title": plugins.load(
                        "stilts.tasks.metrics", metric, "metric", f"task '{task}'"
                    ).TITLE,
                    "score": round(scored[task][metric], 6),
                    "kept": epoch == kept,
                }


def _kept(told: Mapping[str, Any]) -> int:
    """Return the index of the epoch whose weights a stage passed on, as its recipe selects it."""
    select, epochs = told["recipe"]["select"], told["epochs"]
    if select == LAST:
        return len(epochs) - 1
    task, _, metric = select.removeprefix("best:").rpartition(".")
    scores = [record.get("tasks", {task: record})[task][metric] for record in epochs]
    return scores.index(max(scores))


def draw(table: pd.DataFrame, spec: Mapping[str, Any]) -> Figure:
    """Draw a panel per model and walk: a line per task, stages apart, a ring at what is kept.

    Args:
        table: as `tabulate` returns it, or as its CSV is read back.
        spec: nothing of it is used.
    """
    keys = [key for key in ("model", "chain") if key in table]
    panels = list(table.groupby(keys, sort=False))
    with style.house():
        figure = style.new_figure(style.PAGE, 0.75 + 2.1 * len(panels))
        axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
        for panel, (_, rows) in zip(axes, panels, strict=True):
            _panel(panel, rows, keys)
        axes[-1].set_xlabel("epoch")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=len(handles))
        key = "ring: the epoch whose weights go on"
        style.stamp(figure, table["scale"].iloc[0], table["protocol"].iloc[0], key)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, keys: list[str]) -> None:
    colours = style.colours(list(dict.fromkeys(rows["task"])))
    for task, of_task in rows.groupby("task", sort=False):
        label = f"{of_task['task_title'].iloc[0]} ({of_task['metric_title'].iloc[0]})"
        look = {"color": colours[task], "linewidth": 1.3}
        axes.plot(of_task["at"], of_task["score"], label=label, marker="o", markersize=2.6, **look)
        kept = of_task[of_task["kept"]]
        axes.plot(
            kept["at"], kept["score"], "o", color=colours[task], markersize=7, fillstyle="none"
        )
    for _, stage in rows.groupby("stage", sort=False):
        start, end = stage["at"].min(), stage["at"].max()
        if start > 1:
            axes.axvline(start - 0.5, color=style.MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        place = {"ha": "center", "va": "bottom", "size": style.NORMAL, "color": style.INK}
        title = stage["stage_title"].iloc[0]
        axes.text((start + end) / 2, 1.01, title, transform=axes.get_xaxis_transform(), **place)
    axes.set_ylabel("\n".join([*(rows[key].iloc[0] for key in keys[:-1]), "score"]))
    axes.set_xticks(sorted(set(rows["at"])), rows.drop_duplicates("at")["epoch"])
