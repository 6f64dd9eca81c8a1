"""The page: claims first, the paper's order, nothing said twice, every number with its runs."""

import csv
import html
import json
import re
from pathlib import Path

import pytest
import yaml

from stilts.evidence.figures.drawing import draw_and_write
from stilts.evidence.page.blocks import in_order, table_block
from stilts.evidence.page.report import write_report
from stilts.evidence.tables.writer import build_and_write
from stilts.files.fingerprint import ROOT
from tests.toys import invented_results as toys

TEMPLATE = ROOT / "workflow/report/page/page.html"
TABLES = ("claims", "table_1", "table_3", "paper_vs_ours")
CHAIN, TARGET, POINT = "hellaswag", "rte", "lr1e-05_bs8_wu0.2_s42"


@pytest.fixture(scope="module")
def top(tmp_path_factory):
    """Return a finished folder of the invented study, with its page."""
    top = tmp_path_factory.mktemp("project") / "results" / "mini"
    study, report = top / "rethinking", toys.report()
    for part in ("tables", "figures"):
        (study / part).mkdir(parents=True)
    inputs = toys.inputs()
    for name in TABLES:
        build_and_write(inputs, report["tables"][name], study / "tables" / name)
    for name in ("claims", "figure_2"):
        draw_and_write(inputs, report["figures"][name], study / "figures" / name)
    digests = "checkpoint=ab12 train=cd34"
    toys.runs().assign(digests=digests, key="00ff").to_csv(study / "runs.csv", index=False)
    toys.scores().to_csv(study / "scores.csv", index=False)
    question = top / "config.yaml"
    record = toys.record()
    record["studies"]["rethinking"]["label"] = "<script>alert(1)</script>"
    question.write_text(yaml.safe_dump(record))
    written = {"title": "Rethinking", "cite": "Chang & Lu", "claim": "", "label": toys.LABEL}
    write_report(
        top / "report.html",
        template=TEMPLATE,
        question=question,
        studies={"rethinking": {**written, "protocol": "paper", **report}},
        tables=[str(study / "tables" / f"{name}.csv") for name in TABLES],
        figures=[str(study / "figures" / f"{name}.png") for name in ("claims", "figure_2")],
    )
    return top


@pytest.fixture(scope="module")
def page(top):
    return (top / "report.html").read_text(encoding="utf-8")


def held(page):
    """Return the data that the page holds."""
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])["rethinking"]


def block(name, kind="deltas"):
    return {"name": name, "kind": kind}


def test_claims_come_first_then_the_papers_order_then_the_rest(page):
    found = re.findall(r'<article id="rethinking-([^"]*)"', page)
    assert found[:2] == ["figure-claims", "table-claims"]
    assert found[2:] == ["table-table_1", "figure-figure_2", "table-table_3", "table-paper_vs_ours"]
    assert [each["name"] for each in in_order([block("b"), block("a")], ["a"])] == ["a", "b"]


def test_the_contents_lead_to_every_table_and_figure(page):
    contents = re.search(r"<nav.*?</nav>", page, re.S)[0]
    for name in re.findall(r'<article id="([^"]*)"', page):
        assert f'href="#{name}"' in contents


def test_what_every_row_says_stands_below_the_table_once(top, page):
    with (top / "rethinking/tables/table_1.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len({row["Data"] for row in rows if row["Data"] != "not available"}) == 1
    shown = table_block(toys.report()["tables"]["claims"], top / "rethinking/tables/claims.csv")
    for place, column in enumerate(shown["columns"]):
        assert len({row[place] for row in shown["rows"]}) > 1, column["name"]
    for name, value in shown["same"].items():
        assert f"<b>{html.escape(name)}</b> {html.escape(value)}" in page
    assert "scale" not in [column["name"] for column in shown["columns"]]


def test_a_row_knows_the_runs_that_were_read_for_it(top, page):
    with (top / "rethinking/tables/table_3.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    behind = held(page)["behind"]["table_3"]
    assert len(behind) == len(rows)
    cells = {"CoLA": "cola", "Hella-sh": "hella-sh", "WiC": "wic", "WinoGrande M": "winogrande-m"}
    for row, read in zip(rows, behind, strict=True):
        if row["Target"] in cells:
            chains = {"none", cells[row["Intermediate"]]}
            wanted = {f"runs/{toys.MODEL}/{each}/{cells[row['Target']]}" for each in chains}
            assert set(read) == wanted


def test_printed_numbers_lead_to_no_runs(top):
    shown = table_block(toys.report()["tables"]["table_3"], top / "rethinking/tables/table_3.csv")
    for column in shown["columns"]:
        assert column["ours"] != ("paper" in column["name"])


def test_a_run_stands_with_its_settings_origins_and_digests(page):
    found = held(page)
    names, same = found["runs"]["names"], found["runs"]["same"]
    rows = [dict(zip(names, row, strict=True)) for row in found["runs"]["rows"]]
    assert len(rows) == len(toys.runs())
    assert same["digests"] == "checkpoint=ab12 train=cd34"
    (run,) = [
        row for row in rows if (row["chain"], row["target"], row["point"]) == (CHAIN, TARGET, POINT)
    ]
    assert (float(run["lr"]), run["batch"], run["seed"]) == (1e-5, "8", "42")
    assert ["metric", "accuracy", "assumed", ""] in found["settings"][TARGET]


def test_no_text_of_a_question_becomes_code(page):
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_the_page_asks_for_nothing_outside_itself(page):
    assert "default-src 'none'" in page
    sources = re.findall(r'\s(?:src|href)="([^"]*)"', page)
    assert sources and not [each for each in sources if re.match(r"(https?:)?//", each)]
    assert "<link" not in page and "@import" not in page


def test_files_that_the_page_names_are_there(top, page):
    links = {each for each in re.findall(r'href="([^"#][^"]*)"', page)}
    assert links and [each for each in links if not (top / Path(each)).is_file()] == []
