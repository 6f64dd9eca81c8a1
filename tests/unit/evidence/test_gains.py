from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_rel

from stilts.evidence.figures import gain_map
from stilts.evidence.gains import gain
from stilts.evidence.tables import cells
from tests.toys.invented_results import inputs

SPEC = {"chains": ["none", "hellaswag"], "targets": ["rte", "wic"]}


def of(**scores):
    """The invented study with runs of two chains on RTE alone, their scores by point."""
    study = inputs()
    rows = [
        {
            "model": "roberta-large",
            "chain": chain,
            "target": "rte",
            "point": f"lr1e-05_s{number}",
            "metric": "accuracy",
            "score": score,
            "degenerate": False,
            "like_majority": False,
        }
        for chain, values in scores.items()
        for number, score in enumerate(values)
    ]
    return replace(study, runs=pd.DataFrame(rows)).of_model("roberta-large")


def test_a_gain_is_the_mean_difference_at_the_same_points():
    found = gain(of(none=[0.5, 0.6, 0.7], hellaswag=[0.6, 0.6, 0.9]), "hellaswag", "rte")
    assert found.mean == pytest.approx((0.1 + 0 + 0.2) / 3)
    assert found.best == pytest.approx(0.2)
    assert found.n == 3


def test_a_point_that_one_side_lost_is_left_out_on_both():
    found = gain(of(none=[0.5, np.nan, 0.7], hellaswag=[0.6, 0.9, 0.7]), "hellaswag", "rte")
    assert found.n == 2 and found.mean == pytest.approx(0.05)


def test_the_interval_is_students_over_seeds():
    base, better = [0.5, 0.6, 0.7, 0.6], [0.6, 0.6, 0.9, 0.7]
    found = gain(of(none=base, hellaswag=better), "hellaswag", "rte")
    known = ttest_rel(better, base).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((known.low, known.high))


def test_the_verdict_follows_the_interval():
    better, base = [0.7, 0.71, 0.72, 0.73] * 3, [0.5, 0.52, 0.51, 0.53] * 3
    assert gain(of(none=base, hellaswag=better), "hellaswag", "rte").verdict == "up"
    assert gain(of(none=better, hellaswag=base), "hellaswag", "rte").verdict == "down"
    assert gain(of(none=base, hellaswag=base[::-1]), "hellaswag", "rte").verdict == "cannot tell"


def test_without_common_points_nothing_is_said():
    found = gain(of(none=[0.5]), "hellaswag", "rte")
    assert found.n == 0 and np.isnan(found.mean) and found.verdict == "cannot tell"


def test_each_cell_has_a_row_with_its_runs_and_its_difference():
    table = cells.build(of(none=[0.5, 0.6], hellaswag=[0.7, 0.8]), SPEC)
    row = table.set_index(["Target", "Chain"]).loc["RTE", "HellaSwag"]
    assert (row["n"], row["Mean"], row["Best"], row["Δ mean"]) == ("2/36", "75.0", "80.0", "+20.0")
    assert row["over"] == "1 intermediate × 2 target seeds; no interval for the intermediate"
    assert table.set_index(["Target", "Chain"]).loc[("RTE", "None"), "Verdict"] == "–"
    assert len(table) == 4


def test_the_map_has_a_number_for_every_chain_and_target():
    spec = {"chains": ["hellaswag", "cola"], "targets": ["rte", "wic", "mednli"]}
    figure = gain_map.draw(gain_map.tabulate(inputs(), spec), spec)
    for axes in figure.axes:
        assert len(axes.texts) == 6
        assert "–" in [text.get_text() for text in axes.texts]  # MedNLI was not run


def test_a_frame_marks_what_the_interval_leaves_no_doubt_of():
    spec = {"chains": ["hellaswag"], "targets": ["rte"]}
    sure = of(none=[0.5, 0.51] * 6, hellaswag=[0.7, 0.72] * 6)
    open_ = of(none=[0.5, 0.6] * 6, hellaswag=[0.6, 0.5] * 6)
    for study, frames in ((sure, 1), (open_, 0)):
        mean = gain_map.draw(gain_map.tabulate(study, spec), spec).axes[0]
        assert len(mean.patches) == frames


def test_models_stand_below_each_other():
    spec = {"chains": ["hellaswag"], "targets": ["rte"]}
    figure = gain_map.draw(gain_map.tabulate(inputs("one", "two"), spec), spec)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title.partition(":")[0] for title in titles] == ["one", "one", "two", "two"]
