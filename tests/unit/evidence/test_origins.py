"""Shares of a gain, against least squares and against worlds whose shares are known."""

import itertools

import numpy as np
import pytest

from stilts.evidence.comparisons.origins import (
    PARTS,
    Squares,
    degrees,
    shares,
    sums_of_squares,
    variances,
)

SHAPE = (3, 2, 4, 3)
# Which indices (source, its seed, target, its seed) each line of the table is about.
LINES = {
    "source": (0,),
    "target": (2,),
    "pair": (0, 2),
    "source_seed": (0, 1),
    "target_seed": (2, 3),
    "source_seed_by_target": (0, 1, 2),
    "target_seed_by_source": (2, 3, 0),
    "both_seeds": (0, 1, 2, 3),
}


def dummies(indices):
    """A column for each combination of some indices, a row for each cell of a table."""
    cells = list(itertools.product(*map(range, SHAPE)))
    keys = [tuple(cell[index] for index in indices) for cell in cells]
    return np.array([[key == name for name in sorted(set(keys))] for key in keys], float)


def projections():
    """What each line adds to those before it, as a projection of the whole table."""
    before, found = np.full((np.prod(SHAPE),) * 2, 1 / np.prod(SHAPE)), {}
    design = np.ones((np.prod(SHAPE), 1))
    for name, indices in LINES.items():
        design = np.hstack([design, dummies(indices)])
        u, singular, _ = np.linalg.svd(design, full_matrices=False)
        u = u[:, singular > 1e-9]
        found[name], before = u @ u.T - before, u @ u.T
    return found


def test_sums_of_squares_are_those_of_least_squares_and_add_up():
    gains = np.random.default_rng(0).normal(size=SHAPE)
    found, flat = sums_of_squares(gains), gains.ravel()
    for name, projection in projections().items():
        assert getattr(found, name) == pytest.approx(flat @ projection @ flat), name
        assert getattr(degrees(SHAPE), name) == round(np.trace(projection)), name
    assert sum(found) == pytest.approx(((gains - gains.mean()) ** 2).sum())


@pytest.mark.parametrize("line", LINES)
def test_a_variance_is_found_where_it_is_and_nowhere_else(line):
    """By the mean squares that are expected of it: the trace of a projection times covariance."""
    covariance = dummies(LINES[line]) @ dummies(LINES[line]).T
    expected = Squares(
        **{
            name: np.trace(projection @ covariance) / np.trace(projection)
            for name, projection in projections().items()
        }
    )
    found = dict(zip(PARTS, variances(expected, SHAPE), strict=True))
    part = {"source_seed_by_target": "source seed", "target_seed_by_source": "target seed"}
    own = part.get(line, line.replace("_", " "))
    assert found.pop(own) == pytest.approx(1)
    assert list(found.values()) == pytest.approx([0] * 5, abs=1e-9)


def world(random, spreads, shape):
    """A table of gains whose parts have these standard deviations."""
    a, s, b, t = shape
    sizes = ((a, 1, 1, 1), (1, 1, b, 1), (a, 1, b, 1), (a, s, 1, 1), (1, 1, b, t), (a, s, b, t))
    parts = zip(spreads, sizes, strict=True)
    return 0.3 + sum(random.normal(0, spread, size) for spread, size in parts)


def test_shares_add_up_and_are_those_of_a_large_world():
    spreads = np.array([2.0, 1.0, 1.5, 0.5, 0.8, 0.3])
    found = shares(world(np.random.default_rng(2), spreads, (60, 3, 60, 3)))
    known = spreads**2 / (spreads**2).sum()
    assert sum(each.share for each in found) == pytest.approx(1)
    for each, share, spread in zip(found, known, spreads, strict=True):
        assert each.share == pytest.approx(share, abs=0.12) and each.low <= share <= each.high
        assert each.spread == pytest.approx(spread, rel=0.35)


def test_an_interval_holds_the_share_about_as_often_as_it_says():
    random, spreads = np.random.default_rng(5), np.array([1.0, 1.0, 1.0, 0.7, 0.7, 1.0])
    known, held = spreads**2 / (spreads**2).sum(), np.zeros(6)
    for _ in range(60):
        found = shares(world(random, spreads, (8, 3, 8, 3)))
        held += [each.low <= share <= each.high for each, share in zip(found, known, strict=True)]
    assert (held / 60 >= 0.85).all(), dict(zip(PARTS, held / 60, strict=True))


def test_nothing_can_be_told_of_one_seed():
    with pytest.raises(ValueError, match="two sources, targets and seeds of either"):
        shares(np.zeros((4, 1, 4, 3)))
