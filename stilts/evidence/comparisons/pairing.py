"""Runs of two chains, paired by seed and grid point, into a difference with its interval."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from stilts.evidence.comparisons.estimate import Estimate
from stilts.evidence.comparisons.seeds import crossed, filled, one_way
from stilts.evidence.numbers import NOT_AVAILABLE
from stilts.question.chain import NONE, chain_seed
from stilts.question.grid import parse_point

SEEDS = ("seed", "order_seed")  # axes of a grid that are samples; all others are fixed
NO_INTERMEDIATE = "no interval for the intermediate"
KEYS = ["walk", "seeds", "rest"]


class Comparison(NamedTuple):
    """A difference of means, paired.

    Attributes:
        estimate: of the mean over the grid points that both sides have.
        walks: over how many seeds of the intermediate stages it is a mean.
        seeds: the same of the target's seeds.
        pairs: of runs that both have a score.
        asked: pairs that the files name, lost ones included.
        has_stages: whether one of the sides has an intermediate stage.
        tied: whether each seed of the target goes with one of several seeds of the stages.
    """

    estimate: Estimate
    walks: int
    seeds: int
    pairs: int
    asked: int
    has_stages: bool
    tied: bool

    @property
    def covers(self) -> str:
        """Say which seeds the interval is for, and which not."""
        if self.tied:
            return f"{self.walks} intermediate seeds, {self.seeds} target seeds within them"
        parts = [f"{self.walks} intermediate"] * self.has_stages + [f"{self.seeds} target"]
        text = f"{' × '.join(parts)} seed{'s' * (self.seeds > 1)}"
        return text + (f"; {NO_INTERMEDIATE}" if self.has_stages and self.walks < 2 else "")


def compare(ours: pd.DataFrame, base: pd.DataFrame) -> Comparison | None:
    """Compare the runs of a chain on a target with those of another on the same.

    A run is paired with that of the same seeds and the same grid point on the other side. Where
    both sides have several seeds of their intermediate stages, `chain^1`, `chain^2`, …, those of
    equal seed are paired; a side with one serves all of the other. Each pair of seeds is first
    averaged over the grid.

    Args:
        ours: the runs of one side, columns `chain`, `point`, `score` and, of several targets,
            `target`.
        base: those of the other.

    Returns:
        The mean of ours less base; None where no pair of runs has scores.
    """
    table = _differences(ours, base)
    named = table.count(axis=1).gt(0)
    pairs, asked = int(table.count().sum()), table.size
    table = table[named].dropna(axis=1, how="all")
    if not pairs:
        return None
    means = pd.Series(filled(table.to_numpy()).mean(axis=1), index=table.index)
    tied = _tied(means)
    walks = means.index.get_level_values(0).nunique()
    seeds = len(means) if tied else means.index.get_level_values(1).nunique()
    estimate = over_seeds(means)
    stages = any(chain != NONE for side in (ours, base) for chain in side["chain"])
    return Comparison(estimate, walks, seeds, pairs, asked, stages, tied)


def over_seeds(means: pd.Series) -> Estimate:
    """Estimate the mean of one number for each pair of seeds, of the stages and of the target.

    means: by both seeds. Where each seed of the target goes with one of the stages, those of the
    stages are the samples; elsewhere both are, crossed.
    """
    if _tied(means):
        return one_way(means.groupby(level=0).mean().to_numpy())
    return crossed(filled(means.unstack().to_numpy()))


def mean_of(runs: pd.DataFrame) -> Comparison | None:
    """Return the mean of the runs of a cell as `compare` does a difference: that to nothing."""
    return compare(runs, runs.assign(score=0.0))


def interval_of(found: Comparison | None) -> tuple[float, float]:
    """Return the 95 % interval of a comparison; NaN where there is none."""
    return found.estimate.interval() if found else (float("nan"), float("nan"))


def covers(found: Comparison | None) -> str:
    """Say over what the interval of a comparison is, if there is one to compare."""
    return found.covers if found else NOT_AVAILABLE


def _differences(ours: pd.DataFrame, base: pd.DataFrame) -> pd.DataFrame:
    """Return ours less base, a row a pair of seeds (walk, seeds), a column a grid point.

    Of several chains, at a seed the mean of theirs: a seed is one sample however many there are.
    """
    sides = [keyed(ours), keyed(base)]
    many = [side["walk"].nunique() > 1 for side in sides]
    on = KEYS if all(many) else KEYS[1:]
    both = sides[0].merge(sides[1], on=on, suffixes=("_ours", "_base"))
    if "walk" not in both:
        both["walk"] = both["walk_base" if many[1] else "walk_ours"]
    both["difference"] = both["score_ours"] - both["score_base"]
    return both.groupby(KEYS)["difference"].mean().unstack().astype(np.float64)


def keyed(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs by seed of the stages, seeds of the target and the rest of the point."""
    seeds, rests = [], []
    for point in runs["point"]:
        values = parse_point(point)
        seeds.append(tuple(values.pop(name) for name in SEEDS if name in values))
        rests.append(tuple(values.items()))
    if "target" in runs:  # several targets make one larger grid
        rests = list(zip(runs["target"], rests, strict=True))
    walks = [-1 if chain_seed(chain) is None else chain_seed(chain) for chain in runs["chain"]]
    scores = runs["score"].where(np.isfinite(runs["score"].astype(np.float64)))
    return pd.DataFrame(
        {
            "walk": walks,
            "seeds": list(map(str, seeds)),
            "rest": list(map(str, rests)),
            "score": scores.to_numpy(np.float64),
        }
    )


def _tied(means: pd.Series) -> bool:
    """Whether each seed of the target goes with one of several seeds of the stages."""
    walks, seeds = (means.index.get_level_values(level) for level in (0, 1))
    return walks.nunique() > 1 and not seeds.duplicated().any()
