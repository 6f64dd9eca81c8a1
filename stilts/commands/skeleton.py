"""A study to begin with, in one commented file, its task guessed from what the data hold.

python -m stilts.commands.skeleton mine                                  tasks of the catalogue
python -m stilts.commands.skeleton mine train=a.csv validation=b.csv     files of yours
python -m stilts.commands.skeleton mine --hub acme/weather --mirror /data/hub
"""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from stilts.errors import UserError
from stilts.files.manifest import write_atomic
from stilts.question.grid import cross
from stilts.tasks.guess import guess_task
from stilts.tasks.make import TRAIN
from stilts.tasks.sources.read import read_source, splits_there

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_CATALOGUE_TARGET = "rte"
_SCORED = "validation"
# What is written where nothing is there to be scored on.
_DIVIDE = {_SCORED: 0.1, "seed": 42}
_TEXT = """\
# A study of your own. What would run, in hours and disk, before anything runs:
#   snakemake --cores all plan --config 'studies=[{file}]'{more}
title: {name}
models: [roberta-large]             # of catalogue/models.yaml; or {{mine: {{path: /models/mine}}}}
chains: [none, hellaswag-p, cola]   # none: straight to the target, what gains are measured against
targets: [{target}]
grid: {{lr: [1.0e-5, 2.0e-5], seed: [1, 2, 3]}} # {points} runs per chain and target
settings:                           # every one: docs/settings.md
  all: {{epochs: 3, batch: 16, warmup: 0.1}}
  intermediates: {{lr: 1.0e-5, seed: 42}}
"""
_GUESSED = """\

# Guessed from {place}, {count:,} rows: read it, and correct it. Every field: catalogue/README.md.
# Columns: {columns}
tasks:
"""
_NOTES = {
    "first": "text A: columns and the text around them",
    "second": "text B; without it the model reads one text",
    "options": "the column that lists the options",
    "label": "the column of the answer",
    "labels": "the names of the answers; where the data hold numbers, names in their order",
    "range": "of answers that are numbers",
    "drop": "rows without an answer",
    "max_tokens": "19 of 20 rows should fit; a guess, by their words",
}


def skeleton(
    name: str, source: Mapping[str, Any] | None = None, mirror: str | None = None
) -> tuple[str, str]:
    """Return the text of a study, and what to type next.

    Args:
        name: of the study, and of its task where there is a source.
        source: of the task, as in the catalogue: `files` or `hub`; None: a task of the catalogue.
        mirror: a folder that replaces the hub.

    Raises:
        UserError: a name that cannot be part of a path, or data that tell nothing.
    """
    if not _NAME.fullmatch(name):
        raise UserError(f"NAME: '{name}' becomes part of paths: use a-z, 0-9, '.', '_' and '-'")
    target = f"{name}-task" if source else _CATALOGUE_TARGET
    more = f" mirror={mirror}" if mirror else ""
    points = len(cross({"lr": [1, 2], "seed": [1, 2, 3]}))
    facts = {"name": name, "file": f"{name}.yaml", "target": target, "points": points}
    text = _TEXT.format(**facts, more=more)
    if source:
        text += _task(target, source, mirror)
    return text, f"snakemake --cores all plan --config 'studies=[{name}.yaml]'{more}"


def _task(name: str, source: Mapping[str, Any], mirror: str | None) -> str:
    rows, _ = read_source(source, TRAIN, mirror=mirror)
    place = str(source["files"][TRAIN] if "files" in source else source["hub"])
    there = splits_there(source, mirror)
    lacking = there is not None and _SCORED not in there
    whole = dict(source) | ({"divide": _DIVIDE} if lacking else {})
    block = {"title": name, "source": whole, **guess_task(rows, place)}
    lines = [f"  {name}:"]
    for key, value in block.items():
        held = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
        line = f"    {key}: {held.strip().removesuffix('...').strip()}"
        lines.append(f"{line:<38}  # {_NOTES[key]}" if key in _NOTES else line)
    columns = ", ".join(dict.fromkeys(column for row in rows for column in row))
    head = _GUESSED.format(place=place, count=len(rows), columns=columns)
    return head + "\n".join(lines) + "\n"


def main(words: Sequence[str] | None = None) -> None:
    """Write NAME.yaml where the reader stands; an existing file is never written over."""
    parser = argparse.ArgumentParser(prog="make study", description=__doc__.partition("\n")[0])
    parser.add_argument("name", help="of the study: NAME.yaml is written")
    parser.add_argument("files", nargs="*", metavar="split=file", help="train=a.csv, …")
    parser.add_argument("--hub", help="a data set of the hub, org/name")
    parser.add_argument("--config", help="its config, where it has several")
    parser.add_argument("--mirror", help="a folder that replaces the hub")
    given = parser.parse_args(words)
    try:
        source = _source(given)
        text, then = skeleton(given.name, source, given.mirror)
        path = Path(f"{given.name}.yaml")
        if path.exists():
            raise UserError(f"{path} is there: delete it, or give another NAME")
        write_atomic(path, text)
    except UserError as error:
        sys.exit(f"error: {error}")
    print(f"{path}: read and correct it, then: {then}")


def _source(given: argparse.Namespace) -> dict[str, Any] | None:
    if given.files and given.hub:
        raise UserError("give files or --hub, not both")
    if given.hub:
        return {"hub": given.hub, **({"config": given.config} if given.config else {})}
    files: dict[str, str] = {}
    for word in given.files:
        split, equals, file = word.partition("=")
        if not (split and equals and file):
            raise UserError(f"'{word}': write split=file, such as train=data/train.csv")
        files[split] = file
    if files and TRAIN not in files:
        raise UserError(f"'{TRAIN}=' is missing among the files: {', '.join(given.files)}")
    return {"files": files} if files else None


if __name__ == "__main__":
    main()
