"""One item of each task as the model reads it (Figure 4 of Chang & Lu 2021)."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle

from stilts.errors import UserError
from stilts.evidence.figures import style
from stilts.evidence.results import Inputs

FIELDS = ("tasks", "row", "remarks")
LINE = 0.152  # inches from one line of text to the next
GAP = 0.07  # inches between parts
EDGE = 0.12  # inches around the text of a card
INDENT = 0.34  # inches from the card's edge to an option's letter
MARK = 0.2  # inches from the letter to the text
GOLD = style.PALETTE[2]


def tabulate(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Pick one item per task; a derived task shows the item of the first task where it has it.

    Args:
        inputs: `examples` holds the canonical rows of every task.
        spec: `tasks` (list, in the order shown), optionally `row` (index of the item, default 0).

    Returns:
        One row per part of an item: task, task_title, id, part (context or option), place, text,
        gold, scale.

    Raises:
        UserError: a task has no rows, or fewer than `row` asks for.
    """
    place = spec.get("row", 0)
    rows: list[dict[str, Any]] = []
    wanted = None
    for task in spec["tasks"]:
        items = inputs.examples.get(task, ())
        if place >= len(items):
            raise UserError(
                f"the example figure asks for row {place} of {task}, which has {len(items)} rows:"
                " set a smaller 'row' in the study's figure settings"
            )
        item = next((each for each in items if each["id"] == wanted), items[place])
        wanted = wanted or item["id"]
        shown = {"task": task, "task_title": inputs.task_title(task), "id": item["id"]}
        parts = _parts(item, inputs.manifests.get(task, {}).get("labels", ()))
        rows += [shown | part | {"scale": inputs.label} for part in parts]
    return pd.DataFrame(rows)


def _parts(item: Mapping[str, Any], classes: Sequence[str]) -> list[dict[str, Any]]:
    """Split an item into what is given and its options: its own, or the classes of its task."""
    before = " ".join([*item["first"], item.get("prefix", "")]), " ".join(item.get("second", ()))
    given = [text.strip() for text in before if text.strip()]
    options = [
        f"{option}{item.get('suffix', '')}".strip() for option in item.get("options", classes)
    ]
    return [
        {"part": "context", "place": place, "text": text, "gold": False}
        for place, text in enumerate(given)
    ] + [
        {"part": "option", "place": place, "text": text, "gold": place == item["label"]}
        for place, text in enumerate(options)
    ]


def draw(table: pd.DataFrame, spec: Mapping[str, Any]) -> Figure:
    """Draw a card per task, as high as its text needs.

    Args:
        table: as `tabulate` returns it, or as its CSV is read back.
        spec: `tasks`, and optionally `remarks` (task -> a few words beside its name).
    """
    remarks = spec.get("remarks", {})
    with style.house():
        cards = [(task, _lay_out(table[table["task"] == task])) for task in spec["tasks"]]
        heights = [_height(lines) for _, lines in cards]
        total = sum(heights) + GAP * 1.6 * len(cards) + 0.25
        figure = style.new_figure(style.PAGE, total)
        figure.set_layout_engine("none")
        top = total - 0.04
        for (task, lines), height in zip(cards, heights, strict=True):
            box = (0.04 / style.PAGE, (top - height) / total, 1 - 0.08 / style.PAGE, height / total)
            title = table.loc[table["task"] == task, "task_title"].iloc[0]
            _card(figure.add_axes(box), title, remarks.get(task, ""), lines, height)
            top -= height + GAP * 1.6
        style.stamp(figure, table["scale"].iloc[0])
    return figure


def _lay_out(rows: pd.DataFrame) -> list[tuple[str, bool, list[str]]]:
    """Wrap every part of an item: (mark, gold, lines)."""
    marks = "ABCDEFGHIJ"
    parts = []
    if not (rows["part"] == "context").any():
        parts.append(("", False, ["(no premise)"]))
    for _, row in rows.iterrows():
        gold = str(row["gold"]) == "True"
        mark = marks[row["place"]] if row["part"] == "option" else ""
        width = style.PAGE - 0.08 - INDENT - EDGE - (MARK if mark else 0)
        parts.append((mark, gold, wrap(str(row["text"]), width, bold=gold)))
    return parts


def wrap(text: str, width: float, *, bold: bool = False) -> list[str]:
    """Break text into lines no wider than `width` inches, measured in the figure's own font."""
    font = FontProperties(family="DejaVu Sans", size=style.NORMAL, weight="bold" if bold else None)
    renderer = FigureCanvasAgg(Figure(dpi=72)).get_renderer()
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if renderer.get_text_width_height_descent(longer, font, False)[0] > width * 72:
            lines.append(word)
        else:
            lines[-1] = longer
    return [line for line in lines if line] or [""]


def _height(parts: Sequence[tuple[str, bool, list[str]]]) -> float:
    lines = sum(len(part[2]) for part in parts)
    return 0.26 + EDGE + lines * LINE + GAP * len(parts)


def _card(
    axes: Axes,
    title: str,
    remark: str,
    parts: Sequence[tuple[str, bool, list[str]]],
    height: float,
) -> None:
    """Draw one card in inches, y downwards from its top."""
    width = style.PAGE - 0.08
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.grid(False)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set(visible=True, color=style.FAINT)
    axes.add_patch(Rectangle((0, 0), width, 0.24, facecolor="#f1f4f7", edgecolor="none"))
    axes.text(EDGE, 0.125, title, weight="bold", size=style.LARGE, va="center")
    axes.text(width - EDGE, 0.125, remark, ha="right", va="center", color=style.MUTED)
    y = 0.24 + EDGE * 0.9
    for mark, gold, lines in parts:
        left = INDENT + (MARK if mark else -INDENT + EDGE)
        if gold:
            block = (INDENT - 0.08, y - GAP / 2), width - INDENT - EDGE + 0.08, len(lines) * LINE
            axes.add_patch(
                Rectangle(block[0], block[1], block[2] + GAP / 2, facecolor=GOLD, alpha=0.14)
            )
            axes.text(EDGE, y, "✓", color=GOLD, weight="bold", size=style.LARGE, va="top")
        axes.text(INDENT, y, mark, color=GOLD if gold else style.MUTED, weight="bold", va="top")
        ink = style.MUTED if lines == ["(no premise)"] else style.INK
        for line in lines:
            axes.text(
                left,
                y,
                line,
                va="top",
                color=ink,
                weight="bold" if gold else "normal",
                style="italic" if not mark else "normal",
            )
            y += LINE
        y += GAP
