"""The table of restarts, and what the best of some runs is worth, by hand."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from stilts.errors import UserError
from stilts.evidence import published
from stilts.evidence.comparisons.best_of import best_again
from stilts.evidence.results import Inputs
from stilts.evidence.tables import restarts


@pytest.mark.parametrize("runs", [1, 2, 3])
def test_the_expected_best_is_the_mean_over_every_draw(runs):
    scores = [0.5, 0.75, 0.25, 0.75]
    draws = [max(drawn) for drawn in itertools.product(scores, repeat=runs)]
    assert best_again(scores, runs) == pytest.approx(np.mean(draws))


def test_without_scores_there_is_no_best():
    assert np.isnan(best_again([], 3)) and np.isnan(best_again([np.nan], 1))
    assert np.isnan(best_again([0.5], 0))


def runs(chain, target, scores, none):
    rows = {"model": "m", "chain": chain, "target": target, "score": scores, "no_class": none}
    return pd.DataFrame(rows)


@pytest.fixture
def inputs():
    cells = {"none": {"a-span": 3, "b-span": 2}, "b-span+a-span": {"b-span": 1}}
    cells["b-span"] = {"a-span": 1}
    table = pd.concat(
        [
            runs("none", "a-span", [0.5, 0.7, np.nan], [0.25, 0.125, np.nan]),
            runs("b-span", "a-span", [0.9], [0.0]),
        ]
    )
    numbers = pd.DataFrame(columns=list(published.COLUMNS), dtype=str)
    numbers.loc[0] = ["p", "Table 2", "M", "None", "A", "accuracy", "dev", "70.2"]
    numbers.to_csv(path := "numbers.csv", index=False)
    numbers.loc[1] = [*numbers.loc[0][:-1], "75.0"]
    numbers.loc[1, "intermediate"] = "A and B"
    numbers.to_csv(path, index=False)
    rows = [{"printed": {"target": "A"}, "ours": {"model": "m", "target": "a-span"}}]
    rows += [{"printed": {"target": "A"}, "ours": {"measure": "best"}}]
    joint = {"chain": "a-span~b-span", "measure": "score"}
    rows += [{"printed": {"intermediate": "A and B"}, "ours": joint}]
    scores = {"model": ["m"], "chain": ["a-span~b-span"], "target": ["a-span"], "score": [0.4]}
    return Inputs(
        question={"models": ["m"], "cells": {"m": cells}, "label": "x", "protocol": "paper"},
        tasks={"a-span": {"title": "A"}, "b-span": {"title": "B"}},
        manifests={},
        runs=table,
        scores=pd.DataFrame({**scores, "no_class": [0.5]}),
        published=published.load(path, rows),
    )


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def table_of(inputs, **block):
    block = {"model": "m", "shown": "SEBert", "targets": ["a-span"], **block}
    spec = {"printed": "Table 2", "statistic": "dev", "blocks": [block]}
    return restarts.build(inputs, spec).to_dict("records")


def test_a_row_has_the_print_the_best_the_mean_and_what_the_best_is_worth(inputs):
    [row] = table_of(inputs, chains=["none"])
    assert row == {
        "Model": "SEBert",
        "Intermediate": "None",
        "Target": "A",
        "Paper": "70.2",
        "Best": "70.0",
        "Mean": "60.0",
        "Expected best": "65.0",
        "n": "2/3",
        "No class": "12.5",
    }


def test_after_the_target_itself_there_is_no_second_training(inputs):
    none, itself, chain = table_of(inputs, chains=["none", "a-span", "b-span+a-span"])
    assert {**itself, "Intermediate": "None"} == none and itself["Intermediate"] == "A"
    assert (chain["Intermediate"], chain["Best"], chain["Paper"]) == ("B → A", "90.0", "–")


def test_a_joint_checkpoint_is_one_snapshot(inputs):
    [row] = table_of(inputs, chains=["a-span~b-span"], joint=True)
    assert (row["Best"], row["Mean"], row["n"], row["No class"]) == ("40.0", "40.0", "1", "50.0")
    assert row["Paper"] == "75.0"
    bare = replace(inputs, scores=inputs.scores.iloc[:0])
    [row] = table_of(bare, chains=["a-span~b-span"], joint=True)
    assert (row["Best"], row["n"]) == ("not available", "not available")


def test_linear_runs_have_no_such_share(inputs):
    bare = replace(inputs, runs=inputs.runs.drop(columns="no_class"))
    assert table_of(bare, chains=["none"])[0]["No class"] == "–"


def test_a_maximum_over_training_is_of_the_best_epochs(inputs):
    runs = inputs.runs.assign(score_best=[0.8, 0.7, np.nan, 0.95])
    more = replace(inputs, runs=runs)
    [row] = table_of(more, chains=["none"], epoch="best")
    assert (row["Best"], row["Mean"], row["n"], row["No class"]) == ("80.0", "75.0", "2/3", "25.0")
    assert row["Paper"] == "–", "the print is of the measure 'best'"
    [row] = table_of(more, chains=["none"], epoch="chosen")
    assert (row["Best"], row["Paper"]) == ("70.0", "70.2")
    with pytest.raises(UserError, match="unknown epoch 'last'; allowed: best, chosen"):
        table_of(more, chains=["none"], epoch="last")


def blocks_of(*models):
    cells = {"chains": ["none"], "targets": ["a-span"]}
    blocks = [{"model": name, "shown": name, **cells} for name in models]
    return {"printed": "Table 2", "statistic": "dev", "blocks": blocks}


def test_a_block_of_a_model_that_is_left_out_is_left_out(inputs):
    narrow = replace(inputs, question=inputs.question | {"models_left_out": ["other"]})
    assert restarts.build(narrow, blocks_of("m", "other"))["Model"].tolist() == ["m"]
    with pytest.raises(UserError, match="unknown model 'other'; allowed: m"):
        restarts.build(inputs, blocks_of("m", "other"))


def test_a_table_of_models_that_are_all_left_out_says_so_in_its_cells(inputs):
    narrow = replace(inputs, question=inputs.question | {"models_left_out": ["other"]})
    [row] = restarts.build(narrow, blocks_of("other")).to_dict("records")
    assert row.pop("Model") == "other" and row.pop("Target") == "A"
    assert row.pop("Intermediate") == "None" and row.pop("Paper") == "–"
    assert set(row.values()) == {"left out"} and len(row) == 5
