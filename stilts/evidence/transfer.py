"""What an intermediate task changes on a target, told from the answers to the same examples."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from stilts.evidence.answers import Answers, answers
from stilts.evidence.comparisons.examples import by_metric, right_answers
from stilts.evidence.comparisons.pairing import compare, interval_of
from stilts.evidence.formulas import formula as module_of
from stilts.evidence.gains import DOWN, OPEN, UP
from stilts.evidence.results import Inputs
from stilts.question.chain import NONE, chain_seed
from stilts.question.grid import parse_point

ONE_CLASS = "one class"
FEW = 100  # examples, below which an exact test takes the place of resampling
RESAMPLES = 1_000
EQUAL = 0.0004  # what is no more than this apart the paper calls equal, which no text of it says
ERROR = 0.05


@dataclass(frozen=True)
class Transfer:
    """A chain against no intermediate task on a target; numbers are fractions.

    What takes resampling is worked out where it is asked for.

    Attributes:
        ours, base: the answers of either side, its runs in the order of their seeds.
        metric: by name.
    """

    ours: Answers
    base: Answers
    metric: str

    @cached_property
    def sides(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The runs of either side with their scores."""
        return self.ours.scored(self.metric), self.base.scored(self.metric)

    @property
    def after(self) -> float:
        """The mean of the runs of the chain."""
        return float(self.sides[0]["score"].to_numpy().mean())

    @property
    def before(self) -> float:
        """The mean of the runs after no intermediate task."""
        return float(self.sides[1]["score"].to_numpy().mean())

    @property
    def gain(self) -> float:
        """The difference of the means."""
        return self.after - self.before

    @property
    def each(self) -> tuple[float, ...]:
        """The difference of every pair of runs, in the order of their seeds."""
        after, before = (side["score"].to_numpy() for side in self.sides)
        return tuple(after - before)

    @cached_property
    def seeds(self) -> tuple[float, float]:
        """The 95 % interval over the seeds, NaN where there is none."""
        low, high = interval_of(compare(*self.sides))
        return float(low), float(high)

    @property
    def constant(self) -> tuple[int, int]:
        """How many runs name one class only, without the intermediate task and with it."""
        return int(self.base.constant.sum()), int(self.ours.constant.sum())

    @cached_property
    def over_examples(self) -> tuple[float, float, float]:
        """The 95 % interval over the examples, and the p value of an exact test; NaN is the other.

        The exact one is a sign test: of the examples that one side has right in more of its runs,
        how many are ours? It is made where examples are few.
        """
        right = [side.given == side.truth for side in (self.ours, self.base)]
        if len(self.base.truth) < FEW:
            apart = right[0].sum(axis=0) - right[1].sum(axis=0)
            ups, downs = int((apart > 0).sum()), int((apart < 0).sum())
            p_value = binomtest(ups, ups + downs).pvalue if ups + downs else 1.0
            return np.nan, np.nan, float(p_value)
        if self.metric == "accuracy":
            return (*right_answers(*right, resamples=RESAMPLES), np.nan)
        formula, given = module_of(self.metric).score, (self.ours.given, self.base.given)
        return (*by_metric(formula, self.ours.truth, *given, resamples=RESAMPLES), np.nan)

    @property
    def verdict(self) -> str:
        """Up, down, cannot tell, or one class."""
        low, high, p_value = self.over_examples
        if max(self.constant) == len(self.sides[0]):
            return ONE_CLASS
        if low > 0 or (p_value < ERROR and self.gain > 0):
            return UP
        return DOWN if high < 0 or (p_value < ERROR and self.gain < 0) else OPEN


def transfer(ours: Inputs, chain: str, target: str, name: str, split: str = "") -> Transfer | None:
    """Compare the runs of a chain with those of no intermediate task; None without both.

    Args:
        ours: the inputs of one model.
        chain: the one with the intermediate task.
        target: what both are scored on.
        name: of the metric.
        split: of the target; by default the first that is scored.
    """
    base, with_chain = answers(ours, NONE, target, split), answers(ours, chain, target, split)
    if base is None or with_chain is None:
        return None
    base, with_chain = _paired(base, with_chain)
    if base is None or with_chain is None:
        return None
    return Transfer(with_chain, base, name)


def sign(gain: float) -> str:
    """Return the mark of a difference as the paper prints it."""
    return "=" if round(abs(gain), 6) <= EQUAL else "+" if gain > 0 else "-"


def printed_mean(ours: Inputs, chain: str, target: str) -> float:
    """Return the mean that the paper prints of a cell, in its own unit; NaN where none is."""
    rows = ours.published
    wanted = {"model": ours.model, "chain": chain, "target": target, "measure": "mean"}
    for name, value in wanted.items():
        rows = rows[rows[f"our {name}"] == value]
    return float(rows["value"].iloc[0]) if len(rows) else np.nan


def printed_gain(ours: Inputs, chain: str, target: str) -> float:
    """Return the difference of two printed means, as `printed_mean` does."""
    return round(printed_mean(ours, chain, target) - printed_mean(ours, NONE, target), 4)


def _paired(base: Answers, other: Answers) -> tuple[Answers | None, Answers | None]:
    """Return both sides with the runs of equal seeds, in the order of those."""
    seeds = [_seeds(side) for side in (base, other)]
    common = [key for key in seeds[1] if _own(key) in seeds[0]]
    if not common:
        return None, None
    places = [seeds[0][_own(key)] for key in common], [seeds[1][key] for key in common]
    return tuple(
        Answers(side.runs.iloc[chosen].reset_index(drop=True), side.truth, side.given[chosen])
        for side, chosen in zip((base, other), places, strict=True)
    )


def _seeds(side: Answers) -> dict[tuple[int, int], int]:
    """Return the place of each run by the seed of its target and that of its stages."""
    rows = enumerate(side.runs[["chain", "point"]].itertuples(index=False))
    found = {
        (parse_point(point).get("seed", 0), chain_seed(chain) or 0): place
        for place, (chain, point) in rows
    }
    return dict(sorted(found.items()))


def _own(key: tuple[int, int]) -> tuple[int, int]:
    return key[0], 0
