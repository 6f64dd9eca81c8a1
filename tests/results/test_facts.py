"""Two worlds, of which the answer is known: Synthesis tells of the targets' things, or does not."""

import shutil
import subprocess
import sys

import pandas as pd
import pytest

from stilts.files.fingerprint import ROOT
from tests.results.look_up import chance, found_by_look_up

RESULTS = ROOT / "results/mini"
TARGETS = ("socialiqa", "winogrande-xs")
FIGURE = "rethinking/figures/figure_2"

pytestmark = pytest.mark.skipif(
    not (RESULTS / "report.html").is_file(), reason="there is no finished run of make"
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """The folder of results in the world of shared facts; what both worlds have is taken over."""
    project = tmp_path_factory.mktemp("shared") / "project"
    left_out = shutil.ignore_patterns(".git", ".venv", "logs", "predictions", "*.pyc")
    shutil.copytree(ROOT, project, ignore=left_out, symlinks=True)
    only = f"only={{chains: [none, synthesis-gpt2], targets: [{', '.join(TARGETS)}]}}"
    asked = ["figures", "--config", "facts=shared", only]
    call = [sys.executable, "-m", "snakemake", "--cores", "2", *asked]
    done = subprocess.run(call, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return project / "results/mini"


def gains(folder):
    cells = pd.read_csv(folder / f"{FIGURE}.csv", keep_default_na=False)
    means = cells.set_index(["chain", "target"])["mean"].astype(float)
    return {target: means["synthesis-gpt2", target] - means["none", target] for target in TARGETS}


@pytest.mark.parametrize("target", TARGETS)
def test_shared_facts_are_found_by_a_look_up_without_a_model(shared, target):
    data = shared / "data"
    assert found_by_look_up(data, "synthesis-gpt2", target) > chance(data, target) + 0.15


@pytest.mark.parametrize("target", TARGETS)
def test_synthesis_helps_more_where_it_hands_over_the_targets_facts(shared, target):
    assert gains(shared)[target] > max(0, gains(RESULTS)[target]) + 5


def test_figures_of_the_other_world_say_so(shared):
    cells = pd.read_csv(shared / f"{FIGURE}.csv", keep_default_na=False)
    assert cells["scale"].str.contains("facts shared").all()
