"""Simulated experiments whose truth is known: how often does each interval hold it?

Each function yields `Held` for one sort of interval. Scores are fractions; a run moves by `RUN`.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from stilts.evidence.comparisons.best_of import median_best
from stilts.evidence.comparisons.estimate import Estimate
from stilts.evidence.comparisons.examples import by_metric, right_answers
from stilts.evidence.comparisons.seeds import crossed, filled, one_way
from stilts.evidence.comparisons.shares import wilson
from stilts.evidence.statistics import bootstrap_delta, bootstrap_mean
from stilts.tasks.metrics import matthews_correlation

RUN = 0.02  # standard deviation between runs of one seed, and the unit of the other components
GAIN = 0.03  # the true difference
EXAMPLES = 300  # that a run is scored on
RESAMPLES = 500  # of the intervals that resample: enough for how often they hold


class Held(NamedTuple):
    """Which experiments' intervals held the truth, bool `[experiments]` each.

    Attributes:
        interval: what is estimated, and how.
        design: of the experiment.
        ours: of the interval that we print.
        naive: of the usual one.
        usual: which that is.
    """

    interval: str
    design: str
    ours: np.ndarray
    naive: np.ndarray
    usual: str


class Design(NamedTuple):
    """Seeds and grid of an experiment, and its components in units of a run's deviation.

    walks: seeds of the intermediate stages. tied: each target seed within one of these. lost: the
    share of runs that gave no score.
    """

    name: str
    walks: int
    seeds: int
    points: int
    by_walk: float
    by_seed: float
    tied: bool = False
    lost: float = 0.0


DESIGNS = (
    Design("a grid of 36, 2 target seeds that change nothing", 1, 2, 18, 0, 0),
    Design("a grid of 36, 2 target seeds", 1, 2, 18, 0, 1),
    Design("a grid of 36, 2 target seeds that change much", 1, 2, 18, 0, 3),
    Design("a grid of 36, 2 target seeds, 1 run of 20 lost", 1, 2, 18, 0, 1, lost=0.05),
    Design("a grid of 6, 2 target seeds", 1, 2, 3, 0, 1),
    Design("3 target seeds, each after an intermediate of its own seed", 3, 1, 1, 2, 1, tied=True),
    Design("5 intermediate seeds, 2 target seeds within each", 5, 2, 1, 2, 1, tied=True),
    Design("5 intermediate × 5 target seeds, neither changes anything", 5, 5, 1, 0, 0),
    Design("5 intermediate × 5 target seeds", 5, 5, 1, 1, 1),
    Design("5 intermediate × 5 target seeds, the intermediate's change much", 5, 5, 1, 3, 1),
    Design("5 intermediate × 5 target seeds, the target's change much", 5, 5, 1, 1, 3),
    Design("5 × 5 seeds, the target's change much, 1 run of 20 lost", 5, 5, 1, 1, 3, lost=0.05),
    Design("5 intermediate × 2 target seeds, a grid of 18", 5, 2, 18, 1, 1),
)


def differences(design: Design, experiments: int, random: np.random.Generator) -> dict:
    """Draw experiments: the scores `ours` [n, walks, seeds, points] and `base`, NaN where lost.

    A grid point moves both sides, and each in its own way; an intermediate seed moves one side, a
    target seed both and their difference. Scores are counts of right answers.
    """
    shape = (experiments, design.walks, design.seeds, design.points)
    walk = random.normal(0, design.by_walk, (*shape[:2], 1, 1))
    own = shape[:3] if design.tied else (experiments, 1, shape[2])
    seed = random.normal(0, design.by_seed, (*own, 1))
    both = random.normal(0, 1, (*own, 1)) + random.normal(0, 2, (1, 1, 1, design.points))
    apart = random.normal(0, 1, (1, 1, 1, design.points))
    apart -= apart.mean()
    base_shape = shape if design.tied else (experiments, 1, *shape[2:])
    base = both + random.normal(0, 1, base_shape)
    ours = both + apart + walk + seed + random.normal(0, 1, shape)
    sides = {"ours": 0.6 + GAIN + RUN * ours, "base": 0.6 + RUN * base}
    for name, scores in sides.items():
        counts = np.round(scores * EXAMPLES) / EXAMPLES
        sides[name] = np.where(random.random(scores.shape) < design.lost, np.nan, counts)
    return sides


def over_seeds(
    experiments: int, random: np.random.Generator, designs: tuple[Design, ...] = DESIGNS
) -> Iterator[Held]:
    """Yield the intervals of a mean difference over seeds, beside the bootstrap over all runs."""
    for design in designs:
        sides = differences(design, experiments, random)
        gains = sides["ours"] - sides["base"]
        naive = [
            _holds(bootstrap_delta(ours.ravel(), base.ravel(), resamples=RESAMPLES), GAIN)
            for ours, base in zip(sides["ours"], sides["base"], strict=True)
        ]
        what = "mean difference over seeds"
        holes = design.lost and design.points == 1
        ends = _with_holes(gains[..., 0]) if holes else _estimate(design, gains).interval()
        ours = _holds(ends, GAIN)
        yield Held(what, design.name, ours, np.array(naive), "bootstrap over all runs")


def _estimate(design: Design, gains: np.ndarray) -> Estimate:
    """Estimate as `stilts.evidence.comparisons.pairing` does, all experiments at once."""
    count, walks, seeds, points = gains.shape
    by_seeds = gains[..., 0]
    if points > 1:
        by_seeds = filled(gains.reshape(count, walks * seeds, points)).mean(-1)
        by_seeds = by_seeds.reshape(count, walks, seeds)
    return one_way(by_seeds.mean(-1)) if design.tied else crossed(by_seeds)


def _with_holes(tables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the intervals of [n, walks, seeds], one by one: seeds may be all lost."""
    ends = []
    for table in tables:
        there = ~np.isnan(table)
        left = table[there.any(axis=1)][:, there.any(axis=0)]
        ends.append(crossed(filled(left)).interval())
    low, high = np.array(ends).T
    return low, high


def over_examples(experiments: int, random: np.random.Generator) -> Iterator[Held]:
    """Yield the intervals over examples of an accuracy, beside the bootstrap over the runs."""
    for examples, runs in ((150, 36), (300, 36), (1000, 6)):
        held = []
        for _ in range(experiments):
            sides, gain = _answers(examples, runs, random)
            scores = [side.mean(axis=1) for side in sides]
            intervals = (
                right_answers(*sides, resamples=RESAMPLES),
                bootstrap_delta(*scores, resamples=RESAMPLES),
            )
            held.append([_holds(interval, gain) for interval in intervals])
        design = f"{examples:,} examples that are as hard for both, {runs} runs a side"
        what = "difference of accuracies of these runs over examples"
        yield Held(what, design, *np.array(held).T, "bootstrap over all runs")
    yield _by_correlation(experiments, random)


def _answers(
    examples: int, runs: int, random: np.random.Generator
) -> tuple[list[np.ndarray], float]:
    """Draw right answers of two sides, bool `[runs, examples]`, and their true difference.

    A run answers rightly if its skill exceeds how hard the example is, plus noise.
    """
    hard = random.normal(0, 1, examples)
    skills = [random.normal(level, 0.05, (runs, 1)) for level in (0.5, 0.4)]
    sides = [skill > hard + random.normal(0, 0.5, (runs, examples)) for skill in skills]
    true = [norm.cdf(skill / np.sqrt(1.25)).mean() for skill in skills]
    return sides, float(true[0] - true[1])


def _by_correlation(experiments: int, random: np.random.Generator) -> Held:
    """Hold intervals of a difference of Matthews correlations to the truth."""
    # A true label is 1 with probability 0.7; either side takes it for the other with these.
    wrong, share, held = ((0.15, 0.25), (0.22, 0.33)), 0.7, []
    true = [_correlation(share, *chances) for chances in wrong]
    for _ in range(experiments):
        labels = (random.random(400) < share).astype(int)
        sides = [
            np.where(random.random(400) < np.where(labels, *chances), 1 - labels, labels)[None]
            for chances in wrong
        ]
        parts = [matthews_correlation.score(side[0], labels) for side in sides]
        spread = np.sqrt(sum((1 - part**2) ** 2 / 400 for part in parts))
        apart = parts[0] - parts[1]
        ends = by_metric(matthews_correlation.score, labels, *sides, resamples=RESAMPLES)
        usual = (apart - 1.96 * spread, apart + 1.96 * spread)
        held.append([_holds(interval, true[0] - true[1]) for interval in (ends, usual)])
    what = "difference of Matthews correlations over examples"
    name = "the two sides apart, error of a correlation"
    return Held(what, "400 examples, one run a side", *np.array(held).T, name)


def _correlation(share: float, miss: float, false: float) -> float:
    """Return Matthews correlation of one who errs so on ones and on zeros."""
    hit, alarm = share * (1 - miss), (1 - share) * false
    named = hit + alarm
    return (hit - named * share) / np.sqrt(named * (1 - named) * share * (1 - share))


def of_shares(experiments: int, random: np.random.Generator) -> Iterator[Held]:
    """Yield Wilson's intervals of the share of degenerate runs, beside Wald's."""
    known = [wilson(count, 36) for count in range(37)]
    for share in (0.03, 0.1, 0.3):
        counts = random.binomial(36, share, experiments)
        yield _share_held(f"36 independent runs, {share:.0%} fail", share, counts, known)
    # Two seeds, each with a chance of its own to fail, drawn from Beta(1, 4), whose mean is 0.2.
    chances = random.beta(1, 4, (experiments, 2))
    counts = random.binomial(18, chances).sum(axis=1)
    design = "2 seeds that decide who fails, 18 runs each; the share"
    yield _share_held(f"{design} at these seeds", chances.mean(axis=1), counts, known)
    yield _share_held(f"{design} over all seeds, which Wilson's is not for", 0.2, counts, known)


def _share_held(design: str, share: np.ndarray | float, counts: np.ndarray, known: list) -> Held:
    low, high = np.array(known)[counts].T
    found = counts / 36
    half = 1.96 * np.sqrt(found * (1 - found) / 36)
    ours, wald = _holds((low, high), share), _holds((found - half, found + half), share)
    return Held("share of degenerate runs", design, ours, wald, "Wald's, share ± 1.96 errors")


def of_the_best(experiments: int, random: np.random.Generator) -> Iterator[Held]:
    """Yield the bounds of the median best of k, beside the bootstrap of the best of k."""
    for k, note in ((1, ""), (4, ""), (36, ": from below only, none from above")):
        true = norm.ppf(0.5 ** (1 / k))
        held = []
        for scores in random.normal(size=(experiments, 36)):
            low, high = median_best(scores, k)
            drawn = random.choice(scores, (RESAMPLES, k)).max(axis=1)
            usual = np.quantile(drawn, (0.025, 0.975)) if k > 1 else bootstrap_mean(scores)
            bounds = (np.nan_to_num(low, nan=-np.inf), np.nan_to_num(high, nan=np.inf))
            held.append([_holds(bounds, true), _holds(usual, true)])
        what = "median best of k new runs"
        name = "resampled best of k" if k > 1 else "bootstrap of the mean"
        yield Held(what, f"k = {k} of a grid of 36{note}", *np.array(held).T, name)


def _holds(interval: tuple, true: float) -> np.ndarray:
    low, high = interval
    return (low <= true) & (true <= high)
