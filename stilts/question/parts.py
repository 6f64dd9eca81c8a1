"""What one job runs: the points of a cell, cut, and the rule that makes them."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from stilts.question.cells import Cell, Points
from stilts.question.chain import seed_mark, unseeded

ANY = "[^/]+"  # matches every name
Runs = tuple[tuple[str, str], ...]  # of a part, see there


class Part(NamedTuple):
    """Points that one job runs for one cell, or for cells that differ in the seed of a walk alone.

    Attributes:
        rule: the name of the rule.
        study: whose points they are.
        runs: the mark of a chain's seed (`^7`, or nothing), and the name of a point.
        cells: that have them.
        model: the pattern of a model; it looks ahead to a chain and target that make a cell of it.
    """

    rule: str
    study: str
    runs: Runs
    cells: tuple[Cell, ...]
    model: str

    @property
    def marks(self) -> list[str]:
        """The marks of the seeds, each once."""
        return list(dict.fromkeys(mark for mark, _ in self.runs))

    def files(self, form: str) -> list[str]:
        """Return `form` with each run's `<mark>` and `<point>` in place."""
        return [form.replace("<mark>", mark).replace("<point>", point) for mark, point in self.runs]

    def points(self, cell: Cell) -> list[str]:
        """Return the names of the points that are run for one of the cells."""
        own = seed_mark(cell.chain)
        return [point for mark, point in self.runs if mark == own]


def cut(study: str, points: Mapping[Cell, Points], size: int, prefix: str) -> list[Part]:
    """Return the points of a study's cells, cut into the parts that one job runs.

    Args:
        study: its name.
        points: of each cell.
        size: how many runs a job makes at most.
        prefix: of the names of rules; of a single one it is the name.
    """
    sets, found = _walks(points), []
    for runs, cells in sets.items():
        for start in range(0, len(runs), size):
            part = runs[start : start + size]
            made = tuple(cell for cell in cells if seed_mark(cell.chain) in dict(part))
            found.append((part, made, ANY if len(sets) == 1 else _ahead(made)))
    names = [f"{prefix}_{n}" for n in range(1, len(found) + 1)] if len(found) > 1 else [prefix]
    return [Part(name, study, *part) for name, part in zip(names, found, strict=False)]


def _walks(points: Mapping[Cell, Points]) -> dict[Runs, list[Cell]]:
    """Return cells by the runs of those that differ in a walk's seed alone.

    Such cells have few points each, often one, and a job takes a while to start.
    """
    walks: dict[tuple[Cell, bool], list[Cell]] = {}
    for cell in points:
        alike = cell._replace(chain=unseeded(cell.chain)), bool(seed_mark(cell.chain))
        walks.setdefault(alike, []).append(cell)
    sets: dict[Runs, list[Cell]] = {}
    for cells in walks.values():
        runs = tuple((seed_mark(cell.chain), point) for cell in cells for point in points[cell])
        sets.setdefault(runs, []).extend(cells)
    return sets


def _ahead(cells: Iterable[Cell]) -> str:
    """Return the pattern of a model with what follows it in the path of one of the cells.

    Snakemake compiles it for every file of a rule, so it is kept short.
    """
    targets: dict[str, list[str]] = {}
    for cell in cells:
        targets.setdefault(f"{cell.model}/{cell.chain}", []).append(cell.target)
    walked: dict[tuple[str, ...], list[str]] = {}
    for names, ends in targets.items():
        walked.setdefault(tuple(ends), []).append(names)
    paths = (f"(?:{any_of(names)})/(?:{any_of(ends)})" for ends, names in walked.items())
    return f"(?=(?:{'|'.join(paths)})/){ANY}"


def any_of(names: Iterable[str]) -> str:
    """Return the pattern that matches some names and nothing else."""
    return "|".join(map(re.escape, names))
