import itertools

import numpy as np
import pandas as pd
import pytest

from stilts.evidence.comparisons.pairing import NO_INTERMEDIATE, compare, mean_of
from stilts.evidence.comparisons.seeds import crossed, one_way

NAN = float("nan")
RATES, BATCHES = ("1e-05", "2e-05"), (8, 16, 32)


def runs(chain, scores, seeds=(12, 42)):
    """Runs of one chain at six grid points; `scores` is [seeds, points]."""
    points = list(itertools.product(RATES, BATCHES))
    rows = [
        {"chain": chain, "point": f"lr{lr}_bs{batch}_s{seed}", "score": scores[at][place]}
        for at, seed in enumerate(seeds)
        for place, (lr, batch) in enumerate(points)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=len(chain))


def drawn(seed, seeds=2):
    return np.random.default_rng(seed).normal(0.7, 0.1, (seeds, 6))


def test_runs_are_paired_by_seed_and_point_and_averaged_over_the_grid():
    ours, base = drawn(1), drawn(2)
    found = compare(runs("cola", ours), runs("none", base))
    expected = one_way((ours - base).mean(axis=1))
    assert found.estimate.value == pytest.approx(expected.value)
    assert found.estimate.interval() == pytest.approx(expected.interval())
    assert (found.walks, found.seeds, found.pairs, found.asked) == (1, 2, 12, 12)


def test_with_one_intermediate_seed_the_interval_says_what_it_is_not_for():
    found = compare(runs("cola", drawn(1)), runs("none", drawn(2)))
    assert found.covers == f"1 intermediate × 2 target seeds; {NO_INTERMEDIATE}"
    alone = compare(runs("none", drawn(1)), runs("none", drawn(2)))
    assert alone.covers == "2 target seeds", "there is no intermediate to have a seed"


def test_swapping_the_two_sides_turns_the_difference_round():
    one, other = runs("cola", drawn(1)), runs("none", drawn(2))
    low, high = compare(one, other).estimate.interval()
    assert compare(other, one).estimate.interval() == pytest.approx((-high, -low))


def test_several_seeds_of_the_stages_are_crossed_with_those_of_the_target():
    ours, base = [drawn(place, 3) for place in range(4)], drawn(9, 3)
    seeds = (1, 2, 3)
    every = pd.concat([runs(f"cola^{at}", scores, seeds) for at, scores in enumerate(ours)])
    found = compare(every, runs("none", base, seeds))
    expected = crossed(np.mean(np.array(ours) - base, axis=2))
    assert found.estimate.interval() == pytest.approx(expected.interval())
    assert found.covers == "4 intermediate × 3 target seeds"
    turned = compare(runs("none", base, seeds), every)
    assert turned.estimate.value == pytest.approx(-expected.value)
    assert turned.covers == found.covers


def test_seeds_of_the_stages_are_paired_where_both_sides_have_them():
    sides = [
        pd.concat([runs(f"{task}^{at}", drawn(10 * place + at)) for at in numbers])
        for place, (task, numbers) in enumerate([("cola", (1, 2, 3)), ("mnli", (2, 3, 4))])
    ]
    found = compare(*sides)
    expected = crossed(np.array([(drawn(at) - drawn(10 + at)).mean(axis=1) for at in (2, 3)]))
    assert found.walks == 2
    assert found.estimate.interval() == pytest.approx(expected.interval())


def test_a_seed_of_the_target_tied_to_one_of_the_stages_makes_one_replicate():
    walks = [runs(f"squad^{seed}", drawn(seed, 1), (seed,)) for seed in (1, 2, 3)]
    base = np.concatenate([drawn(20 + seed, 1) for seed in (1, 2, 3)])
    found = compare(pd.concat(walks), runs("none", base, (1, 2, 3)))
    gains = [(drawn(seed, 1) - drawn(20 + seed, 1)).mean() for seed in (1, 2, 3)]
    assert found.estimate.interval() == pytest.approx(one_way(np.array(gains)).interval())
    assert found.covers == "3 intermediate seeds, 3 target seeds within them"


def test_a_lost_run_costs_its_pair_and_no_more():
    ours, base = drawn(1), drawn(2)
    ours[0, 3] = NAN
    found = compare(runs("cola", ours), runs("none", base))
    assert (found.pairs, found.asked) == (11, 12)
    # The hole is what seed and point say: by hand, of two seeds, the other's plus their distance.
    gains = ours - base
    rest = [place for place in range(6) if place != 3]
    gains[0, 3] = gains[1, 3] + (gains[0, rest] - gains[1, rest]).mean()
    assert found.estimate.value == pytest.approx(gains.mean(), abs=1e-9)


def test_a_point_that_one_side_lacks_is_left_out():
    ours, base = runs("cola", drawn(1)), runs("none", drawn(2))
    few = ours[ours["point"].str.contains("bs16")]
    found = compare(few, base)
    gains = (drawn(1) - drawn(2))[:, [1, 4]]
    assert found.estimate.value == pytest.approx(gains.mean())
    assert found.pairs == 4


def test_a_pair_of_seeds_without_any_run_is_filled_as_the_others_say():
    ours = [drawn(place, 3) for place in range(4)]
    ours[1][2] = NAN
    seeds = (1, 2, 3)
    every = pd.concat([runs(f"cola^{at}", scores, seeds) for at, scores in enumerate(ours)])
    found = compare(every, runs("none", drawn(9, 3), seeds))
    assert (found.walks, found.seeds, found.pairs) == (4, 3, 66)
    gains = (np.array(ours) - drawn(9, 3)).mean(axis=2)
    # By hand: the seed's mean over the others, plus how far this walk lies from those elsewhere.
    others = gains[[0, 2, 3]]
    gains[1, 2] = others[:, 2].mean() + (gains[1, :2] - others[:, :2].mean(axis=0)).mean()
    assert found.estimate.interval() == pytest.approx(crossed(gains).interval())


def test_sides_without_a_common_run_are_not_compared():
    ours = runs("cola", drawn(1))
    assert compare(ours, runs("none", drawn(2), (7, 8))) is None
    assert compare(ours, ours.iloc[:0]) is None
    assert compare(ours.assign(score=NAN), ours) is None


def test_a_mean_has_the_interval_of_its_seeds():
    scores = drawn(5, 3)
    found = mean_of(runs("none", scores, (1, 2, 3)))
    expected = one_way(scores.mean(axis=1))
    assert found.estimate.value == pytest.approx(scores.mean())
    assert found.estimate.interval() == pytest.approx(expected.interval())
    scores[1, 4] = NAN
    assert mean_of(runs("none", scores, (1, 2, 3))).pairs == 17
