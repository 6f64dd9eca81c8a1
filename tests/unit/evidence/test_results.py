from dataclasses import replace

import pandas as pd
import pytest

from stilts.errors import UserError
from stilts.evidence.results import Inputs
from tests.toys.invented_results import MODEL, inputs


@pytest.fixture(scope="module")
def study() -> Inputs:
    return inputs()


def _asking(study: Inputs, **cells: dict) -> Inputs:
    return replace(study, question={**study.question, "cells": {MODEL: cells}})


def test_every_model_of_the_study_is_shown_unless_some_are_named(study):
    three = inputs("a", "b", "c")
    assert [ours.model for _, ours in three.models({}, "model")] == ["a", "b", "c"]
    assert [named for named, _ in three.models({"models": ["c", "a"]}, "model")] == [
        {"model": "c"},
        {"model": "a"},
    ]
    [(named, ours)] = three.models({"model": "b"}, "model")
    assert (named, ours.model, len(ours.runs)) == ({}, "b", len(study.runs))


def test_a_model_that_the_study_does_not_run_is_refused(study):
    with pytest.raises(UserError, match="unknown model 'd'; allowed: a, b"):
        list(inputs("a", "b").models({"models": ["a", "d"]}, "model"))


def test_the_question_says_how_many_runs_a_cell_should_have(study):
    ours = _asking(study, none={"rte": 36}, hellaswag={"rte": 2}).of_model(MODEL)
    assert [ours.expected(chain, "rte") for chain in ("none", "hellaswag", "cola")] == [36, 2, 0]
    assert ours.expected("none", "wic") == 0


def test_a_chain_without_a_seed_stands_for_its_walks_from_seed_to_seed(study):
    tied = study.runs.loc[(study.runs["target"] == "rte") & (study.runs["chain"] == "cola")]
    tied = tied.iloc[:3].assign(chain=["cola^12", "cola^42", "cola^7"])
    ours = _asking(study, **{f"cola^{seed}": {"rte": 1} for seed in (12, 42)}).of_model(MODEL)
    ours = replace(ours, runs=tied)
    assert ours.cell("cola", "rte")["chain"].tolist() == ["cola^12", "cola^42"]
    assert ours.expected("cola", "rte") == 2
    assert ours.cell("cola^12", "rte")["chain"].tolist() == ["cola^12"]


def test_a_chain_that_the_study_has_does_not_stand_for_its_seeded_ones(study):
    seeded = study.runs[study.runs["chain"] == "cola"].assign(chain="cola^7")
    ours = _asking(study, **{"cola": {"rte": 36}, "cola^7": {"rte": 36}})
    ours = replace(ours, runs=pd.concat([study.runs, seeded]))
    assert set(ours.cell("cola", "rte")["chain"]) == {"cola"}


def test_chains_read_as_words(study):
    assert study.title("none") == "None"
    assert study.title("hellaswag-p@2000") == "HellaSwag-p (2,000)"
    assert study.title("rte~wic+cola") == "RTE & WiC → CoLA"
    assert study.title("mednli@50=frozen^7") == "MedNLI (50, frozen), seed 7"


def test_the_metric_is_that_of_the_study_and_else_that_of_the_data(study):
    targets = {"rte": {"metric": {"stated": "f1_macro"}}}
    settings = {**study.question["settings"], "targets": targets}
    other = replace(study, question={**study.question, "settings": settings})
    assert [other.metric(task) for task in ("rte", "hellaswag", "cola")] == [
        "f1_macro",
        "accuracy",
        "accuracy",  # posed so as an intermediate task
    ]
    alone = replace(other, question={**other.question, "chains": {}})
    assert alone.metric("cola") == "matthews_correlation"


def test_the_data_note_tells_miniature_stand_in_subset_and_exact_apart(study):
    def noted(**fields) -> str:
        manifest = {"splits": {"train": {"rows": 8}}, **fields}
        return replace(study, manifests={"rte": manifest}).data_note("rte")

    assert study.data_note("rte") == "miniature language, not the paper's data"
    assert study.data_note("mednli") == "not available"
    assert noted(note="stand-in: validation again") == "stand-in: validation again"
    assert noted(published_sizes={"train": 2490}) == "subset: train 8 of 2,490"
    assert noted(published_sizes={"train": 8}) == "exact"
    assert noted().startswith("real data")
