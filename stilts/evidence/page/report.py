"""Fill the page's template with every table, figure and run of a question."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import jinja2
import yaml

from stilts.evidence.page import charts
from stilts.evidence.page.blocks import figure_block, in_order, table_block, verdicts
from stilts.evidence.page.records import records
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
    """Fill the template and write it to `page`: nothing else is needed to read it, no network.

    Args:
        page: the HTML file to write; links to files lead from its folder.
        template: a jinja2 template; text in it is escaped. What it includes lies beside it.
        question: the record of the question.
        studies: by name `title`, `cite`, `claim`, `label`, `protocol`, `order`, and the blocks of
            its `tables` and `figures` by file stem.
        tables: csv files.
        figures: png files.
    """
    record = question.read_text(encoding="utf-8")
    asked = yaml.safe_load(record)
    shown = {"tables": list(map(Path, tables)), "figures": list(map(Path, figures))}
    filled = {name: _filled(name, study, shown) for name, study in studies.items()}
    found = {name: records(page.parent, name, asked) for name in studies}
    for name, study in filled.items():
        for part in ("behind", "chart"):  # what only the page's script reads
            found[name][part] = {
                block["name"]: block[part] for block in study["blocks"] if block.get(part)
            }
    text = _environment(template).render(
        scale=page.parent.name,
        studies=filled,
        runs={name: len(each["runs"]["rows"]) for name, each in found.items()},
        data=_as_script(found),
        vega=charts.script() if any(each["chart"] for each in found.values()) else "",
        question=record,
    )
    write_atomic(page, text)


def _environment(template: Path) -> Any:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FileSystemLoader(template.parent),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template.name)


def _filled(name: str, study: Mapping[str, Any], shown: Mapping[str, list[Path]]) -> dict[str, Any]:
    make = {"tables": table_block, "figures": figure_block}
    blocks = [
        make[kind](study[kind][file.stem], file)
        for kind in ("figures", "tables")
        for file in shown[kind]
        if file.parent.parent.name == name
    ]
    return {**study, "blocks": in_order(blocks, study["order"]), "verdicts": verdicts(blocks)}


def _as_script(found: Any) -> str:
    """Write data so that no text in it can end the script element that holds it."""
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
