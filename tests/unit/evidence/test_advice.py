import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from stilts.evidence import advice
from stilts.evidence.advice import (
    RANDOM,
    STATIC,
    advantage,
    appraise,
    by_luck,
    estimates_of,
    gains_of,
    measure,
    over_targets,
    picks,
    regret,
    replicates,
    static_of,
)

CHAINS, TARGETS, WALKS, SEEDS = (
    ("cola", "sst2", "mnli", "qqp", "rte"),
    ("rte", "wic", "boolq"),
    2,
    3,
)


def true_gain(chain, target):
    return (CHAINS.index(chain) * 3 + TARGETS.index(target) * 5) % 7 / 100


@pytest.fixture
def runs():
    """Runs of every chain and seed, whose gains are known up to a little noise."""
    random, rows = np.random.default_rng(0), []
    for target, seed in itertools.product(TARGETS, range(SEEDS)):
        base = 0.5 + seed / 50
        rows.append(("none", target, f"lr0.1_s{seed}", base))
        for chain, walk in itertools.product(CHAINS, range(1, WALKS + 1)):
            score = base + true_gain(chain, target) + random.normal(0, 1e-4)
            rows.append((f"{chain}^{walk}", target, f"lr0.1_s{seed}", score))
    return pd.DataFrame(rows, columns=["chain", "target", "point", "score"])


@pytest.fixture
def estimates():
    """One estimator that knows the gains, one that turns them round."""
    rows = [
        (f"{chain}^{walk}", target, name, side * true_gain(chain, target))
        for chain, target in itertools.product(CHAINS, TARGETS)
        for walk in range(1, WALKS + 1)
        for name, side in (("knows", 1), ("errs", -1))
        if chain != target
    ]
    return estimates_of(pd.DataFrame(rows, columns=["chain", "target", "estimator", "value"]))


def test_a_gain_is_against_the_run_without_a_stage_at_the_same_point(runs):
    found = gains_of(runs).set_index(["base", "walk", "target", "seeds"])["gain"].sort_index()
    score = runs.set_index(["chain", "target", "point"])["score"]
    for (base, target), values in found.groupby(level=["base", "target"]):
        assert values.to_numpy() == pytest.approx(true_gain(base, target), abs=5e-4)
    one = score["mnli^2", "wic", "lr0.1_s1"] - score["none", "wic", "lr0.1_s1"]
    assert found.loc["mnli", 2, "wic"].iloc[1] == pytest.approx(one, abs=1e-12)


def test_a_chain_that_trains_on_the_target_is_no_candidate(runs):
    found = gains_of(runs)
    assert "rte" not in set(found[found["target"] == "rte"]["base"])
    assert "rte" in set(found[found["target"] == "wic"]["base"])


def test_before_any_run_there_are_no_gains_and_no_static_ranking(runs):
    none = gains_of(runs[:0])
    assert not len(none) and not len(static_of(none, TARGETS))


def test_the_static_ranking_is_the_mean_gain_over_the_other_targets(runs):
    gains = gains_of(runs)
    found = static_of(gains, TARGETS).set_index(["base", "walk", "target"])["value"]
    own = gains[(gains["base"] == "mnli") & (gains["walk"] == 1)]
    known = own[own["target"] != "wic"].groupby("target")["gain"].mean().mean()
    assert found["mnli", 1, "wic"] == pytest.approx(known)


def test_the_static_ranking_of_a_target_does_not_know_its_runs(runs):
    gains = gains_of(runs)
    of_target = static_of(gains, ["wic"])
    assert of_target.equals(static_of(gains[gains["target"] != "wic"], ["wic"]))
    assert not len(static_of(gains[gains["target"] == "wic"], ["wic"]))


def test_what_knows_the_gains_regrets_nothing_and_what_turns_them_round_regrets_most(
    runs, estimates
):
    found = appraise(list(replicates(gains_of(runs), estimates)))
    assert len(found) == 4 * len(TARGETS) * WALKS * SEEDS, "two estimators, static and random"
    knows, errs = (found[found["estimator"] == name] for name in ("knows", "errs"))
    assert knows["regret@1"].max() < 1e-3 and errs["regret@1"].min() > 0.02
    assert over_targets(knows, "rank correlation").mean() > 0.9
    assert over_targets(errs, "rank correlation").mean() < -0.9


def test_measures_are_by_seeds_and_means_over_targets(runs, estimates):
    found = appraise(list(replicates(gains_of(runs), estimates)))
    errs = found[found["estimator"] == "errs"]
    means = over_targets(errs, "regret@3")
    assert means.index.names == ["walk", "seeds"] and len(means) == WALKS * SEEDS
    assert means.mean() == pytest.approx(errs["regret@3"].mean())


def test_an_advantage_is_positive_where_the_control_is_worse(runs, estimates):
    found = appraise(list(replicates(gains_of(runs), estimates)))
    static = found[found["estimator"] == STATIC]
    for name in advice.MEASURES:
        better, worse = (
            advantage(found[found["estimator"] == one], static, name) for one in ("knows", "errs")
        )
        assert (better >= -1e-9).all() and worse.mean() < better.mean()
        assert (advantage(static, static, name) == 0).all()


def test_an_estimator_that_is_silent_on_a_target_is_compared_on_the_others(runs, estimates):
    silent = (estimates["estimator"] == "knows") & (estimates["target"] == "rte")
    gone = estimates.assign(value=estimates["value"].where(~silent))
    found = appraise(list(replicates(gains_of(runs), gone)))
    knows, static = (found[found["estimator"] == name] for name in ("knows", STATIC))
    assert set(knows["target"]) == {"wic", "boolq"}
    both = static[static["target"] != "rte"]
    known = both["regret@1"].mean() - knows["regret@1"].mean()
    assert advantage(knows, static, "regret@1").mean() == pytest.approx(known)


def test_a_lost_run_is_no_candidate_at_its_seeds(runs, estimates):
    lost = (runs["chain"] == "mnli^1") & (runs["target"] == "wic")
    runs = runs.assign(score=runs["score"].where(~lost))
    sizes = {
        (each.walk, len(each.gains))
        for each in replicates(gains_of(runs), estimates)
        if each.target == "wic"
    }
    assert sizes == {(1, 4), (2, 5)}


def test_regret_and_rank_correlation_are_those_of_their_definitions():
    gains, values = np.array([0.1, 0.4, -0.2, 0.3]), np.array([9.0, 2.0, 8.0, 1.0])
    found = measure(gains, values)
    assert found["regret@1"] == pytest.approx(0.3) and found["regret@3"] == pytest.approx(0)
    assert found["rank correlation"] == pytest.approx(spearmanr(gains, values).statistic)
    assert regret(gains, values, 99) == 0
    assert np.isnan(measure(gains, np.ones(4))["rank correlation"])


def test_what_luck_reaches_is_the_mean_over_all_draws():
    gains = np.array([0.1, 0.4, -0.2, 0.3, 0.0])
    found = by_luck(gains)
    for name, drawn in (("regret@1", 1), ("regret@3", 3)):
        best = [max(some) for some in itertools.combinations(gains, drawn)]
        assert found[name] == pytest.approx(gains.max() - np.mean(best))
    assert by_luck(gains[:2])["regret@3"] == pytest.approx(0)


def test_picks_are_ranked_by_the_mean_over_seeds_and_skip_what_is_unknown(estimates):
    of_target = estimates[(estimates["target"] == "wic") & (estimates["estimator"] == "knows")]
    order = sorted(CHAINS, key=lambda chain: -true_gain(chain, "wic"))
    assert picks(of_target, "value", 3) == order[:3]
    unknown = of_target.assign(value=of_target["value"].where(of_target["base"] != order[0]))
    assert picks(unknown, "value", 2) == order[1:3]


def test_chance_is_among_what_is_appraised(runs, estimates):
    found = appraise(list(replicates(gains_of(runs), estimates)))
    luck = found[found["estimator"] == RANDOM]
    assert luck["regret@3"].mean() < luck["regret@1"].mean()
