"""The runs of sweeps that stand apart: at other points, and no part of what is shown elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from stilts.errors import unknown
from stilts.evidence.results import Inputs

KEYS = ["model", "chain", "target", "point"]


def shown(inputs: Inputs) -> pd.DataFrame:
    """Return the runs without those that only a sweep has which stands apart."""
    hidden = _index(inputs.question.get("hidden", {}))
    return inputs.runs[~pd.MultiIndex.from_frame(inputs.runs[KEYS]).isin(hidden)]


def of_sweeps(inputs: Inputs, sweeps: Sequence[str]) -> Inputs:
    """Return the inputs with the runs of some sweeps that stand apart, and no others.

    Raises:
        UserError: no such sweep stands apart in the study.
    """
    known = inputs.question.get("apart", {})
    for sweep in sweeps:
        if sweep not in known:
            raise unknown("sweep", sweep, known, "'sweeps' of a table of the study's report.yaml")
    runs = inputs.runs if inputs.everything is None else inputs.everything
    places = [place for sweep in sweeps for place in _index(known[sweep])]
    kept = runs[pd.MultiIndex.from_frame(runs[KEYS]).isin(places)]
    return replace(inputs, question={**inputs.question, "cells": _counts(places)}, runs=kept)


def _index(cells: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(_places(cells)))


def _places(cells: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for model, chains in cells.items():
        for chain, targets in chains.items():
            for target, points in targets.items():
                yield from ((model, chain, target, point) for point in points)


def _counts(places: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    counts: dict[str, Any] = {}
    for model, chain, target, _ in dict.fromkeys(places):
        targets = counts.setdefault(model, {}).setdefault(chain, {})
        targets[target] = targets.get(target, 0) + 1
    return counts
