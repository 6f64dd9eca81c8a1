import re

import pytest

from benchmarks.coverage import main
from stilts.files.fingerprint import ROOT

PAGE = ROOT / "docs/coverage.md"


def rows(text):
    """The cells of every row of every table, without the numbers, which each run draws anew."""
    lines = re.findall(r"^\| (.+) \|$", text, re.MULTILINE)
    return [[cell for cell in line.split(" | ") if share(cell) is None] for line in lines]


def share(cell):
    found = re.fullmatch(r"[*]*(\d+\.\d)[*]*", cell)
    return float(found[1]) if found else None


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    pages = [tmp_path_factory.mktemp("coverage") / f"{name}.md" for name in ("one", "again")]
    for page in pages:
        main(["--experiments", "4", "--seed", "7", "--out", str(page)])
    return [page.read_text() for page in pages]


def test_the_same_seed_writes_the_same_page(written):
    assert written[0] == written[1]


def test_the_page_of_the_docs_has_the_rows_that_the_tool_writes(written):
    text = PAGE.read_text()
    assert rows(text) == rows(written[0])
    assert int(re.search(r"([\d,]+) simulated", text)[1].replace(",", "")) >= 2000


def test_every_interval_that_is_for_what_it_is_asked_holds_at_least_93_percent():
    intervals = PAGE.read_text().partition("## Tests")[0].splitlines()
    found = {
        cells[1]: share(cells[2])
        for cells in (line.split(" | ") for line in intervals)
        if len(cells) == 5 and share(cells[2]) is not None
    }
    assert len(found) == 25
    assert [design for design, held in found.items() if held < 93 and "not for" not in design] == []
