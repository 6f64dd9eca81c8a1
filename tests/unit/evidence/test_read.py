import json

import pandas as pd
import pytest
import yaml

from stilts.errors import UserError
from stilts.evidence.read import read_inputs
from stilts.evidence.results import Inputs
from tests.toys.invented_results import MODEL, STUDY, inputs, manifest, record, report


@pytest.fixture(scope="module")
def study() -> Inputs:
    return inputs()


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
    columns = ["model", "chain", "target", "point", "score", "degenerate", "like_majority"]
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
