"""The look of every figure in one place: sizes, fonts, colours, the scale stamp, the bytes.

Figures are built from `matplotlib.figure.Figure`, never through pyplot: no window system, no
global state, and the same table gives the same bytes.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from stilts.evidence import numbers as cells
from stilts.files.manifest import write_atomic

PAGE = 7.2  # inches: the text width of a single-column page
DPI = 200
INK, MUTED, FAINT = "#222222", "#6b6b6b", "#d9d9d9"
GREY = "#8a8a8a"
# Okabe & Ito's colour-blind-safe set, ordered so that neighbours differ in lightness as well.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
PATCH = {"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.85}  # behind a number
HALO = (withStroke(linewidth=1.8, foreground="white"),)
SMALL, NORMAL, LARGE = 6.3, 7.2, 8.4  # points

_RC = {
    "font.family": "DejaVu Sans",  # ships with matplotlib
    "font.size": NORMAL,
    "axes.titlesize": LARGE,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": NORMAL,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.labelsize": NORMAL,
    "ytick.labelsize": SMALL,
    "xtick.color": INK,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 2,
    "ytick.major.width": 0.6,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#ececec",
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "legend.fontsize": NORMAL,
    "text.color": INK,
    "text.parse_math": False,  # data may hold dollar signs
    "figure.facecolor": "white",
    "pdf.fonttype": 42,
    "svg.hashsalt": "stilts",
    "path.simplify": True,
}


@contextmanager
def house() -> Iterator[None]:
    """Apply the house style inside the block, whatever the caller's own settings are."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_RC)
        yield


def paler(colour: str) -> tuple[float, float, float]:
    """Return a colour half-way to white."""
    return tuple((part + 1) / 2 for part in to_rgb(colour))


def colours(chains: Sequence[str]) -> dict[str, str]:
    """Return a colour per chain, in order; `none` is grey because it is the reference."""
    others = [chain for chain in chains if chain != "none"]
    chosen = {chain: PALETTE[place % len(PALETTE)] for place, chain in enumerate(others)}
    return {chain: chosen.get(chain, GREY) for chain in chains}


def number(value: float, *, signed: bool = False) -> str:
    """Write a number on a figure: one decimal, a true minus sign as on the axes."""
    return (cells.signed(value) if signed else cells.fixed(value)).replace("-", "−")


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of that many inches with room for the stamp at its foot."""
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    foot = 0.19 / height
    figure.get_layout_engine().set(rect=(0, foot, 1, 1 - foot), w_pad=0.04, h_pad=0.05)
    return figure


def stamp(figure: Figure, label: str, protocol: str = "", runs: str = "") -> None:
    """Write at the foot what the figure rests on: scale, protocol, runs.

    Args:
        figure: made by `new_figure`.
        label: what the scale is, such as "mini: miniature language, not the paper's data".
        protocol: name of the protocol, if runs are shown.
        runs: such as `n = 36 runs`.
    """
    parts = (label, f"protocol {protocol}" if protocol else "", runs)
    height = figure.get_size_inches()[1]
    text = "  ·  ".join(part for part in parts if part)
    figure.text(0.5, 0.06 / height, text, ha="center", va="bottom", size=SMALL, color=MUTED)


def write_figure(stem: Path | str, figure: Figure) -> None:
    """Write `stem`.pdf and, last, `stem`.png: it is what targets ask for.

    Neither holds a date or a version, so equal input gives equal bytes.
    """
    stem = Path(stem)
    undated: Mapping[str, dict[str, Any]] = {
        "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
        "png": {"Software": None},
    }
    for suffix, metadata in undated.items():
        buffer = io.BytesIO()
        with house():
            figure.savefig(buffer, format=suffix, metadata=metadata, dpi=DPI)
        write_atomic(stem.with_name(f"{stem.name}.{suffix}"), buffer.getvalue())
