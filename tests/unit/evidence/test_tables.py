import importlib
import json
import re
from dataclasses import replace

import pandas as pd
import pytest

from stilts.errors import UserError
from stilts.evidence import numbers as cells
from stilts.evidence.results import Inputs, read_inputs
from stilts.evidence.tables import best_of, deltas, overview, zero_shot
from stilts.evidence.tables.writer import as_csv, as_latex, as_markdown, footnotes, write_table
from tests.toys.invented_results import LABEL, SETTINGS, STUDY, inputs, manifest, report

SPEC = {"title": "A title", "caption": "What is seen."}


@pytest.fixture(scope="module")
def study() -> Inputs:
    return inputs()


@pytest.fixture(scope="module")
def specs() -> dict:
    return report()["tables"]


def _cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


# What each kind shows


def test_the_overview_shows_each_task_once_with_all_its_roles(study, specs):
    table = overview.build(study, specs["table_1"]).set_index("Task")
    assert table.loc["CoLA", "Role"] == "intermediate, target"
    assert table.loc["RTE", "Train (paper)"] == "2.4k"
    assert table.loc["SocialIQA", "Type"] == "multiple choice, 3"
    assert table.loc["SocialIQA", "Chance"] == "33.3"
    assert table.loc["SocialIQA", "Majority"] == cells.percent(120 / 330)
    assert table.loc["CoLA", "Chance"] == "0.0"
    assert table.loc["Hella-sh", "Train (paper)"] == "–"
    assert (table.loc["MedNLI", ["Type", "Train", "Metric", "Data"]] == "not available").all()


def test_the_best_run_stands_beside_both_printed_values(study, specs):
    table = best_of.build(study, specs["table_2"])
    row = table[(table["Target"] == "RTE") & (table["Intermediate"] == "HellaSwag")].iloc[0]
    assert row["Pruksachatkun et al. 2020"] == "88.3"
    assert row["Chang & Lu 2021"] == "88.4"
    assert row["Best"] == cells.percent(study.cell("hellaswag", "rte")["score"].max())
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


def test_an_interval_holds_its_difference(study, specs):
    table = deltas.build(study, specs["table_3"])
    for _, row in table[table["Target"] == "WiC"].iterrows():
        low, high = map(float, row["95 % interval"].strip("[]").split(","))
        assert low <= float(row["Δ mean"]) <= high


def test_the_zero_shot_table_says_what_was_not_scored(study, specs):
    table = zero_shot.build(study, specs["table_4"])
    assert table["Paper"].tolist() == ["35.0", "52.3", "43.2", "54.3", "44.0", "56.4"]
    assert table["Here"].iloc[-1] == "not available"
    assert table["Here"].iloc[0] == "40.0"


def test_the_diagnostics_name_the_premise_removed(study, specs):
    table = zero_shot.build(study, specs["section_4_2"])
    assert table["Scored on"].iloc[1] == "HellaSwag, premise removed"
    assert table["Paper"].tolist() == ["84.8", "65.0", "75.3"]


def test_every_table_of_the_study_can_be_built_and_written(study, specs, tmp_path):
    for name, spec in specs.items():
        table = importlib.import_module(f"stilts.evidence.tables.{spec['kind']}").build(study, spec)
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
    empty = replace(study, runs=study.runs.iloc[:0], zero_shot=study.zero_shot.iloc[:0])
    for spec in specs.values():
        assert len(
            importlib.import_module(f"stilts.evidence.tables.{spec['kind']}").build(empty, spec)
        )


# Inputs


def test_several_models_need_one_to_be_named(study):
    both = pd.concat([study.runs, study.runs.assign(model="bert-base")])
    many = replace(study, runs=both)
    with pytest.raises(UserError, match="bert-base, roberta-large.*'model'"):
        many.of_model({"kind": "best_of"})
    assert len(many.of_model({"kind": "best_of", "model": "bert-base"}).runs) == len(study.runs)


def test_the_grid_says_how_many_runs_a_cell_should_have(study):
    assert study.points == 36
    assert replace(study, settings={}).points == 36
    assert replace(study, settings={}, runs=study.runs.iloc[:0]).points == 0


def test_chains_read_as_words(study):
    assert study.title("none") == "None"
    assert study.title("hellaswag-p@2000") == "HellaSwag-p (2,000)"
    assert study.title("rte~wic+cola") == "RTE & WiC → CoLA"
    assert study.title("mednli") == "MedNLI"


def test_inputs_read_from_files_equal_those_in_memory(study, tmp_path):
    study.runs.to_csv(tmp_path / "runs.csv", index=False)
    study.zero_shot.to_csv(tmp_path / "zero_shot.csv", index=False)
    paths = []
    for task in ("hellaswag", "hellaswag-p"):
        paths.append(tmp_path / task / "manifest.json")
        paths[-1].parent.mkdir()
        paths[-1].write_text(json.dumps(manifest(task)))
        rows = pd.DataFrame(study.examples[task])
        rows.to_parquet(paths[-1].parent / "validation.parquet")
    sizes = {"hellaswag-p@2000": 60, "hellaswag-p@10000": 9000, "hellaswag-p": None, "cola": None}
    read = read_inputs(
        published=STUDY / "published.csv",
        label=LABEL,
        runs=tmp_path / "runs.csv",
        zero_shot=tmp_path / "zero_shot.csv",
        manifests=paths,
        settings={**SETTINGS, "stage_sizes": sizes},
        examples={"hellaswag": paths[0].parent / "validation.parquet"},
    )
    spec = report()["tables"]["table_2"]
    assert (
        best_of.build(read, spec)
        .drop(columns="Target")
        .equals(best_of.build(study, spec).drop(columns="Target"))
    )
    assert read.rows("hellaswag", "train") == 1200
    assert (
        list(read.examples["hellaswag"][0]["options"]) == study.examples["hellaswag"][0]["options"]
    )
    assert list(read.settings["stage_sizes"].values()) == [60, 1200, 1200, None]


def test_a_table_of_runs_without_a_column_is_refused(tmp_path):
    (tmp_path / "runs.csv").write_text("model,chain\nx,none\n")
    with pytest.raises(UserError, match="column 'target' is missing"):
        read_inputs(published=STUDY / "published.csv", label="", runs=tmp_path / "runs.csv")


# Cells and files


@pytest.mark.parametrize(
    ("score", "text"), [(0.8565, "85.7"), (0.5, "50.0"), (float("nan"), "not available")]
)
def test_percent_rounds_half_away_from_zero(score, text):
    assert cells.percent(score) == text


def test_points_carry_a_sign_and_zero_none():
    assert [cells.points(x) for x in (0.013, -0.002, -0.0001)] == ["+1.3", "-0.2", "0.0"]
    assert cells.interval(0.01, float("nan")) == "not available"
    assert [cells.runs_used(n, 36) for n in (36, 35, 0)] == ["36", "35/36", "0"]


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
        table = importlib.import_module(f"stilts.evidence.tables.{spec['kind']}").build(study, spec)
        text = as_latex(table, spec, LABEL, name="t")
        bare = re.sub(r"\\[{}&]", "", text)
        assert bare.count("{") == bare.count("}")
        assert re.findall(r"\\begin{(\w+)}", text) == re.findall(r"\\end{(\w+)}", text)[::-1]
        columns = len(re.search(r"\\begin{(?:tabular|longtable)}{(\w+)}", text).group(1))
        rows = [line for line in bare.splitlines() if line.endswith(r"\\") and "&" in line]
        assert {row.count("&") for row in rows} == {columns - 1}
        assert text.isascii()


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


def test_captions_render_to_valid_restructuredtext():
    jinja2, core = pytest.importorskip("jinja2"), pytest.importorskip("docutils.core")
    template = (STUDY.parents[1] / "workflow" / "report" / "figure.rst").read_text()
    params = {"spec": report()["figures"]["figure_2"], "facts": {**SETTINGS, "label": LABEL}}
    text = jinja2.Template(template).render(snakemake={"params": params})
    settings = {"halt_level": 2, "report_level": 2}
    html = core.publish_parts(text, writer="html", settings_overrides=settings)["body"]
    assert LABEL.replace("'", "&#x27;") in html or LABEL in html
    assert "n = 36 runs" in html
