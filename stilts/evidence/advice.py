"""Which intermediate task to take: estimates and the static ranking, held against the runs."""

from collections.abc import Callable, Iterable, Iterator
from math import comb
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from stilts.evidence.comparisons.pairing import keyed
from stilts.evidence.estimates import estimators
from stilts.question.chain import NONE, chain_seed, chain_tasks, unseeded

STATIC, RANDOM = "static", "random"
TITLES = {STATIC: "static ranking", RANDOM: "random choice"}
MEASURES = ("regret@1", "regret@3", "rank correlation")
SEEDS = ["walk", "seeds"]
_CANDIDATE = ["base", "walk", "target"]


class Replicate(NamedTuple):
    """What one seed of the stages and one of the target found out about a target.

    Attributes:
        target: the target.
        walk, seeds: the seed of the stages (-1: that of their settings), and of the target.
        gains: float64 [n], of n candidates over no intermediate task, in fractions.
        values: by estimator float64 [n], higher is better; without those that say nothing here.
    """

    target: str
    walk: int
    seeds: str
    gains: np.ndarray
    values: dict[str, np.ndarray]


def titles() -> dict[str, str]:
    """Return what each way to rank is called, the control last."""
    return {**estimators(), STATIC: TITLES[STATIC]}


def gains_of(runs: pd.DataFrame) -> pd.DataFrame:
    """Return what each chain adds to each run of one model over no intermediate task.

    Args:
        runs: columns `chain`, `target`, `point`, `score`; of one model.

    Returns:
        A row per chain, target and seed of the target, a mean over its grid: base (the chain
        without its seed), walk, seeds, target, gain. Chains that train on the target are left out.
    """
    if not len(runs):
        return pd.DataFrame(columns=[*_CANDIDATE, "seeds", "gain"])
    table = pd.concat([runs[["chain", "target"]].reset_index(drop=True), keyed(runs)], axis=1)
    same = ["target", "seeds", "rest"]
    base = table[table["chain"] == NONE].groupby(same)["score"].mean()
    chains = {chain: chain_tasks(chain) for chain in table["chain"].unique()}
    asked = [
        chain != NONE and target not in chains[chain]
        for chain, target in zip(table["chain"], table["target"], strict=True)
    ]
    table = table[asked].join(base.rename("none"), on=same)
    table["gain"] = table["score"] - table["none"]
    table["base"] = table["chain"].map(unseeded)
    return table.groupby([*_CANDIDATE, "seeds"], as_index=False, sort=False)["gain"].mean()


def static_of(gains: pd.DataFrame, targets: Iterable[str]) -> pd.DataFrame:
    """Return the static ranking: a candidate's mean gain over the targets other than this one.

    Args:
        gains: of `gains_of`.
        targets: to rank for; what is known of a target itself is not looked at.

    Returns:
        base, walk, target, value; no row for a target without runs of another.
    """
    found = []
    for target in targets:
        others = gains[gains["target"] != target]
        each = others.groupby(_CANDIDATE, sort=False)["gain"].mean()
        means = each.groupby(level=["base", "walk"], sort=False).mean()
        found.append(means.rename("value").reset_index().assign(target=target))
    columns = [*_CANDIDATE, "value"]
    return pd.concat(found)[columns].dropna() if found else pd.DataFrame(columns=columns)


def estimates_of(table: pd.DataFrame) -> pd.DataFrame:
    """Return the estimates of one model: estimator, base, walk, target, value."""
    walks = [-1 if chain_seed(chain) is None else chain_seed(chain) for chain in table["chain"]]
    found = table.assign(base=table["chain"].map(unseeded), walk=walks)
    return found[["estimator", *_CANDIDATE, "value"]]


def replicates(gains: pd.DataFrame, estimates: pd.DataFrame) -> Iterator[Replicate]:
    """Yield every target at every pair of seeds, of what has at least two candidates.

    Args:
        gains: of `gains_of`.
        estimates: of `estimates_of`.
    """
    static = static_of(gains, gains["target"].unique()).assign(estimator=STATIC)
    said = pd.concat([estimates, static]).pivot(
        index=_CANDIDATE, columns="estimator", values="value"
    )
    for (target, walk, seeds), found in gains.groupby(["target", *SEEDS], sort=False):
        found = found[np.isfinite(found["gain"])]
        if len(found) < 2:
            continue
        values = said.reindex(pd.MultiIndex.from_frame(found[_CANDIDATE]))
        known = {name: values[name].to_numpy() for name in values if values[name].notna().all()}
        yield Replicate(target, int(walk), seeds, found["gain"].to_numpy(), known)


def measure(gains: np.ndarray, values: np.ndarray) -> dict[str, float]:
    """Return how well estimates [n] rank gains [n].

    regret@k: the best gain less the best among the k that are ranked highest, in fractions.
    rank correlation: Spearman's; NaN where all gains or all values are equal.
    """
    return {
        MEASURES[0]: regret(gains, values, 1),
        MEASURES[1]: regret(gains, values, 3),
        MEASURES[2]: rank_correlation(gains, values),
    }


def regret(gains: np.ndarray, values: np.ndarray, first: int) -> float:
    """Return what is lost by trying only the candidates that are ranked `first`."""
    tried = np.argsort(-values, kind="stable")[:first]
    return float(gains.max() - gains[tried].max())


def rank_correlation(gains: np.ndarray, values: np.ndarray) -> float:
    """Return Spearman's rank correlation; NaN where one side does not vary."""
    ranks = rankdata(gains), rankdata(values)
    if any(np.ptp(side) == 0 for side in ranks):
        return float("nan")
    return float(np.corrcoef(*ranks)[0, 1])


def by_luck(gains: np.ndarray) -> dict[str, float]:
    """Return what is expected of candidates that are drawn at random."""
    ordered = np.sort(gains)

    def expected(drawn: int) -> float:
        drawn = min(drawn, len(ordered))
        ways = [comb(place, drawn - 1) for place in range(len(ordered))]
        return float(ordered[-1] - np.dot(ordered, ways) / comb(len(ordered), drawn))

    return {MEASURES[0]: expected(1), MEASURES[1]: expected(3), MEASURES[2]: 0.0}


def appraise(found: list[Replicate]) -> pd.DataFrame:
    """Return every measure of every way to rank: estimator, target, walk, seeds, then measures."""
    rows = []
    for each in found:
        named = {"target": each.target, "walk": each.walk, "seeds": each.seeds}
        for name, values in each.values.items():
            rows.append({"estimator": name, **named, **measure(each.gains, values)})
        rows.append({"estimator": RANDOM, **named, **by_luck(each.gains)})
    return pd.DataFrame(rows, columns=["estimator", "target", *SEEDS, *MEASURES])


def picks(table: pd.DataFrame, value: str, count: int) -> list[str]:
    """Return the candidates of the highest mean value over all seeds, in order.

    table: columns base and `value`.
    """
    means = table.groupby("base", sort=False)[value].mean().dropna()
    return list(means.sort_values(ascending=False, kind="stable").index[:count])


def advantage(own: pd.DataFrame, static: pd.DataFrame, name: str) -> pd.Series:
    """Return by how much a way to rank is better than the control, by seeds, a mean over targets.

    own, static: of `appraise`, one estimator each. Only targets that both rank count.
    """
    return _by_seeds(own, name, lambda means: _signed(name, means - _keyed(static, name)))


def over_targets(own: pd.DataFrame, name: str) -> pd.Series:
    """Return a measure by seeds, a mean over targets."""
    return _by_seeds(own, name, lambda means: means)


def _by_seeds(own: pd.DataFrame, name: str, change: Callable[[pd.Series], pd.Series]) -> pd.Series:
    return change(_keyed(own, name)).dropna().groupby(level=SEEDS).mean()


def _keyed(table: pd.DataFrame, name: str) -> pd.Series:
    return table.set_index([*SEEDS, "target"])[name]


def _signed(name: str, difference: pd.Series) -> pd.Series:
    return -difference if name.startswith("regret") else difference
