from dataclasses import replace

import pandas as pd
import pytest

from stilts.errors import UserError
from stilts.evidence.published import compare, data_note, load, printed, slug
from stilts.evidence.statistics import finite
from tests.toys.invented_results import STUDY, inputs, report


@pytest.fixture(scope="module")
def study():
    return inputs()


@pytest.fixture(scope="module")
def compared(study):
    return compare(study.published, study, report()["tables"]["paper_vs_ours"])


def _row(table: pd.DataFrame, **wanted: str) -> pd.Series:
    for column, value in wanted.items():
        table = table[table[column] == value]
    assert len(table) == 1, wanted
    return table.iloc[0]


def test_every_printed_number_has_a_row_with_its_value_untouched(study, compared):
    assert len(study.published) == len(compared) == 50
    assert compared["printed"].tolist() == study.published["value"].tolist()
    assert set(compared["status"]) == {"compared", "not available", "setting"}
    assert not compared.isna().any(axis=None)


def test_only_the_missing_task_and_the_missing_score_are_not_available(compared):
    missing = compared[compared["status"] == "not available"]
    assert set(missing["target"]) == {"MedNLI", "WinoGrande"}
    assert len(missing) == 6
    assert missing["note"].str.len().gt(0).all()


def test_a_best_run_equals_the_maximum_of_the_runs(study, compared):
    row = _row(compared, intermediate="HellaSwag", target="RTE", statistic="best_of_36")
    best = finite(study.cell("hellaswag", "rte")["score"]).max()
    assert float(row["ours"]) == pytest.approx(100 * best, abs=0.051)
    assert float(row["difference"]) == pytest.approx(100 * best - 88.4, abs=0.051)
    assert row["n"] == "35/36"


def test_a_delta_is_ours_minus_none_in_points(study, compared):
    row = _row(compared, intermediate="CoLA", target="WiC", statistic="delta_mean_vs_none")
    ours, none = (study.cell(chain, "wic")["score"].mean() for chain in ("cola", "none"))
    assert float(row["ours"]) == pytest.approx(100 * (ours - none), abs=0.051)
    assert "95 % interval" in row["note"]


def test_the_premise_removed_is_the_zero_shot_score_on_the_premise_free_task(study, compared):
    row = _row(compared, statistic="dev_premise_removed")
    score = study.zero_shot_of("hellaswag", "hellaswag-p")["score"]
    assert float(row["ours"]) == pytest.approx(100 * score, abs=0.051)


def test_counts_are_compared_as_numbers(compared):
    row = _row(compared, target="RTE", metric="train_size_as_printed")
    assert (row["printed"], row["ours"], row["difference"]) == ("2.4k", "1200", "-1200")


@pytest.mark.parametrize(
    ("metric", "ours", "difference"),
    [
        ("grid_learning_rates", "5e-6|1e-5|2e-5", "same"),
        ("grid_points_per_pair", "36", "same"),
        ("intermediate_batch", "8", "differs"),
        ("top_p", "0.9", "same"),
        ("fig3_sizes", "60|300|1200", "differs"),
    ],
)
def test_settings_stand_beside_the_resolved_ones(compared, metric, ours, difference):
    row = _row(compared, metric=metric)
    assert (row["ours"], row["difference"], row["status"]) == (ours, difference, "setting")


def test_a_statistic_or_setting_without_a_declaration_says_so(study):
    table = compare(study.published, study, {})
    assert len(table) == 50
    assert table["note"].str.startswith("no ").all()


def test_an_unknown_measure_is_an_error_with_the_known_ones(study):
    with pytest.raises(UserError, match="unknown measure 'median'.*zero_shot"):
        compare(study.published, study, {"statistics": {"count": "median"}})


def test_runs_of_another_metric_are_not_compared(study):
    row = study.published[study.published["statistic"] == "best_of_36"].iloc[[0]]
    spec = report()["tables"]["paper_vs_ours"]
    found = compare(row.assign(metric="f1"), study, spec).iloc[0]
    assert found["status"] == "not available"
    assert found["note"] == "no f1 of none -> rte"


def test_the_data_note_tells_miniature_stand_in_subset_and_exact_apart(study):
    def noted(**fields) -> str:
        manifest = {"splits": {"train": {"rows": 8}}, **fields}
        return data_note(replace(study, manifests={"rte": manifest}), "rte")

    assert data_note(study, "rte") == "miniature language, not the paper's data"
    assert data_note(study, "mednli") == "not available"
    assert noted(note="stand-in: validation again") == "stand-in: validation again"
    assert noted(published_sizes={"train": 2490}) == "subset: train 8 of 2,490"
    assert noted(published_sizes={"train": 8}) == "exact"
    assert noted().startswith("real data")


def test_printed_values_are_found_by_their_slugs(study):
    assert printed(study.published, "Table 2", "none", "rte", "best_of_36") == "85.6"
    assert printed(study.published, "Table 2", "cola", "rte", "best_of_36") == "–"
    assert slug("Synthesis_GPT2") == "synthesis-gpt2"


def test_loading_keeps_text_and_refuses_other_columns(tmp_path):
    table = load(STUDY / "published.csv")
    assert "40k" in set(table["value"])
    assert "None" in set(table["intermediate"])
    (tmp_path / "published.csv").write_text("paper,value\nx,1\n")
    with pytest.raises(UserError, match="the columns are paper, value; expected paper, table"):
        load(tmp_path / "published.csv")


def test_the_inconsistencies_of_the_paper_have_the_agreed_columns():
    table = pd.read_csv(STUDY / "inconsistencies.csv", dtype=str, keep_default_na=False)
    assert list(table.columns) == ["where", "check", "detail", "severity"]
    assert len(table) == 8
