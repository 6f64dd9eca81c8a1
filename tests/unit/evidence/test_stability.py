import numpy as np
import pytest

from stilts.evidence.comparisons.shares import wilson
from stilts.evidence.numbers import percent
from stilts.evidence.tables import stability
from tests.toys.invented_results import inputs, report


@pytest.fixture(scope="module")
def study():
    return inputs()


@pytest.fixture(scope="module")
def table(study):
    return stability.build(study, report()["tables"]["stability"])


def row(table, target, chain):
    return table[(table["Target"] == target) & (table["Intermediate"] == chain)].iloc[0]


def test_the_share_of_degenerate_runs_stands_with_its_interval(study, table):
    failed = int(study.cell("none", "rte")["degenerate"].astype(bool).sum())
    found = row(table, "RTE", "None")
    assert failed > 0 and found["Degenerate"] == percent(failed / 36)
    low, high = wilson(failed, 36)
    assert found["95 % interval"] == f"[{percent(low)}, {percent(high)}]"
    assert found["Gain"] == "–", "the baseline gains nothing on itself"


def test_the_best_of_all_is_the_best_run_and_has_no_upper_bound(study, table):
    scores = study.cell("cola", "wic")["score"]
    found = row(table, "WiC", "CoLA")
    assert found["Best of 36"] == percent(scores.max())
    assert found["36 of new runs"].endswith(", –]")
    assert found["Best of 1"] == percent(scores.mean())
    low, high = map(float, found["1 of new runs"].strip("[]").split(", "))
    assert low < 100 * np.median(scores) < high


def test_a_lost_run_leaves_no_best_of_all(table):
    found = row(table, "RTE", "HellaSwag")
    assert (found["n"], found["Best of 36"]) == ("35/36", "not available")


def test_a_cell_without_runs_is_not_available(table):
    found = row(table, "MedNLI", "CoLA")
    assert (found.drop(["Target", "Intermediate", "n"]) == "not available").all()
