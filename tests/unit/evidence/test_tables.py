import importlib
import re
from dataclasses import replace

import pandas as pd
import pytest

from stilts.errors import UserError
from stilts.evidence import numbers
from stilts.evidence.results import Inputs
from stilts.evidence.tables import best_of, controls, deltas, overview, scores
from stilts.evidence.tables.writer import as_csv, as_latex, as_markdown, footnotes, write_table
from tests.toys.invented_results import LABEL, MODEL, inputs, report

SPEC = {"title": "A title", "caption": "What is seen."}


@pytest.fixture(scope="module")
def study() -> Inputs:
    return inputs()


@pytest.fixture(scope="module")
def specs() -> dict:
    return report()["tables"]


def _build(study: Inputs, spec: dict) -> pd.DataFrame:
    return importlib.import_module(f"stilts.evidence.tables.{spec['kind']}").build(study, spec)


def _cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


# What each kind shows


def test_the_overview_shows_each_task_once_with_all_its_roles(study, specs):
    table = overview.build(study, specs["table_1"]).set_index("Task")
    assert table.loc["CoLA", "Role"] == "intermediate, target"
    assert table.loc["RTE", "Train (paper)"] == "2.4k"
    assert table.loc["SocialIQA", "Type"] == "multiple choice, 3"
    assert table.loc["SocialIQA", "Chance"] == "33.3"
    assert table.loc["SocialIQA", "Majority"] == numbers.percent(120 / 330)
    assert table.loc["CoLA", "Chance"] == "0.0"
    assert table.loc["Hella-sh", "Train (paper)"] == "–"
    assert (table.loc["MedNLI", ["Type", "Train", "Metric", "Data"]] == "not available").all()


def test_the_best_run_stands_beside_both_printed_values(study, specs):
    table = best_of.build(study, specs["table_2"])
    row = table[(table["Target"] == "RTE") & (table["Intermediate"] == "HellaSwag")].iloc[0]
    assert row["Pruksachatkun et al. 2020"] == "88.3"
    assert row["Chang & Lu 2021"] == "88.4"
    assert row["Best"] == numbers.percent(study.cell("hellaswag", "rte")["score"].max())
    assert row["n"] == "35/36"


def test_the_deltas_of_a_task_without_data_are_not_available_and_the_printed_ones_stay(
    study, specs
):
    table = deltas.build(study, specs["table_3"])
    gone = table[table["Target"] == "MedNLI"]
    assert gone["Δ mean (paper)"].tolist() == ["+1.3", "+1.4"]
    assert gone["Δ best (paper)"].tolist() == ["+0.2", "0.0"]
    assert (gone[["Δ mean", "Δ best", "95 % interval"]] == "not available").all(axis=None)
    assert (table.loc[table["Target"] == "WiC", "n"] == "36").all()


def test_a_control_is_compared_at_the_points_that_it_has(study):
    name, changed = "hellaswag-p@2000=equal-2k", "Control less original"
    few = study.cell("hellaswag-p@2000", "rte").iloc[::5]
    runs = pd.concat([study.runs, few.assign(chain=name, score=few["score"] + 0.1)])
    spec = {"chains": {name: {"of": "hellaswag-p@2000", "asks": "?"}}, "targets": ["rte"]}
    cells = {MODEL: {**study.question["cells"][MODEL], name: {"rte": len(few)}}}
    changed_study = replace(study, runs=runs, question={**study.question, "cells": cells})
    (row,) = controls.build(changed_study, spec).to_dict("records")
    assert row[changed] == "+10.0" and row["n"] == str(len(few))
    base = study.cell("none", "rte")
    base = base[base["point"].isin(few["point"])]["score"].mean()
    assert row["None"] == numbers.percent(base)
    assert row["Δ original"] == numbers.points(few["score"].mean() - base)
    assert row["Δ control"] == numbers.points(few["score"].mean() + 0.1 - base)


def test_an_interval_holds_its_difference(study, specs):
    table = deltas.build(study, specs["table_3"])
    for _, row in table[table["Target"] == "WiC"].iterrows():
        low, high = map(float, row["95 % interval"].strip("[]").split(","))
        assert low <= float(row["Δ mean"]) <= high


def test_the_table_of_scores_says_what_was_not_scored(study, specs):
    table = scores.build(study, specs["table_4"])
    assert table["Paper"].tolist() == ["35.0", "52.3", "43.2", "54.3", "44.0", "56.4"]
    assert table["Here"].iloc[-1] == "not available"
    assert table["Here"].iloc[0] == "40.0 ± 3.1 (35.0 to 47.0)", "new heads, each a draw"
    assert table["Here"].iloc[2] == "42.5"
    assert table["New heads"].tolist()[:3] == ["24", "24", "0"]


def test_the_table_of_scores_of_ones_own_has_no_column_for_a_paper(study, specs):
    spec = {key: value for key, value in specs["table_4"].items() if key != "printed"}
    with_paper = scores.build(study, specs["table_4"])
    pd.testing.assert_frame_equal(scores.build(study, spec), with_paper.drop(columns="Paper"))


def test_the_diagnostics_say_which_way_to_remove_the_premise_is_taken_for_the_paper(study, specs):
    table = scores.build(study, specs["section_4_2"])
    assert table["Paper"].tolist() == ["84.8", "–", "–", "65.0", "75.3"]
    taken = table.loc[table["Paper"] == "65.0", "Scored on"].item()
    assert taken == "HellaSwag, the ending alone (taken for the paper)"


def test_every_table_of_the_study_can_be_built_and_written(study, specs, tmp_path):
    for name, spec in specs.items():
        table = _build(study, spec)
        write_table(tmp_path / name, table, spec, study.footer)
        for suffix in ("csv", "md", "tex"):
            text = (tmp_path / f"{name}.{suffix}").read_text()
            assert "miniature language, not the paper's data" in text
            assert "nan" not in re.findall(r"[\w.]+", text), f"{name}.{suffix}"


def test_the_file_that_targets_ask_for_is_written_last(study, specs, tmp_path):
    spec = specs["table_2"]
    (tmp_path / "table.tex").mkdir()  # nothing can be written in its place
    with pytest.raises(OSError, match=r"table\.tex"):
        write_table(tmp_path / "table", best_of.build(study, spec), spec, study.footer)
    assert not (tmp_path / "table.csv").exists()


def test_tables_survive_a_study_without_any_run(study, specs):
    empty = replace(study, runs=study.runs.iloc[:0], scores=study.scores.iloc[:0])
    for spec in specs.values():
        assert len(_build(empty, spec))


def test_of_several_models_each_has_its_rows_and_only_print_of_its_own(study, specs):
    both = inputs("bert-base", MODEL)
    for name in ("table_2", "table_3", "table_4"):
        one, two = _build(study, specs[name]), _build(both, specs[name])
        assert two.columns.tolist() == ["Model", *one.columns]
        assert two["Model"].tolist() == ["bert-base"] * len(one) + [MODEL] * len(one)
        ours = two[two["Model"] == MODEL].drop(columns="Model").reset_index(drop=True)
        assert ours.equals(one), "its numbers do not depend on what else the study runs"
        paper = [column for column in one if "aper" in column or "20" in column]
        assert (two.loc[two["Model"] == "bert-base", paper] == "–").all(axis=None)


def test_a_table_of_one_named_model_is_that_of_a_study_of_it_alone(study, specs):
    spec = specs["table_2"]
    named = [spec | {"model": MODEL}, spec | {"models": [MODEL]}]
    for asked in named:
        assert _build(inputs("bert-base", MODEL), asked).equals(_build(study, spec))


def test_an_unknown_model_is_refused_with_the_known_ones(study, specs):
    with pytest.raises(UserError, match="report.yaml: unknown model 'gpt'; allowed: roberta-large"):
        _build(study, specs["table_2"] | {"model": "gpt"})


def test_a_task_scored_on_several_splits_names_all_but_validation(study, specs):
    posed = {"rte": {"scored": {"assumed": ["validation", "test"]}, "metric": {"code": "accuracy"}}}
    settings = {**study.question["settings"], "targets": posed}
    splits = {"train": {"rows": 1}, "test": {"rows": 1300, "classes": {"0": 1300}}}
    splits["validation"] = {"rows": 300, "classes": {"0": 60, "1": 240}}
    other = replace(
        study,
        question={**study.question, "settings": settings},
        manifests={**study.manifests, "rte": {**study.manifests["rte"], "splits": splits}},
    )
    row = overview.build(other, specs["table_1"]).set_index("Task").loc["RTE"]
    assert row["Validation"] == "300, 1,300 test"
    assert row["Majority"] == numbers.percent(1360 / 1600)


def test_a_task_whose_answers_are_numbers_shows_their_range(study, specs):
    targets = {"rte": {"metric": {"stated": "pearson"}, "scored": {"code": ["validation"]}}}
    settings = {**study.question["settings"], "targets": targets}
    other = replace(
        study,
        question={**study.question, "settings": settings},
        manifests={"rte": {**study.manifests["rte"], "labels": [], "range": [0, 5]}},
    )
    row = overview.build(other, specs["table_1"]).set_index("Task").loc["RTE"]
    assert row["Type"] == "classification, 0 to 5"
    assert row[["Metric", "Chance", "Majority"]].tolist() == ["Pearson correlation", "0.0", "0.0"]


def test_the_inconsistencies_of_the_paper_are_shown_word_for_word(study, specs):
    table = _build(study, specs["inconsistencies"])
    assert table.columns.tolist() == ["Where", "Check", "Found by", "Detail", "Severity"]
    assert len(table) == 17
    assert table["Detail"].str.startswith("min/mean/best annotations").sum() == 1


def test_a_table_of_inconsistencies_that_nobody_listed_is_refused(study, specs):
    with pytest.raises(UserError, match=r"no inconsistencies\.csv.*add the file"):
        _build(replace(study, inconsistencies=None), specs["inconsistencies"])


# Files


def test_footnotes_appear_only_where_cells_ask_for_them():
    whole = pd.DataFrame({"n": ["36"], "Best": ["85.6"]})
    lost = pd.DataFrame({"n": ["35/36"], "Best": ["not available"]})
    assert footnotes(whole, {"notes": ["Mind the gap."]}) == ["Mind the gap."]
    assert [note.split(":")[0] for note in footnotes(lost, {})] == ["n = a/b", "not available"]


def test_markdown_rows_have_equal_width_and_escaped_bars():
    table = pd.DataFrame({"a|b": ["x_y", "z"], "n": ["1", "23"]})
    lines = as_markdown(table, SPEC, "a label").splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len({len(row) for row in rows}) == 1
    assert all(len(_cells_of(row)) == 2 for row in rows)
    assert rows[1].endswith("-: |")  # numbers to the right
    assert "*a label*" in lines
    assert lines[0] == "**A title.** What is seen."


def test_latex_escapes_everything_special():
    table = pd.DataFrame({"50 % & Δ_x": ["{a}\\b~c^d#$", "-1.5", "[+1, +2]"]})
    text = as_latex(table, SPEC, "a label", name="table_9")
    assert r"50 \% \& $\Delta$\_x \\" in text
    assert r"\{a\}\textbackslash{}b\textasciitilde{}c\textasciicircum{}d\#\$ \\" in text
    assert "$-1.5$" in text
    assert "{[+1, +2]}" in text
    assert r"\emph{a label}" in text
    assert r"\label{tab:table_9}" in text


def test_latex_is_balanced_and_every_row_has_all_columns(study, specs):
    for spec in specs.values():
        table = _build(study, spec)
        text = as_latex(table, spec, LABEL, name="t")
        bare = re.sub(r"\\[{}&]", "", text)
        assert bare.count("{") == bare.count("}")
        assert re.findall(r"\\begin{(\w+)}", text) == re.findall(r"\\end{(\w+)}", text)[::-1]
        letters = re.search(r"\\begin{(?:tabular|longtable)}{(.+)}", text).group(1)
        columns = len(re.sub(r"p{[.\d]+\\linewidth}", "p", letters))
        rows = [line for line in bare.splitlines() if line.endswith(r"\\") and "&" in line]
        assert {row.count("&") for row in rows} == {columns - 1}
        assert text.isascii()


def test_a_column_of_a_given_width_breaks_its_lines():
    table = pd.DataFrame({"Where": ["here"], "Detail": ["long " * 30], "n": ["1"]})
    text = as_latex(table, SPEC | {"widths": {"Detail": 0.4}}, "", name="t")
    assert r"\begin{tabular}{lp{0.4\linewidth}r}" in text


def test_a_long_table_breaks_across_pages():
    table = pd.DataFrame({"a": [str(n) for n in range(50)]})
    assert r"\begin{longtable}{r}" in as_latex(table, SPEC, "", name="t")


def test_without_a_label_no_empty_line_is_left_for_it():
    table = pd.DataFrame({"a": ["1"]})
    assert as_markdown(table, SPEC, "").splitlines()[-1].startswith("|")
    assert r"\emph" not in as_latex(table, SPEC, "", name="t")


def test_csv_repeats_the_label_and_reads_back_as_written():
    table = pd.DataFrame({"a": ["1,200", "x"]})
    assert as_csv(table, "mini").splitlines() == ["a,scale", '"1,200",mini', "x,mini"]


def test_of_one_model_latex_has_no_column_of_models_and_another_unknown_one_is_an_error():
    table = pd.DataFrame({"Claim": ["it helps"], "Verdict": ["holds"]})
    text = as_latex(table, SPEC | {"columns": ["Model", "Claim"]}, "", name="t")
    assert "Claim" in text and "Model &" not in text and "holds" not in text
    with pytest.raises(KeyError, match="Clam"):
        as_latex(table, SPEC | {"columns": ["Model", "Clam"]}, "", name="t")
