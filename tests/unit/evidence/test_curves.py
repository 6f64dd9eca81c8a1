import json
from dataclasses import replace

import pandas as pd
import pytest
from matplotlib.figure import Figure

from stilts.errors import UserError
from stilts.evidence.epochs import COLUMNS, collect_epochs
from stilts.evidence.figures import curves
from stilts.evidence.figures.style import write_figure
from tests.toys.invented_results import MODEL, inputs

SPEC = {"chains": ["none", "cola"], "targets": ["rte", "wic"]}


def run(folder, chain, point, losses, scores, degenerate=False):
    place = folder / chain / "rte"
    place.mkdir(parents=True, exist_ok=True)
    epochs = [
        {"epoch": number, "train_loss": loss, "accuracy": score, "f1_macro": 0.1}
        for number, (loss, score) in enumerate(zip(losses, scores, strict=True), start=1)
    ]
    told = {"model": MODEL, "chain": chain, "target": "rte", "point": point, "majority": 0.5}
    told |= {"metric": "accuracy", "degenerate": degenerate, "scores": {"epochs": epochs}}
    (place / f"{point}.json").write_text(json.dumps(told))
    return {"folders": [str(place)], "points": [point]}


@pytest.fixture
def epochs(tmp_path):
    cells = [
        run(tmp_path, "none", "s1", [0.7, 0.5, 0.3], [0.5, 0.6, 0.7]),
        run(tmp_path, "none", "s2", [0.7, None, 0.7], [0.5, 0.5, 0.4], degenerate=True),
        run(tmp_path, "cola^1", "s1", [0.6, 0.4, 0.2], [0.6, 0.7, 0.8]),
        run(tmp_path, "cola^2", "s1", [0.6, 0.4, 0.1], [0.6, 0.7, 0.9]),
    ]
    collect_epochs(cells, tmp_path / "epochs.csv")
    return pd.read_csv(tmp_path / "epochs.csv")


def shown(epochs):
    study = inputs()
    cells = {MODEL: {name: {"rte": 2} for name in ("none", "cola^1", "cola^2")}}
    return replace(study, epochs=epochs, question={**study.question, "cells": cells})


def test_every_epoch_of_every_run_is_a_row(epochs):
    assert tuple(epochs) == COLUMNS and len(epochs) == 4 * 3
    first = epochs.iloc[0]
    assert (first["epoch"], first["loss"], first["score"]) == (1, 0.7, 0.5)
    lost = epochs[(epochs["point"] == "s2") & (epochs["epoch"] == 2)]
    assert lost["loss"].isna().all(), "a loss that was not finite"


def test_a_chain_stands_for_all_of_its_seeds(epochs):
    table = curves.tabulate(shown(epochs), SPEC)
    assert table.groupby("chain")["point"].nunique().to_dict() == {"none": 2, "cola": 2}
    assert table["score"].max() == 90 and set(table["majority"]) == {50}
    assert table[table["degenerate"]]["chain"].unique().tolist() == ["none"]


def test_a_line_is_a_run_and_a_degenerate_one_is_dashed(epochs, tmp_path):
    table = curves.tabulate(shown(epochs), SPEC)
    figure = curves.draw(table, SPEC)
    assert isinstance(figure, Figure)
    loss, score = figure.axes
    runs = [line for line in loss.lines if len(line.get_xdata()) == 3]
    assert len(runs) == 4 and sum(line.get_linestyle() != "-" for line in runs) == 1
    dotted = [line for line in score.lines if line.get_linestyle() == ":"]
    assert [list(line.get_ydata()) for line in dotted] == [[50, 50]]
    write_figure(tmp_path / "curves", figure)
    again = curves.draw(pd.read_csv(_saved(table, tmp_path), keep_default_na=False), SPEC)
    assert len(again.axes[0].lines) == len(loss.lines)


def _saved(table, folder):
    table.dropna().to_csv(folder / "curves.csv", index=False)
    return folder / "curves.csv"


def test_without_epochs_in_the_block_the_figure_is_refused():
    with pytest.raises(UserError, match="epochs: true"):
        curves.tabulate(inputs(), SPEC)


def test_a_study_of_two_targets_without_runs_draws_an_empty_page(epochs):
    table = curves.tabulate(shown(epochs[:0]), SPEC)
    assert not len(table)
    assert len(curves.draw(table.assign(scale="", protocol=""), SPEC).axes) == 2
