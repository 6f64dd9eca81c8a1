"""python -m benchmarks.components RUNS.CSV: what moves the runs of a study, to simulate them.

From the runs of a grid with several target seeds, paired with those of no intermediate task, come
the deviation between runs and what a target's seed adds to a difference; from those of a Latin
square what a seed of the intermediate stage, of the target, and the order add.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from benchmarks.simulated import Design
from stilts.evidence.comparisons.seeds import components
from stilts.evidence.tables.variance import sources
from stilts.question.chain import NONE, unseeded
from stilts.question.grid import parse_point

FILE = Path(__file__).parent / "components.yaml"
SQUARE = "order_seed"  # the axis that only runs of a square have
LEAST = 30  # pairs of runs below which a cell tells too little


def main(words: list[str] | None = None) -> None:
    """Fit, and write the file that `make coverage` reads."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.components", description=__doc__)
    parser.add_argument("runs", type=Path, help="runs.csv of a study")
    parser.add_argument("--out", type=Path, default=FILE, help="where the components go")
    chosen = parser.parse_args(words)
    fitted = fit(pd.read_csv(chosen.runs, keep_default_na=False, na_values=[""]))
    text = (
        f"# Written by python -m benchmarks.components, of the runs of scale {fitted['scale']}.\n"
    )
    chosen.out.write_text(text + yaml.safe_dump(fitted, sort_keys=False), encoding="utf-8")


def fit(runs: pd.DataFrame) -> dict[str, Any]:
    """Return the components of runs, each over its cells: median, nine tenths and largest.

    Deviations of a seed are in units of that between two runs which differ in nothing else that is
    fitted; that one is in points.
    """
    point = runs["point"].map(parse_point)
    square = point.map(lambda values: SQUARE in values)
    grid = list(_grids(runs[~square]))
    found = {"scale": str(runs["scale"].iloc[0]), "cells": len(grid)}
    found["run"] = _over([run for run, _ in grid])
    found["target_seed"] = _over([seed for _, seed in grid])
    squares = list(_squares(runs[square]))
    if squares:
        found["squares"] = len(squares)
        for name in squares[0]:
            found[f"square_{name}"] = _over([each[name] for each in squares])
    return found


def _grids(runs: pd.DataFrame) -> Iterator[tuple[float, float]]:
    """Yield, by cell, the deviation of a run in points and that of a target's seed in its units."""
    rests = runs["point"].map(lambda name: str(_without_seed(parse_point(name))))
    keyed = runs.assign(rest=rests).set_index(["target", "rest", "seed"])
    base = keyed[keyed["chain"] == NONE]["score"]
    for (chain, _), cell in keyed.groupby(["chain", "target"]):
        if chain == NONE:
            continue
        gains = (cell["score"] - base.reindex(cell.index)).unstack("seed").dropna()
        if gains.size >= LEAST and gains.shape[1] > 1:
            of_seed, _, rest = components(gains.to_numpy().T)
            run = np.sqrt(rest / 2)  # a difference is of two runs
            yield float(100 * run), float(np.sqrt(of_seed) / run)


def _without_seed(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "seed"}


def _squares(runs: pd.DataFrame) -> Iterator[dict[str, float]]:
    """Yield, by chain and target, the deviations of a Latin square in units of its rest."""
    for (chain, _), cell in runs.groupby([runs["chain"].map(unseeded), "target"]):
        found = {} if chain == NONE else sources(cell)
        rest = found.pop("interactions", None)
        if rest is not None and rest.value > 0:
            yield {
                name.replace(" ", "_"): float(np.sqrt(part.value / rest.value))
                for name, part in found.items()
            }


def _over(values: list[float]) -> dict[str, float]:
    ends = {"median": 0.5, "nine_tenths": 0.9, "largest": 1.0}
    return {name: round(float(np.quantile(values, at)), 3) for name, at in ends.items()}


def fitted_designs(file: Path = FILE) -> tuple[Design, ...]:
    """Return experiments with the components of the file, as `benchmarks.simulated` draws them."""
    fitted = yaml.safe_load(file.read_text(encoding="utf-8"))
    what = f"a grid of 36, 2 target seeds as in {fitted['cells']} cells of {fitted['scale']}"
    designs = [
        Design(f"{what}, {name.replace('_', ' ')}", 1, 2, 18, 0, size)
        for name, size in fitted["target_seed"].items()
    ]
    if "squares" in fitted:
        seeds = (fitted[f"square_{name}_seed"] for name in ("intermediate", "target"))
        for name, walk, seed in zip(fitted["run"], *(part.values() for part in seeds), strict=True):
            said = f"5 × 5 seeds as in {fitted['squares']} squares of {fitted['scale']}"
            designs.append(Design(f"{said}, {name.replace('_', ' ')}", 5, 5, 1, walk, seed))
    return tuple(designs)


if __name__ == "__main__":
    main()
