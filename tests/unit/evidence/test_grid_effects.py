import io
import itertools
import math
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from stilts.errors import UserError
from stilts.evidence.figures import grid_effects, style
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import effect_share, noise_shares, not_above
from tests.toys.invented_results import LABEL, ROOT, inputs, report

NAN = float("nan")
SMALL = {
    "kind": "grid_effects",
    "targets": ["rte", "mednli"],
    "chains": ["none", "hellaswag"],
    "axes": {"lr": "learning rate", "seed": "seed"},
}


@pytest.fixture(scope="module")
def study() -> Inputs:
    return inputs()


@pytest.fixture(scope="module")
def spec() -> dict:
    return report()["figures"]["figure_s1"]


def _drawn(study: Inputs, spec: dict):
    return grid_effects.draw(grid_effects.tabulate(study, spec), spec)


def _texts(axes) -> list[str]:
    return [text.get_text() for text in axes.texts if text.get_text()]


# The shares


def test_the_share_of_an_axis_equals_the_hand_calculation():
    scores = pd.Series([0.50, 0.60, 0.70, 0.80])  # mean 0.65, variance 0.05 / 4
    lr = pd.Series([1e-5, 1e-5, 2e-5, 2e-5])  # means 0.55 and 0.75: variance 0.01
    seed = pd.Series([12, 42, 12, 42])  # means 0.60 and 0.70: variance 0.0025
    assert effect_share(scores, lr) == pytest.approx(0.8)
    assert effect_share(scores, seed) == pytest.approx(0.2)


def test_lost_runs_are_left_out_and_levels_weigh_as_much_as_their_runs():
    scores = pd.Series([0.2, 0.4, 0.9, NAN])  # mean 0.5, sum of squares 0.26
    levels = pd.Series(["a", "a", "b", "b"])  # means 0.3 and 0.9: 2 * 0.04 + 0.16 = 0.24
    assert effect_share(scores, levels) == pytest.approx(0.24 / 0.26)


def test_the_shares_of_a_full_grid_are_those_of_the_fitted_dummy_variables():
    random = np.random.default_rng(3)
    grid = pd.DataFrame(list(itertools.product([1, 2, 3], [8, 16, 32], [0, 1])))
    scores = pd.Series(random.random(len(grid)) + 0.3 * grid[0] ** 2)
    for axis in grid:
        dummies = pd.get_dummies(grid[axis]).to_numpy(dtype=float)
        left = np.linalg.lstsq(dummies, scores, rcond=None)[1].item()
        expected = 1 - left / ((scores - scores.mean()) ** 2).sum()
        assert effect_share(scores, grid[axis]) == pytest.approx(expected)
    assert sum(effect_share(scores, grid[axis]) for axis in grid) < 1


def test_an_axis_that_does_nothing_explains_its_noise_share_on_average():
    """Over all ways to deal the runs of each level of one axis to the levels of the other."""
    scores = pd.Series([0.1, 0.4, 0.5, 0.9, 0.95, 0.6])
    acts = np.repeat(["a", "b"], 3)
    dealt = [
        pd.DataFrame({"acts": acts, "idle": [*first, *second]})
        for first, second in itertools.product(itertools.permutations([0, 1, 2]), repeat=2)
    ]
    shares = [effect_share(scores, axes["idle"]) for axes in dealt]
    noises = [noise_shares(scores, axes)["idle"] for axes in dealt]
    assert np.mean(noises) == pytest.approx(np.mean(shares))


def test_noise_is_what_the_f_test_divides_by():
    random = np.random.default_rng(5)
    axes = pd.DataFrame(list(itertools.product([1, 2, 3], [8, 16], [0, 1])), columns=[*"abc"])
    scores = pd.Series(random.random(len(axes)) + axes["a"])
    sums = {name: effect_share(scores, axes[name]) for name in axes}
    rest = (1 - sum(sums.values())) / (12 - 1 - 2 - 1 - 1)
    noise = noise_shares(scores, axes)
    assert noise == {"a": pytest.approx(2 * rest), "b": pytest.approx(rest), "c": noise["b"]}


def test_what_other_axes_do_is_not_taken_for_noise():
    axes = pd.DataFrame(list(itertools.product([1, 2, 3], [8, 16])), columns=["acts", "idle"])
    scores = axes["acts"] + pd.Series([0, 1, 1, 0, 0, 1]) / 1000
    assert noise_shares(scores, axes)["idle"] < 1e-5 < (2 - 1) / (6 - 1)


def test_luck_is_told_by_the_exact_binomial_tail():
    tail = sum(math.comb(20, hits) * 0.5**20 for hits in range(15, 21))
    assert 0.02 < tail < 0.05
    assert not not_above(15, 20, 10) and not_above(14, 20, 10)
    assert not_above(10, 20, 10) and not_above(0, 20, 10)
    assert type(not_above(14, 20, 10)) is bool


@pytest.mark.parametrize("scores", [[], [NAN, NAN], [0.7, 0.7]])
def test_without_a_spread_no_share_is_claimed(scores):
    levels = pd.Series(range(len(scores)))
    assert np.isnan(effect_share(pd.Series(scores, dtype=float), levels))


# The table behind the figure


def test_a_row_equals_the_hand_calculation(study):
    table = grid_effects.tabulate(study, SMALL).set_index(["target", "chain", "axis"])
    row = table.loc[("rte", "hellaswag", "lr")]
    runs = study.cell("hellaswag", "rte").dropna(subset="score")
    scores = 100 * runs["score"]
    explained = scores.groupby(runs["lr"]).transform("mean").var(ddof=0)
    assert row["share"] == pytest.approx(100 * explained / scores.var(ddof=0), abs=1e-4)
    assert 0 < row["noise"] < 100 * 2 / 34, "the other axes explain some of the rest"
    assert (row["n"], row["expected"], row["levels"]) == (35, 36, 3)
    assert row["mean"] == pytest.approx(scores.mean(), abs=1e-4)
    assert row["std"] == pytest.approx(scores.std(ddof=0), abs=1e-4)
    assert row["baseline_std"] == table.loc[("rte", "none", "lr"), "std"]


def test_a_missing_cell_keeps_its_rows(study):
    rows = grid_effects.tabulate(study, SMALL).tail(2)
    assert rows["target"].tolist() == ["mednli", "mednli"]
    assert rows["n"].tolist() == [0, 0]
    assert rows[["share", "mean", "std"]].isna().all(axis=None)


def test_an_axis_with_one_level_has_no_share(study):
    runs = study.runs[study.runs["seed"] == 12]
    table = grid_effects.tabulate(replace(study, runs=runs), SMALL)
    assert table.loc[table["axis"] == "seed", "share"].isna().all()
    axes = grid_effects.draw(table, SMALL).axes[0]
    assert _texts(axes).count("–") == 1


def test_an_axis_that_the_runs_lack_is_refused(study):
    with pytest.raises(UserError, match="no column 'epochs'"):
        grid_effects.tabulate(study, SMALL | {"axes": {"epochs": "epochs"}})


# The drawing


def test_the_figure_is_labelled_with_its_scale(study, spec):
    figure = _drawn(study, spec)
    foot = figure.texts[-1].get_text()
    assert foot.startswith(LABEL)
    assert "protocol paper" in foot
    assert "n = 36 runs" in foot
    assert "std after None" in foot
    assert figure.get_figwidth() == style.PAGE


def test_a_figure_drawn_from_its_csv_has_the_same_bytes(study, tmp_path):
    table = grid_effects.tabulate(study, SMALL)
    text = table.to_csv(index=False)
    read = pd.read_csv(io.StringIO(text), keep_default_na=False, na_values=[""])
    for name, rows in (("first", table), ("second", read)):
        style.write_figure(tmp_path / name, grid_effects.draw(rows, SMALL))
    for suffix in ("png", "pdf"):
        first, second = (tmp_path / f"{part}.{suffix}" for part in ("first", "second"))
        assert first.read_bytes() == second.read_bytes(), suffix


def test_the_figure_shows_shares_spread_lost_runs_and_missing_cells(study):
    table = grid_effects.tabulate(study, SMALL)
    none, hellaswag = grid_effects.draw(table, SMALL).axes[:2]
    row = table[(table["target"] == "rte") & (table["chain"] == "hellaswag")].iloc[0]
    assert {f"{row['share']:.0f}", style.number(row["mean"])} <= set(_texts(hellaswag))
    assert {"n = 35/36", "not available"} <= set(_texts(hellaswag))
    assert "n = 35/36" not in _texts(none)
    assert [label.get_text() for label in none.get_yticklabels()] == ["RTE", "MedNLI", "only noise"]


def test_only_a_std_below_that_of_the_baseline_is_bold(study):
    table = grid_effects.tabulate(study, SMALL)
    panels = grid_effects.draw(table, SMALL).axes[:2]
    bold = [
        text.get_text() for axes in panels for text in axes.texts if text.get_weight() == "bold"
    ]
    row = table[(table["target"] == "rte") & (table["chain"] == "hellaswag")].iloc[0]
    assert row["std"] < row["baseline_std"]
    assert bold == [style.number(row["std"])]


def test_no_two_texts_of_a_panel_overlap(study, spec):
    figure = _drawn(study, spec)
    with style.house():
        figure.savefig(io.BytesIO(), format="png")
    renderer = figure.canvas.get_renderer()
    for axes in figure.axes:
        labels = [*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels(), axes.title]
        boxes = [text.get_window_extent(renderer) for text in labels if text.get_text()]
        for place, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:place]), axes.get_title("left")


def test_a_study_without_runs_can_be_drawn(study):
    empty = replace(study, runs=study.runs.iloc[:0], scores=study.scores.iloc[:0])
    assert "not available" in _texts(_drawn(empty, SMALL).axes[0])


def test_the_module_loads_no_seaborn_before_it_draws():
    code = "import sys, stilts.evidence.figures.grid_effects\nprint('seaborn' in sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "False"
