import re

import numpy as np
import pandas as pd
import pytest

from benchmarks.components import fit, fitted_designs
from benchmarks.coverage import main
from benchmarks.simulated import GAIN, differences
from benchmarks.tests_called import fitted_called
from stilts.evidence.comparisons.pairing import compare
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
    assert len(found) == 25 + len(fitted_designs())
    assert [design for design, held in found.items() if held < 93 and "not for" not in design] == []


# Components of real runs


def as_runs(chain, scores, walks=(None,)):
    """Runs with scores `[walks, seeds, points]` as runs.csv has them."""
    rows = []
    for walk, row in zip(walks, scores, strict=True):
        name = chain if walk is None else f"{chain}^{walk}"
        for seed, line in enumerate(row):
            for place, score in enumerate(line):
                rows.append((name, "rte", f"bs{place + 1}_s{seed}", seed, "mini", score))
    columns = ["chain", "target", "point", "seed", "scale", "score"]
    return pd.DataFrame(rows, columns=columns)


def test_components_that_are_planted_are_fitted():
    random = np.random.default_rng(3)
    base = random.normal(0.6, 0.02, (1, 60, 18)) + random.normal(0, 0.1, (60, 1))
    seed = random.normal(0, 0.03, (60, 1))
    ours = base + GAIN + seed + random.normal(0, 0.02 * np.sqrt(2), (1, 60, 18))
    found = fit(pd.concat([as_runs("none", base), as_runs("cola", ours)]))
    assert found["cells"] == 1 and "squares" not in found
    assert found["run"]["median"] == pytest.approx(2.0, rel=0.1)
    assert found["target_seed"]["median"] == pytest.approx(1.5, rel=0.25)


def test_the_components_of_squares_are_fitted_where_there_are_some():
    random, seeds = np.random.default_rng(4), [1, 2, 3, 4, 5]
    rows, plain = [], np.full((1, 2, 18), 0.6)
    for cell in range(200):
        walk, target = (random.normal(0, std, 5) for std in (0.04, 0.02))
        for one, of_walk in enumerate(walk):
            for other, of_target in enumerate(target):
                point = f"s{seeds[other]}_os{seeds[(one + other) % 5]}"
                score = 0.6 + of_walk + of_target + random.normal(0, 0.02)
                rows.append((f"cola^{seeds[one]}", f"t{cell}", point, seeds[other], "mini", score))
    table = as_runs("none", plain)
    noisy = as_runs("cola", plain + random.normal(0, 0.02, plain.shape))
    found = fit(pd.concat([table, noisy, pd.DataFrame(rows, columns=table.columns)]))
    assert found["squares"] == 200
    assert 1.6 < found["square_intermediate_seed"]["median"] < 2.2, "0.04 in units of 0.02"
    assert 0.7 < found["square_target_seed"]["median"] < 1.1
    assert found["square_order"]["median"] < 0.4


@pytest.mark.parametrize("design", fitted_designs(), ids=lambda design: design.name)
def test_runs_as_those_of_the_miniature_call_a_null_in_at_most_5_percent_and_a_promise_in_80(
    design,
):
    null, promised = fitted_called(6_000, np.random.default_rng(5), (design,))
    assert null.ours.mean() < 0.05 + 0.009, "three standard errors"
    assert promised.ours.mean() == pytest.approx(0.80, abs=0.03)


def test_what_is_simulated_is_what_tables_compute_of_run_files():
    design = fitted_designs()[0]
    sides = differences(design, 40, np.random.default_rng(6))
    for ours, base in zip(sides["ours"], sides["base"], strict=True):
        found = compare(as_runs("cola", ours), as_runs("none", base)).estimate
        gains = (ours - base).mean(-1)[0]
        assert found.value == pytest.approx(gains.mean())
        half = 12.706204736 * gains.std(ddof=1) / np.sqrt(2)
        assert found.half_width() == pytest.approx(half)
