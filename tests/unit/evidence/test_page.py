"""The page: claims first, the paper's order, nothing said twice, every number with its runs."""

import csv
import html
import json
import re
from pathlib import Path

import pytest

from stilts.evidence.page.blocks import in_order, table_block
from tests.toys import invented_results as toys
from tests.toys.finished_page import LABEL, finish

CHAIN, TARGET, POINT = "hellaswag", "rte", "lr1e-05_bs8_wu0.2_s42"


@pytest.fixture(scope="module")
def top(tmp_path_factory):
    """Return the folder of a finished question, with its page."""
    return finish(tmp_path_factory.mktemp("project")).parent


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
    middle = ["table-table_1", "figure-figure_2", "table-table_3", "figure-figure_3"]
    assert found[2:] == [*middle, "table-paper_vs_ours"]
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
    names = found["runs"]["names"]
    rows = [dict(zip(names, row, strict=True)) for row in found["runs"]["rows"]]
    assert len(rows) == len(toys.runs())
    (run,) = [
        row for row in rows if (row["chain"], row["target"], row["point"]) == (CHAIN, TARGET, POINT)
    ]
    assert re.fullmatch(
        "checkpoint=[0-9a-f]{64} code=[0-9a-f]{64} train=[0-9a-f]{64}", run["digests"]
    )
    assert (float(run["lr"]), run["batch"], run["seed"]) == (1e-5, "8", "42")
    assert ["metric", "accuracy", "assumed", ""] in found["settings"][TARGET]


def test_no_text_of_a_question_becomes_code(page):
    assert LABEL not in page and html.escape(LABEL) in page


def test_the_page_asks_for_nothing_outside_itself(page):
    assert "default-src 'none'" in page
    sources = re.findall(r'\s(?:src|href)="([^"]*)"', page)
    assert sources and not [each for each in sources if re.match(r"(https?:)?//", each)]
    assert "<link" not in page and "@import" not in page


def test_files_that_the_page_names_are_there(top, page):
    links = {each for each in re.findall(r'href="([^"#][^"]*)"', page)}
    assert links and [each for each in links if not (top / Path(each)).is_file()] == []


def test_a_page_of_a_whole_sweep_stays_small(top, page):
    assert len(toys.runs()) >= 1584
    assert (top / "report.html").stat().st_size < 15e6


def test_every_run_with_a_score_is_a_dot_of_its_violin(page):
    chart = held(page)["chart"]["figure_2"]
    shown = toys.report()["figures"]["figure_2"]
    runs = toys.runs().dropna(subset="score")
    runs = runs[runs["chain"].isin(shown["chains"]) & runs["target"].isin(shown["targets"])]
    dots = {row["run"]: row for rows in chart["datasets"].values() for row in rows if "run" in row}
    assert len(dots) == len(runs)
    for run in runs.to_dict("records"):
        dot = dots["/".join(run[name] for name in ("model", "chain", "target", "point"))]
        assert dot["y"] == pytest.approx(100 * run["score"])
        assert (dot["batch"], dot["seed"]) == (str(run["batch"]), str(run["seed"]))
        assert (dot["state"] == "degenerate") == run["degenerate"]
        assert dot["signs"] == run["signs"]


def test_claims_that_changed_after_some_runs_are_never_out_of_sight(tmp_path):
    file = tmp_path / "study/tables/claims.csv"
    file.parent.mkdir(parents=True)
    file.write_text("Claim,Verdict,Refuted by,Registered\nA,holds,x,before\nB,holds,y,changed\n")
    file.with_suffix(".runs.json").write_text("[]")
    spec = {"kind": "claims", "title": "Claims", "columns": ["Claim", "Verdict"]}
    shown = {column["name"]: column["more"] for column in table_block(spec, file)["columns"]}
    assert shown == {"Claim": False, "Refuted by": True, "Registered": False}
