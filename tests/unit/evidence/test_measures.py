from copy import deepcopy
from dataclasses import replace

import pandas as pd
import pytest

from stilts.errors import UserError
from stilts.evidence.published import load
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import finite
from stilts.evidence.tables.paper_vs_ours import build
from tests.toys.invented_results import MODEL, STUDY, inputs, report


@pytest.fixture(scope="module")
def study() -> Inputs:
    return inputs()


@pytest.fixture(scope="module")
def compared(study) -> pd.DataFrame:
    return build(study, {})


def _row(table: pd.DataFrame, **wanted: str) -> pd.Series:
    for column, value in wanted.items():
        table = table[table[column] == value]
    assert len(table) == 1, wanted
    return table.iloc[0]


def _with(study: Inputs, *entries: dict, **printed: str) -> pd.DataFrame:
    """Compare the printed numbers of some kind only, with entries added to the study's `rows`."""
    published = load(STUDY / "published.csv", [*report()["rows"], *entries])
    for column, value in printed.items():
        published = published[published[column] == value]
    return build(replace(study, published=published), {})


def test_every_printed_number_has_a_row_with_its_value_untouched(study, compared):
    assert len(study.published) == len(compared) == 57
    assert compared["printed"].tolist() == study.published["value"].tolist()
    assert set(compared["status"]) == {"compared", "not compared", "not available", "setting"}
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


def test_a_maximum_over_training_is_of_the_best_epochs(study):
    entry = {"printed": {"statistic": "best_of_36"}, "ours": {"measure": "best_of_epochs"}}
    trained = replace(study, runs=study.runs.assign(score_best=study.runs["score"] + 0.03))
    found = [
        _row(_with(inputs, *more, statistic="best_of_36"), intermediate="HellaSwag", target="RTE")
        for inputs, more in ((study, ()), (trained, [entry]))
    ]
    chosen, best = (float(row["ours"]) for row in found)
    assert best == pytest.approx(chosen + 3, abs=0.051)


def test_a_delta_is_ours_minus_none_in_points(study, compared):
    row = _row(compared, intermediate="CoLA", target="WiC", statistic="delta_mean_vs_none")
    ours, none = (study.cell(chain, "wic")["score"].mean() for chain in ("cola", "none"))
    assert float(row["ours"]) == pytest.approx(100 * (ours - none), abs=0.051)
    assert "95 % interval" in row["note"]


def test_the_premise_removed_is_the_score_on_the_premise_free_task(study, compared):
    row = _row(compared, statistic="dev_premise_removed")
    score = study.score_of("hellaswag", "hellaswag-p")["score"]
    assert float(row["ours"]) == pytest.approx(100 * score, abs=0.051)


def test_sizes_of_a_miniature_stand_beside_the_printed_ones_but_are_not_compared(compared):
    for metric, printed, ours in (
        ("fig3_sizes", "2000|10000|40000", "60|300|1200"),
        ("layers", "24", "2"),
        ("hidden_size", "1024", "64"),
        ("attention_heads", "16", "4"),
    ):
        row = _row(compared, metric=metric)
        assert (row["printed"], row["ours"], row["difference"]) == (printed, ours, "")
        assert (row["status"], row["note"]) == (
            "not compared",
            "sizes of the scale, not the paper's",
        )
    row = _row(compared, target="RTE", metric="train_size_as_printed")
    assert (row["printed"], row["ours"], row["difference"]) == ("2.4k", "1200", "")
    assert row["status"] == "not compared"


# Train sizes of the real data as their cards tell them, beside what Table 1 and section 5.2 print.
SIZES = {
    "hellaswag": 39905,
    "hellaswag-p": 39905,
    "synthesis-gpt2": 30000,
    "cola": 8551,
    "wic": 5428,
    "rte": 2490,
    "socialiqa": 33410,
    "winogrande-xs": 160,
    "winogrande-m": 2558,
    "winogrande-l": 10234,
}


@pytest.fixture(scope="module")
def real(study) -> Inputs:
    """The study on real data, with the sizes that they have."""
    manifests = {
        task: {**told, "note": "", "splits": {**told["splits"], "train": {"rows": SIZES[task]}}}
        for task, told in study.manifests.items()
        if task in SIZES
    }
    shape = {"parameters": 355359744, "layers": 24, "width": 1024, "heads": 16}
    question = {**deepcopy(study.question), "label": "paper", "shapes": {MODEL: shape}}
    for chain, rows in (("@2000", 2000), ("@10000", 10000), ("", 39905)):
        question["chains"][f"hellaswag-p{chain}"]["stages"][-1]["rows"] = rows
    return replace(study, manifests=manifests, question=question)


def test_real_sizes_are_those_of_the_paper_rounded_or_cut_as_it_prints_them(real):
    table = build(real, {})
    sizes = table[table["metric"] == "train_size_as_printed"]
    sizes = sizes[sizes["target"] != "MedNLI"]
    assert set(sizes["difference"]) == {"same"} and set(sizes["status"]) == {"compared"}
    ways = {(row["target"], row["printed"]): row["note"] for _, row in sizes.iterrows()}
    assert {key for key, way in ways.items() if way == "ours truncated"} == {
        ("CoLA", "8.5k"),
        ("RTE", "2.4k"),
        ("WinoGrande_M", "2.5k"),
    }
    assert {key for key, way in ways.items() if way == ""} == {
        ("Synthesis_GPT2", "30k"),
        ("WinoGrande_XS", "160"),
    }
    for metric in ("fig3_sizes", "parameters", "layers", "hidden_size", "attention_heads"):
        row = _row(table, metric=metric)
        assert (row["difference"], row["status"]) == ("same", "compared"), metric


def test_another_size_is_a_difference_in_examples(real):
    manifests = {**real.manifests, "rte": {**real.manifests["rte"]}}
    manifests["rte"]["splits"] = {"train": {"rows": 2600}}
    row = _row(build(replace(real, manifests=manifests), {}), target="RTE", statistic="count")
    assert (row["ours"], row["difference"], row["status"]) == ("2600", "+200", "compared")


def test_guessing_is_compared_with_what_the_paper_calls_guessing(study, compared):
    row = _row(compared, statistic="chance")
    chance = study.score_of("hellaswag", "hellaswag")["chance"]
    assert (row["printed"], row["ours"]) == ("25", f"{100 * chance:.0f}")


def test_a_number_that_ours_must_exceed_differs_where_it_does_not(study):
    few = replace(study, question={**study.question, "runs": 1000})
    row = _row(build(few, {}), metric="runs_in_all")
    assert (row["printed"], row["ours"], row["difference"]) == ("more than 1000", "1000", "differs")


def test_that_table_2_holds_best_runs_is_said_to_be_assumed(compared):
    notes = compared[compared["statistic"] == "best_of_36"]["note"]
    assert notes.str.startswith("assumed: the paper does not say").all()


@pytest.mark.parametrize(
    ("metric", "ours", "difference"),
    [
        ("grid_learning_rates", "5e-6|1e-5|2e-5", "same"),
        ("grid_points_per_pair", "36", "same"),
        ("intermediate_batch", "8", "differs"),
        ("top_p", "0.9", "same"),
        ("runs_in_all", "1584", "same"),
    ],
)
def test_settings_stand_beside_the_resolved_ones(compared, metric, ours, difference):
    row = _row(compared, metric=metric)
    assert (row["ours"], row["difference"], row["status"]) == (ours, difference, "setting")


def test_a_number_without_a_declaration_says_so(study):
    table = build(replace(study, published=load(STUDY / "published.csv")), {})
    assert len(table) == 57
    assert table["note"].str.startswith("no measure is declared for the statistic '").all()


def test_a_number_that_nobody_can_reproduce_gives_the_reason(study):
    why = {"printed": {"table": "Table 2"}, "ours": {"measure": "", "note": "hidden labels"}}
    found = _with(study, why, table="Table 2")
    assert set(found["note"]) == {"hidden labels"}
    assert set(found["status"]) == {"not available"}


def test_a_setting_that_the_record_lacks_says_where_it_was_looked_for(study):
    lost = {"printed": {"metric": "top_p"}, "ours": {"path": "settings.generators.other.top_p"}}
    row = _with(study, lost, metric="top_p").iloc[0]
    assert (row["status"], row["ours"]) == ("setting", "not available")
    assert row["note"] == "the recorded question has no 'settings.generators.other.top_p'"


def test_a_setting_in_words_is_compared_letter_by_letter(study):
    stated = {"printed": {"metric": "top_p"}, "ours": {"path": "protocol"}}
    assert _with(study, stated, metric="top_p").iloc[0]["ours"] == "paper"


@pytest.mark.parametrize(
    "name, known", [("measure", "best, best_of_epochs, chance"), ("unit", "fraction, percent")]
)
def test_an_unknown_measure_or_unit_is_an_error_with_the_known_ones(study, name, known):
    odd = {"printed": {"statistic": "best_of_36"}, "ours": {name: "median"}}
    with pytest.raises(UserError, match=f"unknown {name} 'median'; allowed: {known}"):
        _with(study, odd, table="Table 2")


def test_runs_of_another_metric_are_not_compared(study):
    other = {"printed": {"table": "Table 2"}, "ours": {"metric": "f1"}}
    found = _with(study, other, target="RTE", intermediate="None").iloc[0]
    assert found["status"] == "not available"
    assert found["note"].endswith("no f1 of none -> rte")


def test_ours_is_written_in_the_unit_and_the_digits_of_the_print(study):
    published = study.published[study.published["statistic"] == "best_of_36"]
    best = 100 * finite(study.cell("none", "rte")["score"]).max()
    for unit, value, ours in (
        ("percent", "85.64", f"{best:.2f}"),
        ("percent", "86", f"{best:.0f}"),
        ("fraction", "0.856", f"{best / 100:.3f}"),
    ):
        other = published.iloc[[0]].assign(value=value, **{"our unit": unit})
        row = build(replace(study, published=other), {}).iloc[0]
        assert (row["printed"], row["ours"]) == (value, ours)
        assert float(row["difference"]) == pytest.approx(float(ours) - float(value), abs=0.011)


def test_a_number_of_a_model_is_compared_with_runs_of_that_model_alone(study):
    both = inputs("bert-base", MODEL)
    worse = both.runs["score"].where(both.runs["model"] == MODEL, 0.1)
    both = replace(both, runs=both.runs.assign(score=worse))
    assert build(both, {}).equals(build(study, {}))
    other = {"printed": {"model": MODEL}, "ours": {"model": "bert-base"}}
    published = load(STUDY / "published.csv", [*report()["rows"], other])
    row = _row(
        build(replace(both, published=published), {}),
        **{"statistic": "best_of_36", "intermediate": "None", "target": "RTE"},
    )
    assert row["ours"] == "10.0"


def test_a_number_of_a_model_that_the_study_does_not_run_says_so(study):
    other = {"printed": {"model": MODEL}, "ours": {"model": "gpt2"}}
    found = _with(study, other, table="Table 3")
    assert set(found["note"]) == {"no data for mednli at this scale", "the study has no model gpt2"}
