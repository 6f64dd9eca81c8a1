import numpy as np
import pandas as pd
import pytest

from stilts.evidence.statistics import (
    bootstrap_delta,
    bootstrap_mean,
    difference,
    finite,
    is_true,
    summary,
)

NAN = float("nan")


def test_summary_equals_the_hand_calculation_with_the_population_deviation():
    found = summary([0.5, 0.7, 0.9, 0.7])
    assert found["n"] == 4
    assert found["n_failed"] == 0
    assert (found["min"], found["best"]) == (0.5, 0.9)
    assert found["mean"] == pytest.approx(0.7)
    assert found["median"] == pytest.approx(0.7)
    assert found["std"] == pytest.approx((0.08 / 4) ** 0.5)


def test_a_lost_run_is_counted_and_not_averaged():
    found = summary([0.5, NAN, 0.7, float("inf")])
    assert (found["n"], found["n_failed"]) == (2, 2)
    assert found["mean"] == pytest.approx(0.6)


def test_a_summary_of_nothing_is_nan_without_a_warning():
    found = summary([NAN])
    assert (found["n"], found["n_failed"]) == (0, 1)
    assert np.isnan([found[name] for name in ("min", "mean", "median", "best", "std")]).all()


def test_a_difference_subtracts_the_baseline_and_leaves_lost_runs_out():
    found = difference([0.4, 0.8, NAN], [0.9, 0.9])
    assert found["delta_mean"] == pytest.approx(-0.3)
    assert found["delta_best"] == pytest.approx(-0.1)
    assert (found["n"], found["n_baseline"]) == (2, 2)


@pytest.mark.parametrize("sides", [([0.8], []), ([NAN], [0.8])])
def test_a_difference_without_one_side_is_nan_and_counts_both(sides):
    found = difference(*sides)
    assert (found["n"], found["n_baseline"]) == tuple(sum(x == x for x in side) for side in sides)
    assert np.isnan([found[name] for name in ("delta_mean", "delta_best")]).all()


def test_the_bootstrap_of_the_mean_matches_its_standard_error():
    scores = np.random.default_rng(1).normal(0.7, 0.05, 400)
    low, high = bootstrap_mean(scores, seed=3)
    half = 1.96 * scores.std() / 20
    assert low == pytest.approx(scores.mean() - half, abs=0.0007)
    assert high == pytest.approx(scores.mean() + half, abs=0.0007)


def test_the_bootstrap_of_a_difference_matches_its_standard_error():
    random = np.random.default_rng(2)
    ours, base = random.normal(0.7, 0.04, 300), random.normal(0.6, 0.03, 300)
    low, high = bootstrap_delta(ours, base, seed=5)
    half = 1.96 * np.hypot(ours.std(), base.std()) / 300**0.5
    assert low == pytest.approx(ours.mean() - base.mean() - half, abs=0.0009)
    assert high == pytest.approx(ours.mean() - base.mean() + half, abs=0.0009)


def test_the_bootstrap_repeats_with_its_seed_and_ignores_lost_runs():
    scores = np.random.default_rng(4).random(30).tolist()
    assert bootstrap_mean(scores, seed=1) == bootstrap_mean([*scores, NAN], seed=1)
    assert bootstrap_mean(scores, seed=1) != bootstrap_mean(scores, seed=2)
    assert bootstrap_mean([0.5, 0.5]) == (0.5, 0.5)
    assert np.isnan(bootstrap_mean([])).all()
    assert np.isnan(bootstrap_delta([0.5], [NAN])).all()


def test_flags_read_from_csv_mean_what_they_say():
    assert is_true(pd.Series([True, "True", "true", 1, False, "False", NAN, ""])).tolist() == [
        *[True] * 4,
        *[False] * 4,
    ]


def test_finite_keeps_the_order():
    assert finite([0.3, NAN, 0.1]).tolist() == [0.3, 0.1]
