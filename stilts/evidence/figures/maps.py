"""What maps of gains have in common: colours from loss to gain, a number in each cell, frames."""

import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from stilts.evidence.figures import style

LEAST = 5.0  # percentage points that the strongest colour stands for: small gains stay pale
_INSET = 0.05  # of a cell, between its edge and its frame


def draw_map(axes: Axes, gains: pd.DataFrame, texts: pd.DataFrame, limit: float) -> None:
    """Draw a cell per gain.

    Args:
        axes: to draw on.
        gains: rows and columns in the order shown, percentage points; NaN leaves a cell empty.
        texts: what is written in each cell that is not empty.
        limit: the gain, or loss, that the strongest colour stands for.
    """
    seaborn.heatmap(
        gains,
        ax=axes,
        annot=texts,
        fmt="",
        cmap="PuOr_r",
        vmin=-limit,
        vmax=limit,
        cbar=False,
        linewidths=1.2,
        linecolor="white",
        annot_kws={"size": style.SMALL},
    )
    axes.grid(visible=False)
    axes.set(xlabel="", ylabel="")
    axes.tick_params(length=0, labelsize=style.NORMAL)


def frame(axes: Axes, across: int, down: int) -> None:
    """Frame a cell: its interval leaves out 0."""
    corner, side = (across + _INSET, down + _INSET), 1 - 2 * _INSET
    line = {"edgecolor": style.INK, "linewidth": 1.1, "facecolor": "none"}
    axes.add_patch(Rectangle(corner, side, side, **line))


def mark_empty(axes: Axes, across: int, down: int, text: str) -> None:
    """Write into a cell that has no gain."""
    look = {"ha": "center", "va": "center", "size": style.SMALL, "color": style.MUTED}
    axes.text(across + 0.5, down + 0.5, text, **look)
