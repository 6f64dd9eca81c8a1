"""Side-by-side timing, and the tables that come of it."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Table:
    """What one part found: a title, a header, rows of text, and how it was measured."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str

    def __str__(self) -> str:
        """Return the table as Markdown."""
        lines = [self.header, ["---"] * len(self.header), *self.rows]
        body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        return f"## {self.title}\n\n{self.note}\n\n{body}\n"


def side_by_side(
    contenders: Mapping[str, Callable[[], Sequence[float]]], rounds: int
) -> dict[str, float]:
    """Return each contender's median time, all called in turn (A B A B ...) for `rounds` rounds.

    Machines slow down and speed up: contenders that take turns meet the same weather.
    """
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, measure in contenders.items():
            times[name] += measure()
    return {name: median(values) for name, values in times.items()}


def progress(text: str) -> None:
    """Say on the terminal what is being timed."""
    print(text, file=sys.stderr, flush=True)
