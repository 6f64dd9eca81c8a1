"""One page, in one file, with every figure and table of a run."""

import base64
import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import jinja2

from stilts.files.manifest import write_atomic


def write_report(
    page: Path,
    *,
    template: Path,
    question: Path,
    studies: Mapping[str, Mapping[str, Any]],
    tables: Iterable[str],
    figures: Iterable[str],
) -> None:
    """Fill the template and write it to `page`; figures are embedded, nothing else is needed.

    Args:
        page: the HTML file to write.
        template: a jinja2 template; text in it is escaped.
        question: the record of the question.
        studies: by name `title`, `cite`, `claim`, `label`, `protocol`, and the blocks of its
            `tables` and `figures` by file stem.
        tables: csv files.
        figures: png files.
    """
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    files = {"tables": list(map(Path, tables)), "figures": list(map(Path, figures))}
    filled = {
        name: {
            **study,
            "tables": [_block(study, "tables", file) for file in _of(name, files["tables"])],
            "figures": [_block(study, "figures", file) for file in _of(name, files["figures"])],
        }
        for name, study in studies.items()
    }
    text = environment.from_string(template.read_text(encoding="utf-8")).render(
        scale=page.parent.name, studies=filled, question=question.read_text(encoding="utf-8")
    )
    write_atomic(page, text)


def _of(study: str, files: Iterable[Path]) -> list[Path]:
    return [file for file in files if file.parent.parent.name == study]


def _block(study: Mapping[str, Any], kind: str, file: Path) -> dict[str, Any]:
    spec = study[kind][file.stem]
    block = {"name": file.stem, "file": file.as_posix(), "title": spec["title"]}
    block["caption"] = spec.get("caption", "")
    if kind == "figures":
        return block | {"png": base64.b64encode(file.read_bytes()).decode()}
    with file.open(newline="", encoding="utf-8") as stream:
        return block | {"rows": list(csv.reader(stream))}
