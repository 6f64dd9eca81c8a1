"""Where a variance comes from: components of a Latin square of seeds, with intervals.

Rows are the seeds of the intermediate stage, columns those of the target, letters the orders of the
examples. Each pair of two meets once, so that the three main effects are told apart by n * n runs.
What is left, the rest, is all interactions: a run of the same three seeds would be the same run.
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import chi2
from scipy.stats import f as fisher

from stilts.evidence.comparisons.estimate import LEVEL

SOURCES = ("rows", "columns", "letters")


class Component(NamedTuple):
    """A variance, with its interval and the degrees of freedom of the mean square behind it."""

    value: float
    low: float
    high: float
    df: int


def latin_square(
    table: np.ndarray, letters: np.ndarray, level: float = LEVEL
) -> dict[str, Component]:
    """Return the components of a square, by source, and of the `rest`.

    Args:
        table: one value a cell, float64 `[n, n]`.
        letters: which letter a cell has, int `[n, n]`, each once in every row and column.
        level: of the intervals, those of Ting et al. (1990) for a difference of mean squares; they
            are cut off at 0.

    Raises:
        ValueError: the letters make no Latin square, or n is below 3.
    """
    n = len(table)
    wanted = set(range(n))
    lines = [*letters, *letters.T]
    if n < 3 or any(set(line.tolist()) != wanted for line in lines):
        raise ValueError(f"letters {letters.tolist()} make no Latin square of 3 or more")
    mean = table.mean()
    means = {
        "rows": table.mean(1),
        "columns": table.mean(0),
        "letters": np.array([table[letters == letter].mean() for letter in range(n)]),
    }
    squares = {source: n * ((of - mean) ** 2).sum() for source, of in means.items()}
    df, rest_df = n - 1, (n - 1) * (n - 2)
    left = ((table - mean) ** 2).sum() - sum(squares.values())
    rest = max(float(left), 0.0) / rest_df
    found = {
        source: _between(squares[source] / df, rest, df, rest_df, n, level) for source in SOURCES
    }
    return {**found, "rest": spread(rest, rest_df, level)}


def spread(square: float, df: int, level: float = LEVEL) -> Component:
    """Return a variance that a mean square is of: the interval is that of chi square."""
    tail = (1 - level) / 2
    low, high = (df * square / chi2.ppf(place, df) for place in (1 - tail, tail))
    return Component(float(square), float(low), float(high), df)


def _between(square: float, rest: float, df: int, rest_df: int, n: int, level: float) -> Component:
    """Return the variance (square - rest) / n."""
    tail = (1 - level) / 2
    low, high = (_end(square, rest, df, rest_df, place) for place in (1 - tail, tail))
    ends = (max(square - rest - low, 0) / n, max(square - rest + high, 0) / n)
    return Component(max(float(square - rest), 0.0) / n, float(ends[0]), float(ends[1]), df)


def _end(square: float, rest: float, df: int, rest_df: int, place: float) -> float:
    """Return how far an end lies from the difference of two mean squares."""
    both = fisher.ppf(place, df, rest_df)
    one = 1 - df / chi2.ppf(place, df)
    other = rest_df / chi2.ppf(1 - place, rest_df) - 1
    mixed = ((both - 1) ** 2 - (one * both) ** 2 - other**2) / both
    inside = (one * square) ** 2 + (other * rest) ** 2 + mixed * square * rest
    return float(np.sqrt(max(inside, 0)))
