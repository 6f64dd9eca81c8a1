"""Where differences come from: the source, the target, the two together, or seeds.

A gain of source i at stage seed s on target j at target seed t is taken for

    mean + source + target + pair + seed of the source (alone, and on that target)
         + seed of the target (alone, and after that source) + what both seeds leave

each a sample of its own. Seeds are nested: the first of one source has nothing to do with the first
of another. Of a balanced table all variances follow from its mean squares.
"""

from typing import NamedTuple

import numpy as np

from stilts.evidence.comparisons.estimate import LEVEL

PARTS = ("source", "target", "pair", "source seed", "target seed", "both seeds")
DRAWS, SEED = 10_000, 0


class Squares(NamedTuple):
    """Sums of squares, or mean squares, of a table [sources, seeds, targets, seeds]."""

    source: float
    target: float
    pair: float
    source_seed: float
    target_seed: float
    source_seed_by_target: float
    target_seed_by_source: float
    both_seeds: float


class Share(NamedTuple):
    """A part of the variance of one gain.

    Attributes:
        part: one of PARTS.
        share: of the variance of a gain.
        low, high: the 95 % interval of `share`.
        spread: the part's standard deviation, in the unit of the gains.
    """

    part: str
    share: float
    low: float
    high: float
    spread: float


def shares(gains: np.ndarray) -> list[Share]:
    """Return what each part contributes to the variance of a gain.

    Each interval is that of generalised pivots (Weerahandi 1995): mean squares of normal samples
    are drawn as their chi squared, and the shares follow from each draw.

    Args:
        gains: float64 [sources, seeds, targets, seeds], two of each at least, none missing.

    Raises:
        ValueError: a side that has one sample only cannot be told apart.
    """
    if min(gains.shape) < 2:
        raise ValueError(f"{gains.shape}: two sources, targets and seeds of either are needed")
    squares, freedom = sums_of_squares(gains), degrees(gains.shape)
    means = Squares(*np.divide(squares, freedom))
    found = np.maximum(variances(means, gains.shape), 0)
    random = np.random.default_rng(SEED)
    drawn = [
        square / random.chisquare(df, DRAWS) for square, df in zip(squares, freedom, strict=True)
    ]
    tried = np.maximum(variances(Squares(*drawn), gains.shape), 0)
    with np.errstate(invalid="ignore"):
        own, theirs = found / found.sum(), tried / tried.sum(axis=0)
    tail = 100 * (1 - LEVEL) / 2
    ends = np.percentile(theirs, (tail, 100 - tail), axis=1).T
    return [
        Share(part, float(own[place]), *map(float, ends[place]), float(np.sqrt(found[place])))
        for place, part in enumerate(PARTS)
    ]


def sums_of_squares(gains: np.ndarray) -> Squares:
    """Return the sums of squares of a balanced table, which add up to its whole."""
    sources, seeds, targets, others = gains.shape
    mean = gains.mean()
    by_source, by_target = (gains.mean(axes, keepdims=True) for axes in ((1, 2, 3), (0, 1, 3)))
    pair = gains.mean((1, 3), keepdims=True)
    of_source, of_target = (gains.mean(axes, keepdims=True) for axes in ((2, 3), (0, 1)))
    on_target, after_source = gains.mean(3, keepdims=True), gains.mean(1, keepdims=True)
    return Squares(
        seeds * targets * others * _sum(by_source - mean),
        sources * seeds * others * _sum(by_target - mean),
        seeds * others * _sum(pair - by_source - by_target + mean),
        targets * others * _sum(of_source - by_source),
        sources * seeds * _sum(of_target - by_target),
        others * _sum(on_target - of_source - pair + by_source),
        seeds * _sum(after_source - of_target - pair + by_target),
        _sum(gains - on_target - after_source + pair),
    )


def degrees(shape: tuple[int, ...]) -> Squares:
    """Return the degrees of freedom of each sum of squares."""
    a, s, b, t = shape
    return Squares(
        a - 1,
        b - 1,
        (a - 1) * (b - 1),
        a * (s - 1),
        b * (t - 1),
        a * (s - 1) * (b - 1),
        b * (t - 1) * (a - 1),
        a * b * (s - 1) * (t - 1),
    )


def variances(means: Squares, shape: tuple[int, ...]) -> np.ndarray:
    """Return the variance of each of PARTS [6, ...] from mean squares, below 0 where they say so.

    A seed's part is what it does alone and what it does with one partner.
    """
    sources, seeds, targets, others = shape
    rest = np.asarray(means.both_seeds)
    on_target = (means.source_seed_by_target - rest) / others
    after_source = (means.target_seed_by_source - rest) / seeds
    of_source = (means.source_seed - means.source_seed_by_target) / (targets * others)
    of_target = (means.target_seed - means.target_seed_by_source) / (sources * seeds)
    within = means.source_seed_by_target + means.target_seed_by_source - rest
    pair = (means.pair - within) / (seeds * others)
    source = means.source - means.source_seed - means.pair + means.source_seed_by_target
    target = means.target - means.target_seed - means.pair + means.target_seed_by_source
    return np.array(
        [
            source / (seeds * targets * others),
            target / (sources * seeds * others),
            pair,
            np.maximum(of_source, 0) + np.maximum(on_target, 0),
            np.maximum(of_target, 0) + np.maximum(after_source, 0),
            rest,
        ]
    )


def _sum(values: np.ndarray) -> float:
    return float((values**2).sum())
