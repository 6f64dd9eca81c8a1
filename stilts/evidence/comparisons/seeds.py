"""What seeds leave open of a mean difference: mixed models of balanced designs, in closed form.

The grid is fixed: the question is about the mean over its points. Seeds are a sample: had others
been drawn, the mean would differ. So a difference is averaged over the grid first, which is exact,
and one number a seed, or a pair of seeds, remains. With few seeds the intervals are wide: that is
what few seeds can tell.
"""

from typing import NamedTuple

import numpy as np

from stilts.evidence.comparisons.estimate import Estimate

ROUNDS, CLOSE = 500, 1e-12  # of filling up holes


class MeanSquares(NamedTuple):
    """Of a two-way table of seeds, each `[...]`."""

    rows: np.ndarray
    columns: np.ndarray
    rest: np.ndarray


def one_way(differences: np.ndarray) -> Estimate:
    """Estimate the mean of `[..., seeds]`, one independent difference a seed: Student's t."""
    count = differences.shape[-1]
    mean = differences.mean(-1)
    if count < 2:
        return Estimate(mean)
    error = differences.std(-1, ddof=1) / np.sqrt(count)
    return Estimate(mean, ((error, np.full(np.shape(error), count - 1.0)[()]),))


def crossed(differences: np.ndarray) -> Estimate:
    """Estimate the mean of `[..., intermediate seeds, target seeds]`, both random, crossed.

    The variance of the mean is (MS rows + MS columns - MS rest) / cells. MS rest is left in, which
    errs on the wide side where neither seed matters: taken away, the estimate may become negative
    and the interval too narrow. Degrees of freedom are Satterthwaite's, of the two independent mean
    squares; where one of them has few, those are too many, so that the interval is never narrower
    than by either seed alone.
    """
    rows, columns = differences.shape[-2:]
    if rows < 2 or columns < 2:
        return one_way(differences.mean(-1 if columns < 2 else -2))
    squares = mean_squares(differences)
    return Estimate(
        differences.mean((-2, -1)), crossed_spreads(squares.rows, squares.columns, rows, columns)
    )


def crossed_spreads(
    of_rows: np.ndarray, of_columns: np.ndarray, rows: int, columns: int
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Return the spreads of `crossed` from the mean squares `[...]` of a table of that size."""
    sides, cells = ((of_rows, rows - 1.0), (of_columns, columns - 1.0)), rows * columns
    both = of_rows + of_columns
    weights = sum(square**2 / df for square, df in sides)
    df = np.where(weights > 0, both**2 / np.where(weights > 0, weights, 1), 1.0)[()]
    alone = ((np.sqrt(square / cells), df) for square, df in sides)
    return ((np.sqrt(both / cells), df), *alone)


def mean_squares(table: np.ndarray) -> MeanSquares:
    """Return the mean squares of `[..., rows, columns]`, one value a cell."""
    rows, columns = table.shape[-2:]
    mean = table.mean((-2, -1), keepdims=True)
    of_row, of_column = table.mean(-1, keepdims=True) - mean, table.mean(-2, keepdims=True) - mean
    rest = table - mean - of_row - of_column
    return MeanSquares(
        columns * (of_row**2).sum((-2, -1)) / (rows - 1),
        rows * (of_column**2).sum((-2, -1)) / (columns - 1),
        (rest**2).sum((-2, -1)) / ((rows - 1) * (columns - 1)),
    )


def components(table: np.ndarray) -> MeanSquares:
    """Return the variances between rows, between columns and of the rest of such a table.

    From the mean squares, none below 0. Of a balanced table with none at 0 they are those of
    restricted maximum likelihood.
    """
    rows, columns = table.shape[-2:]
    squares = mean_squares(table)
    return MeanSquares(
        np.maximum(squares.rows - squares.rest, 0) / columns,
        np.maximum(squares.columns - squares.rest, 0) / rows,
        squares.rest,
    )


def filled(table: np.ndarray) -> np.ndarray:
    """Return `[..., replicates, points]` with its holes (NaN) filled as row and column say.

    The means over the points are then those of least squares in the additive model of replicates
    and points, so that a lost run does not pull its seed towards the points that are left. Each
    replicate and each point must have a value.
    """
    holes = np.isnan(table)
    if not holes.any():
        return table
    found = np.where(holes, np.nanmean(table, axis=(-2, -1), keepdims=True), table)
    for _ in range(ROUNDS):
        means = found.mean(-1, keepdims=True) + found.mean(-2, keepdims=True)
        fitted = np.where(holes, means - found.mean((-2, -1), keepdims=True), found)
        moved = np.abs(fitted - found).max()
        found = fitted
        if moved < CLOSE:
            break
    return found
