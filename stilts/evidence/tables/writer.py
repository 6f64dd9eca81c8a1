"""Build a table of any kind and write it as csv, markdown and LaTeX, with caption and footnotes."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stilts.evidence.learnt import MARK, NOTE
from stilts.evidence.numbers import NOT_AVAILABLE, are_numbers
from stilts.evidence.results import BEHIND, Inputs
from stilts.files import plugins
from stilts.files.manifest import write_atomic

LONG = 40  # rows above which a LaTeX table must break across pages
_TEX = {
    "\\": r"\textbackslash{}",
    **{character: "\\" + character for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "Δ": r"$\Delta$",
    "→": r"$\rightarrow$",
    "·": r"$\cdot$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "–": "--",
    "|": r"$|$",
    "<": r"$<$",
    ">": r"$>$",
}


def build_and_write(inputs: Inputs, spec: Mapping[str, Any], stem: Path) -> None:
    """Write `stem`.csv, .md and .tex of the table that `spec["kind"]` names, and `stem`.runs.json.

    The last one says what is behind each row: the folders of the run files that were read for it,
    and files of scores without their suffix, as `runs/<model>/<chain>/<target>`.

    Args:
        inputs: the results of a study.
        spec: the table's block in the study's report.yaml.
        stem: path without extension.

    Raises:
        UserError: there is no such kind.
    """
    kind = plugins.load(__package__, spec["kind"], "kind of table", "the study's report.yaml")
    table = kind.build(inputs, spec)
    behind = table.attrs.get(BEHIND, [])
    write_atomic(stem.with_name(f"{stem.name}.runs.json"), json.dumps(behind, indent=1) + "\n")
    write_table(stem, table, spec, inputs.footer)


def write_table(stem: Path | str, table: pd.DataFrame, spec: Mapping[str, Any], label: str) -> None:
    """Write `stem`.csv, .md and .tex.

    Args:
        stem: path without extension, such as `tables/table_2`; its name becomes the LaTeX label.
        table: cells as text.
        spec: `title` and `caption`; optionally `notes` (list of lines below the table), and for
            LaTeX `columns` (those to show, where all are too wide for a page) and `widths` (column
            -> share of the line, for those whose text is to break).
        label: what the scale is; part of every file.
    """
    stem = Path(stem)
    texts = {
        "md": as_markdown(table, spec, label),
        "tex": as_latex(table, spec, label, name=stem.name),
        # Last, as it is what targets ask for: where it is, all of them are.
        "csv": as_csv(table, label),
    }
    for suffix, text in texts.items():
        write_atomic(stem.with_name(f"{stem.name}.{suffix}"), text)


def footnotes(table: pd.DataFrame, spec: Mapping[str, Any]) -> list[str]:
    """Return what a reader must be told: lost runs, missing results, and the spec's own notes."""
    notes = []
    if "n" in table and table["n"].astype(str).str.contains("/").any():
        notes.append("n = a/b: only a of the b runs of the grid gave a score.")
    if table.astype(str).apply(lambda column: column.str.contains(MARK)).any(axis=None):
        notes.append(f"{NOTE}.")
    if table.astype(str).eq(NOT_AVAILABLE).any(axis=None):
        notes.append(f"{NOT_AVAILABLE}: there is no result for this cell.")
    return [*notes, *spec.get("notes", [])]


def as_csv(table: pd.DataFrame, label: str) -> str:
    """Return the table as CSV, the scale label repeated in the last column."""
    return table.assign(scale=label).to_csv(index=False, lineterminator="\n")


def as_markdown(table: pd.DataFrame, spec: Mapping[str, Any], label: str) -> str:
    """Return title and caption, a padded pipe table, the scale label and the footnotes."""
    rows = [[_markdown(cell) for cell in row] for row in (table.columns, *_rows(table))]
    widths = [max(3, *map(len, column)) for column in zip(*rows, strict=True)]
    right = _right_aligned(table)
    rule = ["-" * (width - side) + ":" * side for width, side in zip(widths, right, strict=True)]
    lines = [f"**{_markdown(spec['title'])}.** {_markdown(spec.get('caption', ''))}".rstrip(), ""]
    for row in (rows[0], rule, *rows[1:]):
        cells = (
            cell.rjust(width) if side else cell.ljust(width)
            for cell, width, side in zip(row, widths, right, strict=True)
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", f"*{_markdown(label)}*"] if label else []
    notes = [f"- {_markdown(note)}" for note in footnotes(table, spec)]
    return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"


def as_latex(table: pd.DataFrame, spec: Mapping[str, Any], label: str, *, name: str) -> str:
    """Return a booktabs table (needs `booktabs`; above 40 rows also `longtable`)."""
    # A table of one model has no column of models, whatever its block asks for.
    asked = [name for name in spec.get("columns", table) if name in table or name != "Model"]
    shown = table[asked]
    columns = _columns(shown, spec.get("widths", {}))
    head, *body = (" & ".join(map(_tex, row)) + r" \\" for row in (shown.columns, *_rows(shown)))
    emphasis = rf" \emph{{{_tex(label)}}}" if label else ""
    caption = rf"{_tex(spec['title'])}. {_tex(spec.get('caption', ''))}".rstrip() + emphasis
    caption = rf"\caption{{{caption}}}\label{{tab:{name}}}"
    notes = [rf"\par\smallskip\footnotesize {_tex(note)}" for note in footnotes(shown, spec)]
    opening = [r"\toprule", head, r"\midrule"]
    if len(table) > LONG:
        lines = [
            "% needs \\usepackage{booktabs,longtable}",
            r"{\scriptsize\setlength{\tabcolsep}{3pt}",
            rf"\begin{{longtable}}{{{columns}}}",
            caption + r" \\",
            *(*opening, r"\endfirsthead", *opening, r"\endhead", r"\bottomrule", r"\endfoot"),
            *(*body, r"\end{longtable}", *notes, "}"),
        ]
    else:
        lines = [
            "% needs \\usepackage{booktabs}",
            *(r"\begin{table}[t]", r"\centering\small", caption),
            rf"\begin{{tabular}}{{{columns}}}",
            *(*opening, *body, r"\bottomrule", r"\end{tabular}", *notes, r"\end{table}"),
        ]
    return "\n".join(lines) + "\n"


def _columns(table: pd.DataFrame, widths: Mapping[str, float]) -> str:
    """Return the letters of LaTeX that say how each column stands."""
    letters = ["r" if right else "l" for right in _right_aligned(table)]
    return "".join(
        rf"p{{{widths[name]}\linewidth}}" if name in widths else letter
        for name, letter in zip(table.columns, letters, strict=True)
    )


def _rows(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    return list(table.itertuples(index=False, name=None))


def _right_aligned(table: pd.DataFrame) -> list[bool]:
    """Right-align the columns of numbers."""
    columns = (table.iloc[:, place].astype(str) for place in range(table.shape[1]))
    return [are_numbers(column) for column in columns]


def _markdown(cell: object) -> str:
    return re.sub(r"([|*_`<])", r"\\\1", str(cell)).replace("\n", " ")


def _tex(cell: object) -> str:
    text = str(cell).replace("\n", " ")
    if re.fullmatch(r"-\d[\d.]*", text):
        return f"${text}$"
    text = "".join(_TEX.get(character, character) for character in text)
    # A bracket after a row's \\ would be read as that command's optional argument.
    return f"{{{text}}}" if text.startswith("[") else text
