"""Two worlds, of which the answer is known: Synthesis tells of the targets' things, or does not."""

import shutil
import subprocess
import sys

import pandas as pd
import pytest

from stilts.files.fingerprint import ROOT
from tests.results.look_up import chance, found_by_look_up

RESULTS = ROOT / "results/mini"
TARGETS = ("socialiqa", "winogrande-l")
TITLES = {"socialiqa": "SocialIQA", "winogrande-l": "WinoGrande"}
TABLE = "rethinking/tables/table_4.csv"

pytestmark = pytest.mark.skipif(
    not (RESULTS / "report.html").is_file(), reason="there is no finished run of make"
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """The folder of results in the world of shared facts; what both worlds have is taken over."""
    project = tmp_path_factory.mktemp("shared") / "project"
    left_out = shutil.ignore_patterns(".git", ".venv", "logs", "predictions", "*.pyc")
    shutil.copytree(ROOT, project, ignore=left_out, symlinks=True)
    # What is judged is scored without training: one run of each cell is enough.
    point = "grid: {lr: [1.0e-5], batch: [16], warmup: [0.2], seed: [12]}"
    only = f"only={{chains: [none, synthesis-gpt2], targets: [{', '.join(TARGETS)}], {point}}}"
    asked = [f"results/mini/{TABLE}", "--config", "facts=shared", "studies=[rethinking]", only]
    call = [sys.executable, "-m", "snakemake", "--cores", "2", *asked]
    done = subprocess.run(call, cwd=project, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return project / "results/mini"


def without_training(folder):
    """What Synthesis's checkpoint scores on each target that it was never trained on."""
    table = pd.read_csv(folder / TABLE, keep_default_na=False)
    rows = table[table["Trained on"].str.startswith("Synthesis_GPT2")].set_index("Scored on")
    return {target: float(rows.loc[title, "Here"]) / 100 for target, title in TITLES.items()}


@pytest.mark.parametrize("target", TARGETS)
def test_shared_facts_are_found_by_a_look_up_without_a_model(shared, target):
    data = shared / "data"
    assert found_by_look_up(data, "synthesis-gpt2", target) > chance(data, target) + 0.15


@pytest.mark.parametrize("target", TARGETS)
def test_facts_that_are_handed_over_answer_the_target_and_a_skill_alone_does_not(shared, target):
    by_facts, by_skill = without_training(shared)[target], without_training(RESULTS)[target]
    assert by_facts > chance(shared / "data", target) + 0.05
    assert by_facts > by_skill + 0.05
    assert by_skill < chance(RESULTS / "data", target) + 0.15


def test_tables_of_the_other_world_say_so(shared):
    table = pd.read_csv(shared / TABLE, keep_default_na=False)
    assert table["scale"].str.contains("facts shared").all()
