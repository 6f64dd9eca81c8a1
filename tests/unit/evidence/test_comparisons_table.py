from dataclasses import replace

import pandas as pd
import pytest

from stilts.evidence.comparisons.pairing import compare
from stilts.evidence.tables import comparisons
from tests.toys.invented_results import inputs, report, shifted


@pytest.fixture(scope="module")
def study():
    return inputs()


def test_comparisons_are_over_seeds_and_say_what_they_are_not_for(study):
    table = comparisons.build(study, report()["tables"]["table_3_seeds"])
    row = table[(table["Intermediate"] == "CoLA") & (table["Target"] == "WiC")].iloc[0]
    expected = compare(study.cell("cola", "wic"), study.cell("none", "wic"))
    low, high = (100 * end for end in expected.estimate.interval())
    assert row["95 % interval"] == f"[{low:+.1f}, {high:+.1f}]"
    assert row["Interval over"].endswith("no interval for the intermediate")
    assert row["n"] == "36"
    gone = table[table["Target"] == "MedNLI"].drop(columns=["Intermediate", "Target"])
    assert (gone == "not available").all(axis=None)


def test_a_sure_difference_and_a_sure_equality_are_told(study):
    spec = {"chains": ["hellaswag"], "targets": ["wic"], "margin": 2.0, "margin_from": "here"}
    sides = {by: shifted(study, "hellaswag", by) for by in (0.2, -0.2, 0.0)}
    found = {by: comparisons.build(side, spec)["Verdict"].item() for by, side in sides.items()}
    assert found == {0.2: "higher", -0.2: "lower", 0.0: "equal"}


def test_walks_with_seeds_of_their_own_are_compared_where_asked(study):
    runs = study.runs[study.runs["chain"] == "cola"]
    walks = [runs.assign(chain=f"cola^{seed}", score=runs["score"] + seed / 100) for seed in (1, 2)]
    more = replace(study, runs=pd.concat([study.runs, *walks]))
    spec = {"chains": ["cola"], "targets": ["wic"], "margin": 1.0, "walks": True}
    row = comparisons.build(more, spec).iloc[0]
    assert row["Interval over"] == "2 intermediate × 2 target seeds"
    base = study.cell("cola", "wic")["score"].mean() - study.cell("none", "wic")["score"].mean()
    assert float(row["Δ mean"]) == pytest.approx(100 * (base + 0.015), abs=0.051)
