"""What `make` has found: the claims of the README and the page, held against a finished run."""

import subprocess
import sys

import pandas as pd
import pytest

from stilts.files.fingerprint import ROOT

RESULTS = ROOT / "results/mini"
TARGETS = "cola wic rte mednli socialiqa winogrande-xs winogrande-m winogrande-l".split()

pytestmark = pytest.mark.skipif(
    not (RESULTS / "report.html").is_file(), reason="there is no finished run of make"
)


@pytest.fixture(scope="module")
def runs():
    return pd.read_csv(RESULTS / "rethinking/runs.csv", keep_default_na=False, na_values=[""])


@pytest.fixture(scope="module")
def means(runs):
    return runs.groupby(["chain", "target"])["score"].mean()


def test_all_runs_are_there_and_none_is_lost(runs):
    assert len(runs) == 1584
    assert runs["score"].notna().all()
    assert (runs.groupby(["chain", "target"]).size() == 36).all()


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_is_learnt_without_an_intermediate_task(runs, target):
    found = runs[(runs["chain"] == "none") & (runs["target"] == target)]
    assert found["score"].max() > found["majority"].iloc[0] + 0.15


def test_telling_real_endings_from_generated_ones_helps_nearly_everywhere(means):
    gains = means["synthesis-gpt2"] - means["none"]
    assert (gains[TARGETS] > 0).sum() >= 7


def test_hellaswag_often_hurts(means):
    gains = means["hellaswag"] - means["none"]
    assert (gains[TARGETS] < 0).sum() >= 5


def test_the_picture_in_the_readme_is_of_such_a_run(means):
    shown = pd.read_csv(RESULTS / "rethinking/figures/figure_2.csv", keep_default_na=False)
    for _, row in shown.iterrows():
        assert float(row["mean"]) == pytest.approx(
            100 * means[row["chain"], row["target"]], abs=1e-3
        )
    text = (ROOT / "README.md").read_text()
    assert "telling real endings from GPT-2's helps nearly everywhere, while HellaSwag often" in (
        " ".join(text.split())
    )


def test_every_table_and_figure_has_something_to_show():
    files = [*RESULTS.glob("*/tables/*.csv"), *RESULTS.glob("*/figures/*.csv")]
    assert len(files) == 11
    for file in files:
        assert len(pd.read_csv(file)) > 0, file


def test_nothing_is_left_to_do():
    call = [sys.executable, "-m", "snakemake", "--cores", "1", "--dry-run"]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True)
    assert "Nothing to be done" in done.stdout + done.stderr
