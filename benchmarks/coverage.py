"""python -m benchmarks.coverage: how often does a 95 % interval hold what it is for?"""

import argparse
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from benchmarks.components import fitted_designs
from benchmarks.simulated import Held, of_shares, of_the_best, over_examples, over_seeds
from benchmarks.table import Table, progress
from benchmarks.tests_called import Called, fitted_called, tests_called

PAGE = Path(__file__).parents[1] / "docs" / "coverage.md"
EXPERIMENTS, SEED = 2_000, 1
GOAL = (0.93, 0.97)
PARTS = (over_seeds, over_examples, of_shares, of_the_best)


def main(words: list[str] | None = None) -> None:
    """Simulate, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--experiments", type=int, default=EXPERIMENTS, help="of each row")
    parser.add_argument("--seed", type=int, default=SEED, help="of the simulation")
    parser.add_argument("--out", type=Path, default=PAGE, help="where the page goes")
    chosen = parser.parse_args(words)
    start, random = time.monotonic(), np.random.default_rng(chosen.seed)
    held: list[Held] = []
    for part in PARTS:
        for row in part(chosen.experiments, random):
            progress(f"{row.interval}, {row.design}: {percent(row.ours)}")
            held.append(row)
    designs = fitted_designs()
    # Generators of their own: other components change no other row.
    for row in over_seeds(chosen.experiments, np.random.default_rng([chosen.seed, 1]), designs):
        progress(f"{row.interval}, {row.design}: {percent(row.ours)}")
        held.append(row)
    called = list(tests_called(chosen.experiments, random))
    called += fitted_called(chosen.experiments, np.random.default_rng([chosen.seed, 2]), designs)
    chosen.out.write_text(page(held, called, chosen.experiments, chosen.seed), encoding="utf-8")
    progress(f"{chosen.out}: {time.monotonic() - start:.0f} s")


def page(held: Iterable[Held], called: Iterable[Called], experiments: int, seed: int) -> str:
    """Return the page as Markdown."""
    held = list(held)
    error = 100 * np.sqrt(0.95 * 0.05 / experiments)
    rows = [
        (row.interval, row.design, mark(row.ours), percent(row.naive), row.usual) for row in held
    ]
    intervals = Table(
        "Intervals",
        ("interval", "experiment", "ours holds, %", "the usual holds, %", "the usual one"),
        rows,
        "Each is a 95 % interval, and what is to be held is known. The goal is 93 to 97 %: bold is"
        " below it (too narrow), italic above (wider than need be). The components are multiples of"
        " the deviation between runs, 1 or 3 (*change much*).",
    )
    tests = Table(
        "Tests",
        ("test", "experiment", "ours, %", "wanted, %", "without it, %"),
        [(c.test, c.design, percent(c.ours), c.wanted, percent(c.naive)) for c in called],
        "How often a difference, or an equivalence, is called.",
    )
    return (
        f"# Do the intervals hold?\n\nWritten by `make coverage`: {experiments:,} simulated"
        f" experiments a row, seed {seed}; a share is known to ± {2 * error:.1f} points.\n\n{ABOUT}"
        f"\n{intervals}\n{tests}"
    )


ABOUT = """\
The interval of a difference is over seeds: the grid is fixed, seeds are a sample. Two of them tell
little, so it is wide; the bootstrap over the runs takes 36 runs that share two seeds for 36 seeds.
Intervals of crossed seeds are wider than need be where one kind of seed changes nothing, which
nobody knows beforehand, and bounds by ranks are so because ranks are whole. The interval over
examples is of the runs at hand. No interval is for the intermediate checkpoint where there is one
only: then the tables say so.
Rows that name cells of a scale take their components from its runs (benchmarks/components.yaml,
which `python -m benchmarks.components results/mini/rethinking/runs.csv` writes anew): the median
over the cells, nine tenths of them, and the largest.
"""


def mark(held: np.ndarray) -> str:
    """Write a share in percent, bold where it is too low and italic where it is too high."""
    share, text = np.mean(held), percent(held)
    return f"**{text}**" if share < GOAL[0] else f"*{text}*" if share > GOAL[1] else text


def percent(held: np.ndarray) -> str:
    """Write the share of true ones in percent."""
    return f"{100 * np.mean(held):.1f}"


if __name__ == "__main__":
    main()
