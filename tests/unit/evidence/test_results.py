import json
from dataclasses import replace

import pandas as pd
import pytest
import yaml

from stilts.errors import UserError
from stilts.evidence.results import Inputs, read_inputs
from tests.toys.invented_results import MODEL, STUDY, inputs, manifest, record, report


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


# Files


@pytest.fixture
def files(study, tmp_path) -> dict:
    """Write the invented study, with the data of HellaSwag and HellaSwag-p only."""
    study.runs.to_csv(tmp_path / "runs.csv", index=False)
    study.scores.to_csv(tmp_path / "scores.csv", index=False)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(record(), sort_keys=False))
    paths = []
    for task in ("hellaswag", "hellaswag-p"):
        paths.append(tmp_path / task / "manifest.json")
        paths[-1].parent.mkdir()
        paths[-1].write_text(json.dumps(manifest(task)))
        pd.DataFrame(study.examples[task]).to_parquet(paths[-1].parent / "validation.parquet")
    return {
        "question": tmp_path / "config.yaml",
        "runs": tmp_path / "runs.csv",
        "scores": tmp_path / "scores.csv",
        "data": paths,
        "prints": [STUDY / "published.csv", STUDY / "inconsistencies.csv"],
        "rows": report()["rows"],
        "examples": paths[:1],
    }


def test_inputs_read_from_files_equal_those_in_memory(study, files):
    read = read_inputs("rethinking", **files)
    columns = ["model", "chain", "target", "point", "score", "degenerate"]
    pd.testing.assert_frame_equal(read.runs[columns], study.runs[columns], check_dtype=False)
    pd.testing.assert_frame_equal(read.scores, study.scores)
    pd.testing.assert_frame_equal(read.published, study.published)
    pd.testing.assert_frame_equal(read.inconsistencies, study.inconsistencies)
    assert (read.footer, read.title("mednli")) == (study.footer, "MedNLI")
    assert read.rows("hellaswag", "train") == 1200
    assert (
        list(read.examples["hellaswag"][0]["options"]) == study.examples["hellaswag"][0]["options"]
    )


def test_a_stage_that_is_read_knows_how_many_examples_it_saw(files):
    chains = read_inputs("rethinking", **files).question["chains"]
    rows = {chain: chains[chain]["stages"][-1]["rows"] for chain in chains if chain != "none"}
    assert {chain: rows[chain] for chain in ("hellaswag-p@2000", "hellaswag-p", "cola")} == {
        "hellaswag-p@2000": 60,
        "hellaswag-p": 1200,
        "cola": None,
    }


def test_a_study_needs_no_printed_numbers(files):
    read = read_inputs("rethinking", **{**files, "prints": [], "rows": []})
    assert len(read.published) == 0
    assert read.inconsistencies is None
    assert read.of_model(MODEL).printed("Table 2", target="rte", measure="best") == "–"


def test_a_table_of_runs_without_a_column_is_refused(files):
    files["runs"].write_text("model,chain\nx,none\n")
    with pytest.raises(UserError, match="column 'target' is missing"):
        read_inputs("rethinking", **files)
