import importlib
import io
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.transforms import Bbox

from stilts.evidence.figures import example, improvement, style, violins
from stilts.evidence.figures.drawing import draw_and_write
from stilts.evidence.record import with_rows
from stilts.evidence.results import Inputs
from tests.toys.invented_results import LABEL, MODEL, ROOT, inputs, report

SMALL = {"kind": "violins", "targets": ["rte", "mednli"], "chains": ["none", "hellaswag"]}


@pytest.fixture(scope="module")
def study() -> Inputs:
    return inputs()


@pytest.fixture(scope="module")
def specs() -> dict:
    return report()["figures"]


def _texts(figure) -> list[str]:
    loose = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        loose += [text.get_text() for text in [*axes.texts, *axes.get_xticklabels()]]
        loose.append(axes.get_title(loc="left"))
    return loose


def _boxes(figure, axes) -> list[Bbox]:
    renderer = figure.canvas.get_renderer()
    labels = [text for text in [*axes.texts, *axes.get_xticklabels()] if text.get_text()]
    return [text.get_window_extent(renderer) for text in labels]


# Tables behind the figures


def test_a_violin_row_equals_the_hand_calculation(study):
    table = violins.tabulate(study, SMALL).set_index(["target", "chain"])
    row = table.loc[("rte", "hellaswag")]
    scores = 100 * study.cell("hellaswag", "rte")["score"].dropna().to_numpy()
    assert (row["n"], row["expected"], row["n_failed"]) == (35, 36, 1)
    for name, value in (("min", scores.min()), ("best", scores.max()), ("mean", scores.mean())):
        assert row[name] == pytest.approx(value, abs=1e-4)
    assert row["std"] == pytest.approx(scores.std(), abs=1e-4)
    assert row["low"] < row["mean"] < row["high"]
    assert len(row["scores"].split("|")) == 35


def test_collapsed_runs_are_listed_apart(study):
    row = violins.tabulate(study, SMALL).iloc[0]
    collapsed = study.cell("none", "rte")["degenerate"].sum()
    assert collapsed > 0
    assert len(row["degenerate_scores"].split("|")) == collapsed
    assert row["degenerate"] == pytest.approx(collapsed / 36, abs=1e-4)


def test_runs_like_one_class_stand_between_the_sound_and_the_degenerate(study):
    row = violins.tabulate(study, SMALL | {"targets": ["winogrande-xs"]}).iloc[0]
    runs = study.cell("none", "winogrande-xs")
    unclear = runs[runs["like_majority"] & ~runs["degenerate"]]
    assert len(unclear) > 0
    assert len(row["unclear_scores"].split("|")) == len(unclear)
    assert len(row["scores"].split("|")) == row["n"] - len(unclear)
    assert row["like_majority"] == pytest.approx(runs["like_majority"].mean(), abs=1e-4)


def test_a_missing_cell_keeps_its_row(study):
    row = violins.tabulate(study, SMALL).iloc[-1]
    assert (row["target"], row["n"], row["scores"]) == ("mednli", 0, "")
    assert np.isnan(row["mean"])


def test_an_improvement_row_equals_the_hand_calculation(study, specs):
    table = improvement.tabulate(study, specs["figure_3"]).set_index(["target", "chain"])
    row = table.loc[("wic", "hellaswag-p@2000")]
    ours, none = (study.cell(chain, "wic")["score"] for chain in ("hellaswag-p@2000", "none"))
    assert row["delta_mean"] == pytest.approx(100 * (ours.mean() - none.mean()), abs=1e-4)
    assert row["delta_best"] == pytest.approx(100 * (ours.max() - none.max()), abs=1e-4)
    assert row["low"] < row["delta_mean"] < row["high"]
    assert (row["size"], row["used"], row["n"]) == (2000, 60, 36)


# Drawings


@pytest.mark.parametrize("name", ["figure_2", "figure_3", "figure_4"])
def test_every_figure_is_labelled_with_its_scale(study, specs, name):
    kind = importlib.import_module(f"stilts.evidence.figures.{specs[name]['kind']}")
    figure = kind.draw(kind.tabulate(study, specs[name]), specs[name])
    foot = figure.texts[-1].get_text()
    assert foot.startswith(LABEL)
    assert figure.get_figwidth() == style.PAGE
    if name != "figure_4":
        assert "protocol paper" in foot
        assert "n = 36 runs" in foot


@pytest.mark.parametrize("name", ["figure_2", "figure_3", "figure_4"])
def test_a_figure_drawn_from_its_csv_has_the_same_bytes(study, specs, name, tmp_path):
    spec = SMALL if name == "figure_2" else specs[name]
    kind = importlib.import_module(f"stilts.evidence.figures.{spec['kind']}")
    table = kind.tabulate(study, spec)
    style.write_figure(tmp_path / "first", kind.draw(table, spec))
    read = pd.read_csv(
        io.StringIO(table.to_csv(index=False)), keep_default_na=False, na_values=[""]
    )
    style.write_figure(tmp_path / "second", kind.draw(read, spec))
    for suffix in ("png", "pdf"):
        first, second = (tmp_path / f"{part}.{suffix}" for part in ("first", "second"))
        assert first.read_bytes() == second.read_bytes(), suffix


@pytest.mark.parametrize("suffix", ["csv", "pdf"])
def test_the_file_that_targets_ask_for_is_written_last(study, suffix, tmp_path):
    (tmp_path / f"figure.{suffix}").mkdir()  # nothing can be written in its place
    with pytest.raises(OSError, match=rf"figure\.{suffix}"):
        draw_and_write(study, SMALL, tmp_path / "figure")
    assert not (tmp_path / "figure.png").exists()


def test_the_violins_write_the_numbers_and_the_lost_runs(study):
    figure = violins.draw(violins.tabulate(study, SMALL), SMALL)
    texts = _texts(figure)
    row = violins.tabulate(study, SMALL).iloc[1]
    assert {style.number(row[name]) for name in ("min", "mean", "best")} <= set(texts)
    assert "HellaSwag\nn = 35/36" in texts
    assert "not available" in texts
    assert {"RTE", "MedNLI"} <= set(texts)


@pytest.mark.parametrize("name", ["figure_2", "figure_3"])
def test_no_two_texts_of_a_panel_overlap(study, specs, name):
    kind = importlib.import_module(f"stilts.evidence.figures.{specs[name]['kind']}")
    figure = kind.draw(kind.tabulate(study, specs[name]), specs[name])
    with style.house():
        figure.savefig(io.BytesIO(), format="png")
    for axes in figure.axes:
        boxes = _boxes(figure, axes)
        for place, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:place]), axes.get_title("left")


# Several models


@pytest.fixture(scope="module")
def two() -> Inputs:
    """Return a study of two models: the first scores 0.1 less, and was not trained on WiC."""
    both = inputs("bert-base", MODEL)
    runs = both.runs.assign(score=both.runs["score"] - 0.1 * (both.runs["model"] == "bert-base"))
    return replace(both, runs=runs[(runs["model"] == MODEL) | (runs["target"] != "wic")])


@pytest.mark.parametrize("name", ["figure_2", "figure_3", "figure_s1"])
def test_the_rows_of_a_model_do_not_depend_on_what_else_the_study_runs(study, two, specs, name):
    kind = importlib.import_module(f"stilts.evidence.figures.{specs[name]['kind']}")
    alone, table = (kind.tabulate(each, specs[name]) for each in (study, two))
    assert table.columns.tolist() == ["model", *alone.columns]
    ours = table[table["model"] == MODEL].drop(columns="model").reset_index(drop=True)
    pd.testing.assert_frame_equal(ours, alone)
    assert kind.tabulate(two, specs[name] | {"model": MODEL}).equals(alone)


@pytest.mark.parametrize("name", ["figure_2", "figure_3", "figure_s1"])
def test_a_figure_of_two_models_names_both_and_overlaps_nowhere(two, specs, name):
    kind = importlib.import_module(f"stilts.evidence.figures.{specs[name]['kind']}")
    figure = kind.draw(kind.tabulate(two, specs[name]), specs[name])
    with style.house():
        figure.savefig(io.BytesIO(), format="png")
    drawn = [axes for axes in figure.axes if axes.axison]
    words = " ".join(axes.get_title(loc="left") + axes.get_ylabel() for axes in drawn)
    assert words.count("bert-base") == words.count(MODEL) > 0
    for axes in drawn:
        boxes = _boxes(figure, axes)
        for place, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:place]), axes.get_title("left")


def test_violins_of_one_target_share_their_scale_and_no_other(two, specs):
    spec = SMALL | {"targets": ["rte", "socialiqa"]}
    figure = violins.draw(violins.tabulate(two, spec), spec)
    limits = [axes.get_ylim() for axes in figure.axes]
    assert limits[0] == limits[1]
    assert limits[2] == limits[3]
    assert limits[0] != limits[2]
    worse = 100 * two.of_model("bert-base").cell("none", "rte")["score"].min()
    better = 100 * two.of_model(MODEL).cell("hellaswag", "rte")["score"].max()
    assert limits[0][0] < worse < better < limits[0][1]


def test_three_models_leave_no_target_on_the_line_of_another(two):
    spec = SMALL | {"chains": ["none"]}
    figure = violins.draw(violins.tabulate(inputs("a", "b", "c"), spec), spec)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["RTE, a", "RTE, b", "RTE, c", "", "MedNLI, a", "MedNLI, b", "MedNLI, c", ""]


def test_a_cell_with_fewer_runs_than_others_is_marked_though_none_is_lost(study):
    cells = {MODEL: {"none": {"rte": 36}, "hellaswag": {"rte": 2}}}
    runs = pd.concat([study.cell("none", "rte"), study.cell("hellaswag", "rte").iloc[:2]])
    few = replace(study, runs=runs, question={**study.question, "cells": cells})
    spec = SMALL | {"targets": ["rte"]}
    texts = _texts(violins.draw(violins.tabulate(few, spec), spec))
    assert {"None", "HellaSwag\nn = 2"} <= set(texts)


# Odd results


def test_tight_single_and_equal_scores_can_be_drawn(study):
    runs = study.runs[(study.runs["target"] == "rte") & (study.runs["chain"] == "none")]
    one = runs.iloc[[0]].assign(score=0.5, degenerate=True, like_majority=True)
    same = runs.iloc[:4].assign(score=0.5, chain="hellaswag", degenerate=False, like_majority=False)
    cells = {MODEL: {"none": {"rte": 4}, "hellaswag": {"rte": 4}}}
    few = replace(study, runs=pd.concat([one, same]), question={**study.question, "cells": cells})
    spec = SMALL | {"targets": ["rte"]}
    figure = violins.draw(violins.tabulate(few, spec), spec)
    assert "None\nn = 1/4" in _texts(figure)


def test_a_missing_improvement_is_marked_and_the_rest_is_drawn(study, specs):
    runs = study.runs[study.runs["chain"] != "hellaswag-p@2000"]
    spec = specs["figure_3"]
    partial = replace(study, runs=runs, question=with_rows(study.question, {}))
    figure = improvement.draw(improvement.tabulate(partial, spec), spec)
    assert "n/a" in _texts(figure)
    assert "2k" in _texts(figure)  # no size used is known, so none is claimed


def test_wrapped_lines_fit_and_lose_no_word():
    text = "pours two cups of tea for the neighbours " * 8
    lines = example.wrap(text, 3.0)
    assert " ".join(lines) == text.strip()
    assert len(lines) > 3
    assert example.wrap("", 3.0) == [""]


def test_the_reference_chain_is_grey_and_others_differ():
    found = style.colours(["none", "hellaswag", "cola"])
    assert found["none"] == style.GREY
    assert len(set(found.values())) == 3


def test_a_signed_number_carries_a_true_minus():
    assert [style.number(x, signed=True) for x in (1.25, -1.0, -0.01)] == ["+1.3", "−1.0", "0.0"]


def test_reporting_imports_neither_torch_nor_transformers_nor_datasets():
    kinds = (ROOT / "stilts/evidence").rglob("[!_]*.py")
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in kinds]
    assert "stilts.evidence.tables.scores" in names
    code = f"import sys, {', '.join(names)}\n"
    code += "print([m for m in ('torch', 'transformers', 'datasets') if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "[]"


def test_an_interval_over_two_seeds_ends_in_an_arrow_and_does_not_stretch_the_panel(study, specs):
    table = improvement.tabulate(study, specs["figure_3"])
    wide = table.assign(low=-900.0, high=900.0)
    for shown, arrows in ((wide, 3), (table.assign(low=np.nan, high=np.nan), 0)):
        panels = improvement.draw(shown, specs["figure_3"]).axes
        longest = table[["delta_mean", "delta_best"]].abs().max(axis=None)
        assert max(map(abs, panels[0].get_ylim())) < 2.5 * longest
        for panel in panels:
            ends = [len(it.get_offsets()) for it in panel.findobj(PathCollection)]
            assert ends == [arrows, arrows], "below and above"
