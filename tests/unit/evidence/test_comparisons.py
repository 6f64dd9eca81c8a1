"""Every statistic against a hand calculation, scipy, or what statsmodels 0.15.0 gave once."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from stilts.evidence.comparisons.best_of import (
    bounds_of_quantile,
    expected_best,
    largest_bounded,
    median_best,
)
from stilts.evidence.comparisons.estimate import Estimate
from stilts.evidence.comparisons.examples import by_metric, right_answers
from stilts.evidence.comparisons.many import holm
from stilts.evidence.comparisons.power import detectable, detectable_by_seeds, detectable_crossed
from stilts.evidence.comparisons.seeds import components, crossed, filled, mean_squares, one_way
from stilts.evidence.comparisons.shares import wilson
from stilts.tasks.metrics import accuracy, matthews_correlation

NAN = float("nan")
DIFFERENCES = np.array([0.012, -0.004, 0.006, 0.001, 0.009])
# Five intermediate seeds by four target seeds, of which statsmodels' MixedLM (REML, intercept,
# crossed variance components) gives the numbers of the test.
TABLE = np.array(
    [
        [2.1, 1.4, 2.9, 2.2],
        [0.3, -0.6, 0.9, -0.1],
        [4.2, 3.1, 4.4, 3.6],
        [1.0, 0.9, 2.3, 1.2],
        [3.3, 2.4, 2.9, 2.6],
    ]
)

# Seeds


def test_one_difference_a_seed_is_student_s_t():
    found = one_way(DIFFERENCES)
    expected = stats.ttest_1samp(DIFFERENCES, 0)
    assert found.interval() == pytest.approx(expected.confidence_interval(0.95))
    assert found.p_value() == pytest.approx(expected.pvalue)
    assert found.p_value(0.02) == pytest.approx(stats.ttest_1samp(DIFFERENCES, 0.02).pvalue)


def test_one_seed_has_no_interval():
    found = one_way(np.array([0.3]))
    assert found.value == 0.3 and not found.known
    assert np.isnan(found.interval()).all() and math.isnan(found.p_value())


def test_seeds_that_came_out_alike_have_no_interval():
    assert np.isnan(one_way(np.array([0.25, 0.25])).interval()).all()


def test_the_components_of_crossed_seeds_are_those_of_statsmodels():
    rows, columns, rest = components(TABLE)
    assert (rows, columns) == pytest.approx((1.95773833, 0.25191699), abs=1e-4)
    assert rest == pytest.approx(0.08775014, abs=1e-4)
    squares = mean_squares(TABLE)
    exact = math.sqrt((squares.rows + squares.columns - squares.rest) / TABLE.size)
    assert exact == pytest.approx(0.677432, abs=1e-4), "the standard error that it gives"


def test_mean_squares_are_those_of_a_two_way_analysis_by_hand():
    squares = mean_squares(np.array([[1.0, 2.0], [3.0, 6.0]]))
    # Means of rows 1.5 and 4.5, of columns 2 and 4, of all 3; what is left is 0.5 everywhere.
    assert squares == pytest.approx((2 * (1.5**2 + 1.5**2), 2 * (1 + 1), 4 * 0.25))


def test_crossed_seeds_err_on_the_wide_side_of_the_exact_error():
    found, squares = crossed(TABLE), mean_squares(TABLE)
    (error, df), (by_row, row_df), (by_column, column_df) = found.spreads
    assert found.value == pytest.approx(TABLE.mean())
    assert error == pytest.approx(math.sqrt((squares.rows + squares.columns) / 20))
    welch = (squares.rows + squares.columns) ** 2 / (squares.rows**2 / 4 + squares.columns**2 / 3)
    assert df == pytest.approx(welch)
    assert (row_df, column_df) == (4, 3)
    assert by_row == pytest.approx(TABLE.mean(axis=1).std(ddof=1) / math.sqrt(5))
    assert by_column == pytest.approx(TABLE.mean(axis=0).std(ddof=1) / math.sqrt(4))
    half = max(stats.t.ppf(0.975, of) * se for se, of in found.spreads)
    assert found.half_width() == pytest.approx(half)


@pytest.mark.parametrize("side", [0, 1])
def test_a_table_with_one_seed_on_a_side_is_one_of_the_other_side(side):
    line = np.expand_dims(DIFFERENCES, side)
    assert crossed(line).interval() == pytest.approx(one_way(DIFFERENCES).interval())


def test_a_lost_run_is_filled_by_least_squares():
    random = np.random.default_rng(0)
    table = random.normal(size=(3, 6)) + np.arange(6)
    holes = table.copy()
    holes[0, 5], holes[2, 1] = NAN, NAN
    there = np.argwhere(~np.isnan(holes))
    design = np.zeros((len(there), 9))
    for line, (row, column) in enumerate(there):
        design[line, row], design[line, 3 + column] = 1, 1
    found = np.linalg.lstsq(design, holes[~np.isnan(holes)], rcond=None)[0]
    expected = found[:3] + found[3:].mean()
    assert filled(holes).mean(axis=1) == pytest.approx(expected, abs=1e-9)
    assert filled(table) is table


def test_thousands_of_experiments_are_estimated_as_one_is():
    tables = np.stack([TABLE, TABLE[::-1] * 2])
    low, high = crossed(tables).interval()
    for place, table in enumerate(tables):
        assert (low[place], high[place]) == pytest.approx(crossed(table).interval())


# Equivalence, many tests, shares


def test_equivalence_is_that_of_statsmodels():
    assert one_way(DIFFERENCES).p_equivalent(0.02) == pytest.approx(0.00298745749)


def test_equivalence_is_a_90_percent_interval_within_the_margin():
    found = one_way(DIFFERENCES)
    low, high = found.interval(0.90)
    for margin in (0.005, 0.011, 0.012, 0.05):
        inside = -margin < low and high < margin
        assert (found.p_equivalent(margin) < 0.05) == inside


def test_a_difference_above_a_margin_is_tested_on_one_side():
    expected = stats.ttest_1samp(DIFFERENCES, 0.001, alternative="greater").pvalue
    assert one_way(DIFFERENCES).p_above(0.001) == pytest.approx(expected)


def test_p_values_and_intervals_of_crossed_seeds_agree():
    found = crossed(TABLE)
    low, high = found.interval()
    assert found.p_value(low) == pytest.approx(0.05) == found.p_value(high)


def test_holm_is_that_of_statsmodels_and_leaves_out_tests_that_were_not_made():
    adjusted = holm([0.01, 0.04, NAN, 0.03, 0.005, 0.2])
    assert adjusted[:2] + adjusted[3:] == pytest.approx([0.04, 0.09, 0.09, 0.025, 0.2])
    assert math.isnan(adjusted[2])
    assert holm([]) == [] and holm([0.6, 0.9]) == [1.0, 1.0]


def test_wilson_is_the_formula_and_what_statsmodels_gives():
    assert wilson(3, 36) == pytest.approx((0.028748611336, 0.218266912493))
    assert wilson(0, 36) == pytest.approx((0, 0.096418628595), abs=1e-12)
    assert np.isnan(wilson(0, 0)).all()


# The best of k


def test_the_expected_best_is_the_mean_over_every_draw():
    scores = [0.3, 0.9, 0.5, 0.5, 0.7]
    for k, found in enumerate(expected_best([*scores, NAN]), start=1):
        draws = [max(draw) for draw in itertools.combinations(scores, k)]
        assert found == pytest.approx(np.mean(draws))


def test_the_expected_best_of_one_is_the_mean_and_of_all_the_best():
    scores = np.random.default_rng(3).random(36)
    found = expected_best(scores)
    assert (found[0], found[-1]) == pytest.approx((scores.mean(), scores.max()))
    assert (np.diff(found) > 0).all()
    assert expected_best([]).shape == (0,)


def test_the_bounds_of_a_quantile_are_exact_binomial_ones():
    low, high = bounds_of_quantile(36, 0.5)
    # The place-th value (from 0) lies above the median if at most `place` of them lie below it.
    assert stats.binom.cdf(low, 36, 0.5) <= 0.025 < stats.binom.cdf(low + 1, 36, 0.5)
    assert stats.binom.sf(high, 36, 0.5) <= 0.025 < stats.binom.sf(high - 1, 36, 0.5)


def test_the_best_of_36_has_no_upper_bound():
    scores = np.random.default_rng(5).random(36)
    assert math.isnan(median_best(scores, 36)[1]) and median_best(scores, 36)[0] < scores.max()
    assert largest_bounded(36) == 8, "0.5 ** (36 / 8) < 0.05 < 0.5 ** (36 / 9)"
    assert not math.isnan(median_best(scores, 8, level=0.90)[1])
    assert math.isnan(median_best(scores, 9, level=0.90)[1])


# Power


@pytest.mark.parametrize(
    ("seeds", "known"), [(2, 11.549889755), (5, 1.681997083), (25, 0.58402614)]
)
def test_what_seeds_can_detect_is_what_statsmodels_gives(seeds, known):
    assert detectable_by_seeds(seeds) == pytest.approx(known, rel=1e-5)
    assert detectable_by_seeds(seeds, 0.02) == pytest.approx(0.02 * known, rel=1e-5)


def test_one_seed_detects_nothing():
    assert math.isnan(detectable_by_seeds(1)) and math.isnan(detectable(1.0, 0))
    assert math.isnan(detectable_crossed(1, 5, (1, 1, 1)))


def test_crossed_seeds_detect_less_than_either_kind_would_alone():
    either = detectable_by_seeds(5)
    assert detectable_crossed(5, 5, (1, 1, 0)) > detectable_crossed(5, 5, (1, 0, 0))
    assert detectable_crossed(5, 5, (1, 0, 0)) == pytest.approx(either, rel=0.01)


def test_a_planted_effect_is_found_at_the_promised_power():
    size, random = detectable_by_seeds(5, 0.02), np.random.default_rng(11)
    found = one_way(size + random.normal(0, 0.02, (20_000, 5)))
    assert (found.p_value() < 0.05).mean() == pytest.approx(0.80, abs=0.012)


@pytest.mark.parametrize("shape", [(5, 5), (5, 3), (3, 3), (5, 2)])
@pytest.mark.parametrize("between", [(0.03, 0.02, 0.01), (0.0, 0.0, 0.01), (0.01, 0.02, 0.01)])
def test_a_planted_effect_is_found_by_crossed_seeds_at_the_promised_power(between, shape):
    random, (rows, columns) = np.random.default_rng(12), shape
    sizes = [(20_000, rows, 1), (20_000, 1, columns), (20_000, rows, columns)]
    noise = sum(random.normal(0, std, of) for std, of in zip(between, sizes, strict=True))
    found = crossed(detectable_crossed(rows, columns, between) + noise)
    assert (found.p_value() < 0.05).mean() == pytest.approx(0.80, abs=0.012)


@pytest.mark.parametrize("between", [(0, 0, 1), (1, 0, 1), (0, 1, 1), (1, 1, 1), (2, 1, 0.5)])
@pytest.mark.parametrize("shape", [(5, 5), (5, 3), (3, 3), (5, 2), (2, 2)])
def test_a_planted_null_is_called_a_difference_in_at_most_5_percent(shape, between):
    random, (rows, columns) = np.random.default_rng(13), shape
    sizes = [(8_000, rows, 1), (8_000, 1, columns), (8_000, rows, columns)]
    noise = sum(random.normal(0, std, of) for std, of in zip(between, sizes, strict=True))
    assert (crossed(noise).p_value() < 0.05).mean() < 0.05 + 0.008  # three standard errors


# Examples


def test_resampled_examples_have_the_standard_error_of_paired_gains():
    random = np.random.default_rng(7)
    ours, base = random.random((4, 900)) < 0.7, random.random((4, 900)) < 0.6
    gains = ours.mean(axis=0) - base.mean(axis=0)
    half = 1.96 * gains.std() / 30
    low, high = right_answers(ours, base, seed=1)
    assert (low, high) == pytest.approx((gains.mean() - half, gains.mean() + half), abs=0.002)
    assert right_answers(ours, base, seed=1) == (low, high) != right_answers(ours, base, seed=2)


def test_pairing_leaves_out_what_makes_an_example_hard_for_both():
    random = np.random.default_rng(8)
    hard = random.random(600)
    ours, base = (hard[None] < random.normal(level, 0.02, (3, 600)) for level in (0.6, 0.55))
    low, high = right_answers(ours, base)
    apart = 1.96 * math.sqrt((0.6 * 0.4 + 0.55 * 0.45) / 600)
    assert (high - low) / 2 < apart / 2


def test_resampling_by_a_metric_is_that_of_right_answers_where_it_is_accuracy():
    random = np.random.default_rng(9)
    truth = random.integers(2, size=300)
    ours, base = (np.where(random.random((2, 300)) < p, truth, 1 - truth) for p in (0.8, 0.7))
    expected = right_answers(ours == truth, base == truth)
    found = by_metric(accuracy.score, truth, ours, base, seed=3)
    assert found == pytest.approx(expected, abs=0.006)
    low, high = by_metric(matthews_correlation.score, truth, ours, base, resamples=200)
    whole = [
        np.mean([matthews_correlation.score(run, truth) for run in side]) for side in (ours, base)
    ]
    assert low < whole[0] - whole[1] < high


def test_an_estimate_without_spread_is_no_evidence():
    found = Estimate(0.5)
    assert not found.known and math.isnan(found.p_above(0)) and math.isnan(found.p_equivalent(1))
