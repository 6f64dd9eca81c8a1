"""Which differences a question could find, before anything runs."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from stilts.question.chain import chain_seed, unseeded
from stilts.question.grid import parse_point


class Design(NamedTuple):
    """The seeds behind a mean of a study: of the stages before, of the target, tied or crossed."""

    study: str
    walks: int
    seeds: int
    tied: bool


def seen(cells: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line per study: the smallest differences of means that 80 of 100 such would find.

    cells: as `stilts.commands.costs.lay_out` describes them.
    """
    by_study: dict[str, list[str]] = defaultdict(list)
    for design, count in sorted(_designs(cells).items()):
        by_study[design.study].append(f"{_smallest(design)} ({count} means)")
    for study, texts in by_study.items():
        yield f"Seen at 80 % in {study}: differences of {', '.join(texts)},"
        yield " in what a seed moves them (std); of one intermediate seed, for that one alone."


def _designs(cells: Iterable[Mapping[str, Any]]) -> Counter[Design]:
    """Count the means of a question by their seeds."""
    found: dict[tuple, dict[str, frozenset]] = defaultdict(dict)
    for cell in cells:
        spec = cell["spec"]
        points = (parse_point(Path(run).stem) for run in cell["runs"])
        seeds = frozenset(point.get("seed") for point in points)
        mean = spec["study"], spec["model"], unseeded(spec["chain"]), spec["target"]
        if chain_seed(spec["chain"]) is None:
            mean += (None,)  # a walk with the study's own seed is no replicate of the others
        found[mean][spec["chain"]] = seeds
    return Counter(_design(mean[0], walks) for mean, walks in found.items())


def _design(study: str, walks: Mapping[str, frozenset]) -> Design:
    every = frozenset().union(*walks.values())
    tied = len(walks) > 1 and len(every) == sum(map(len, walks.values()))
    return Design(study, len(walks), len(every), tied)


def _smallest(design: Design) -> str:
    """Write the smallest difference, in what a seed of either kind moves it."""
    from stilts.evidence.comparisons.power import detectable_by_seeds, detectable_crossed

    _, walks, seeds, tied = design
    if tied or walks == 1 or seeds == 1:
        count = walks if tied or seeds == 1 else seeds
        least = f"{detectable_by_seeds(count):.1f}" if count > 1 else "any size: none"
        return f"{least} with {count} seed{'s' * (count > 1)}"
    least = detectable_crossed(walks, seeds, (1, 1, 1))
    return f"{least:.1f} with {walks} × {seeds} seeds"
