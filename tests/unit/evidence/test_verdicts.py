"""Verdicts: what an interval says of what was expected, and how often it errs."""

import math

import numpy as np
import pytest
from scipy import stats

from stilts.evidence.comparisons.between import between_models
from stilts.evidence.comparisons.estimate import Estimate
from stilts.evidence.comparisons.seeds import one_way
from stilts.evidence.comparisons.verdict import (
    FAILS,
    HOLDS,
    OPEN,
    doubts,
    samples_needed,
    unseen,
    verdict,
)
from tests.toys.claims import TARGETS, judged
from tests.toys.invented_results import inputs, shifted

NAN = float("nan")


@pytest.fixture(scope="module")
def study():
    return inputs()


@pytest.mark.parametrize(
    ("value", "error", "expects", "margin", "expected"),
    [
        (0.05, 0.01, "higher", 0.0, HOLDS),
        (-0.05, 0.01, "higher", 0.0, FAILS),
        (0.05, 0.04, "higher", 0.0, OPEN),
        (0.002, 0.0005, "higher", 0.02, FAILS),  # there, and too small to count
        (-0.05, 0.01, "lower", 0.0, HOLDS),
        (0.05, 0.01, "lower", 0.0, FAILS),
        (0.001, 0.002, "equal", 0.02, HOLDS),
        (0.05, 0.005, "equal", 0.02, FAILS),
        (-0.05, 0.005, "equal", 0.02, FAILS),
        (0.015, 0.01, "equal", 0.02, OPEN),
        (0.05, NAN, "higher", 0.0, OPEN),
    ],
)
def test_a_verdict_is_what_the_interval_says(value, error, expects, margin, expected):
    found = Estimate(value, ((error, 30.0),))
    assert verdict(doubts(found, expects, margin)) == expected


def test_a_claim_of_a_rise_holds_where_the_95_percent_interval_lies_above_0():
    for value in np.linspace(0.0, 0.05, 40):
        found = Estimate(value, ((0.01, 6.0),))
        assert (verdict(doubts(found, "higher")) == HOLDS) == (found.interval()[0] > 0)


def test_swapping_two_chains_flips_the_verdict(study):
    sure = shifted(study, "hellaswag", 0.08)
    swapped = {"ours": {"chains": ["none"], "targets": TARGETS}, "base": {"chains": ["hellaswag"]}}
    assert judged(sure).verdict == HOLDS
    assert judged(sure, **swapped).verdict == FAILS
    assert judged(sure, expects="lower").verdict == FAILS
    assert judged(sure, **swapped, expects="lower").verdict == HOLDS


def test_a_planted_equality_is_called_equal_and_a_planted_gain_is_not(study):
    equal = {"expects": "equal", "margin": 2.0, "margin_from": "here"}
    assert judged(shifted(study, "hellaswag", 0.001), **equal).verdict == HOLDS
    assert judged(shifted(study, "hellaswag", 0.08), **equal).verdict == FAILS


def test_a_planted_null_is_called_a_gain_in_at_most_5_percent():
    random = np.random.default_rng(5)
    found = one_way(random.normal(0, 0.03, (4_000, 7)))
    called = [
        verdict(doubts(Estimate(value, ((error, 6.0),)), "higher")) == HOLDS
        for value, error in zip(found.value, found.spreads[0][0], strict=True)
    ]
    assert np.mean(called) < 0.05


def test_what_it_takes_to_tell_is_the_power_of_such_samples():
    found = one_way(np.array([0.01, 0.05, -0.02, 0.03]))
    assert unseen(found) > abs(found.value)
    needed = samples_needed(found, 4, unseen(found))
    assert needed == 4
    assert samples_needed(found, 4, 0.5 * unseen(found)) > 4
    assert samples_needed(found, 4, 1e-6) is None


def test_models_are_compared_by_an_analysis_of_variance():
    gains = np.random.default_rng(1).normal(0, 1, (4, 1, 3))
    found = between_models(gains)
    assert found.p_some() == pytest.approx(stats.f_oneway(*gains[:, 0]).pvalue)


@pytest.mark.parametrize("deviation", [0.0, 2.0])
def test_the_deviation_between_models_lies_in_its_interval_as_often_as_promised(deviation):
    random, held, called = np.random.default_rng(2), [], []
    for _ in range(600):
        models = random.normal(0, deviation, (4, 6, 1))
        found = between_models(models + random.normal(0, 1, (4, 6, 3)))
        low, high = found.interval()
        held.append(low <= deviation <= high)
        called.append(verdict(doubts(found, "varies")) == HOLDS)
    assert np.mean(held) == pytest.approx(0.95 if deviation else 0.975, abs=0.025)
    assert np.mean(called) == (pytest.approx(0.05, abs=0.025) if not deviation else 1.0)


def test_of_a_single_model_nobody_can_tell_whether_models_differ():
    nothing = Estimate(math.nan)  # what a claim over models finds where there are no two of them
    assert verdict(doubts(nothing, "varies", margin=0.1)) == OPEN
