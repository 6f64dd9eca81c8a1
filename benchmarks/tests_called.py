"""Simulated experiments of which the answer is known: how often does a test call a difference?"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.simulated import EXAMPLES, GAIN, RUN, Design, differences
from stilts.evidence.comparisons.many import holm
from stilts.evidence.comparisons.power import detectable_by_seeds, detectable_crossed
from stilts.evidence.comparisons.seeds import crossed, one_way

ALPHA = 0.05
TESTS = 24  # of a table: three chains on eight targets


class Called(NamedTuple):
    """Which experiments a test calls, bool `[experiments]` each.

    naive: by what one does without it. wanted: in percent.
    """

    test: str
    design: str
    ours: np.ndarray
    naive: np.ndarray
    wanted: str


def tests_called(experiments: int, random: np.random.Generator) -> Iterator[Called]:
    """Yield each test where nothing is to be found, and where something is."""
    for seeds in (2, 5):
        noise = random.normal(size=(experiments, seeds))
        yield _difference(f"{seeds} seeds, no difference", noise, noise, 0.0, "at most 5")
        effect = detectable_by_seeds(seeds)
        design = f"{seeds} seeds, the smallest difference promised at 80 %"
        yield _difference(design, noise + effect, noise, effect, "80")
    between = (1.0, 1.0, 1.0)
    shapes = ((experiments, 5, 1), (experiments, 1, 5), (experiments, 5, 5))
    table = sum(random.normal(0, std, of) for std, of in zip(between, shapes, strict=True))
    yield _crossed("5 × 5 seeds, no difference", table, "at most 5")
    effect = detectable_crossed(5, 5, between)
    yield _crossed("5 × 5 seeds, the smallest promised at 80 %", table + effect, "80")
    yield _holm(experiments, random)
    yield _equivalence(experiments, random)


def fitted_called(
    experiments: int, random: np.random.Generator, designs: Sequence[Design]
) -> Iterator[Called]:
    """Yield tests of runs with fitted components: of no difference, and of the promised one."""
    for design in designs:
        gains = differences(design, experiments, random)
        noise = (gains["ours"] - gains["base"] - GAIN).mean(-1)  # what the true difference leaves
        promised = _promised(design)
        for effect, what, wanted in (
            (0.0, "no difference", "at most 5"),
            (promised, "the smallest promised at 80 %", "80"),
        ):
            found = crossed(noise + effect)
            runs = gains["ours"] - gains["base"] - GAIN + effect
            naive = one_way(runs.reshape(experiments, -1)).p_value() < ALPHA
            name = f"{design.name}: {what}"
            yield Called("a difference, over seeds", name, found.p_value() < ALPHA, naive, wanted)


def _promised(design: Design) -> float:
    """Return the difference that such seeds find with a probability of 80 %."""
    # Scores are whole answers of so many; a difference is of two runs.
    run = np.sqrt(2 * (RUN**2 + 1 / (12 * EXAMPLES**2)) / design.points)
    if design.walks < 2:
        return detectable_by_seeds(design.seeds, float(np.hypot(RUN * design.by_seed, run)))
    # One base serves all walks: its runs move the difference of a target's seed.
    of_base = np.sqrt((RUN**2 + 1 / (12 * EXAMPLES**2)) / design.points)
    of_seed = float(np.hypot(RUN * design.by_seed, of_base))
    between = (RUN * design.by_walk, of_seed, float(of_base))
    return detectable_crossed(design.walks, design.seeds, between)


def _difference(
    design: str, gains: np.ndarray, noise: np.ndarray, effect: float, wanted: str
) -> Called:
    ours = one_way(gains).p_value() < ALPHA
    normal = np.abs(gains.mean(-1)) > 1.96 * noise.std(-1) / np.sqrt(gains.shape[-1])
    return Called("a difference, over seeds", design, ours, normal, wanted)


def _crossed(design: str, table: np.ndarray, wanted: str) -> Called:
    cells = table.reshape(len(table), -1)
    return Called(
        "a difference, over crossed seeds",
        design,
        crossed(table).p_value() < ALPHA,
        one_way(cells).p_value() < ALPHA,
        wanted,
    )


def _holm(experiments: int, random: np.random.Generator) -> Called:
    """Count the tables in which any of the tests calls a difference where there is none."""
    # All chains of a target are compared with the same runs, so that the tests hang together.
    shared = random.normal(size=(experiments, 8, 1, 5))
    gains = (random.normal(size=(experiments, 8, 3, 5)) - shared).reshape(experiments, TESTS, 5)
    values = one_way(gains).p_value()
    ours = np.array([min(holm(each)) < ALPHA for each in values])
    design = f"any of the {TESTS} tests of a table, no difference"
    return Called("Holm's adjustment", design, ours, values.min(-1) < ALPHA, "at most 5")


def _equivalence(experiments: int, random: np.random.Generator) -> Called:
    """Call equivalent what differs by just the margin."""
    margin = 1.5
    gains = margin + random.normal(size=(experiments, 5))
    found = one_way(gains)
    design = "5 seeds, the difference is the margin itself"
    # Without it people read "no significant difference" as "no difference".
    naive = found.p_value() >= ALPHA
    return Called("equivalence", design, found.p_equivalent(margin) < ALPHA, naive, "at most 5")
