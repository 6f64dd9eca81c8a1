"""What `make` has found: the claims of the README and the page, held against a finished run."""

import subprocess
import sys

import pandas as pd
import pytest
import yaml

from stilts.files.fingerprint import ROOT
from stilts.files.manifest import read_manifest
from tests.results.look_up import chance, found_by_look_up

RESULTS = ROOT / "results/mini"
TARGETS = "cola wic rte mednli socialiqa winogrande-xs winogrande-m winogrande-l".split()
CHOICES = "socialiqa winogrande-xs winogrande-m winogrande-l".split()
CONTROLS = ["synthesis-gpt2=new-head", "synthesis-text"]
CONTROLS += ["hellaswag-p@2000=equal-2k", "hellaswag-p@10000=equal-10k"]
LEARNT = "hellaswag hellaswag-p synthesis-gpt2 cola hella-sh".split()

pytestmark = pytest.mark.skipif(
    not (RESULTS / "report.html").is_file(), reason="there is no finished run of make"
)


@pytest.fixture(scope="module")
def every_run():
    return pd.read_csv(RESULTS / "rethinking/runs.csv", keep_default_na=False, na_values=[""])


@pytest.fixture(scope="module")
def runs(every_run):
    """The runs of the paper and of its controls: those of the supplement name an order."""
    return every_run[every_run["order_seed"].isna()]


@pytest.fixture(scope="module")
def means(runs):
    return runs.groupby(["chain", "target"])["score"].mean()


def test_all_runs_are_there_and_none_is_lost(runs):
    assert len(runs) == 1584 + 72
    assert runs["score"].notna().all()
    sizes = runs.groupby(["chain", "target"]).size()
    assert (sizes.drop(CONTROLS, level="chain") == 36).all()
    assert (sizes[CONTROLS] == 6).all()


def test_the_runs_of_the_supplement_are_there(every_run):
    apart = every_run[every_run["order_seed"].notna()]
    assert len(apart) == 165 + 45 and apart["score"].notna().all()


def test_where_the_variance_comes_from_is_told_for_every_source():
    table = pd.read_csv(RESULTS / "rethinking/tables/variance.csv", keep_default_na=False)
    counts = table.groupby(["Target", "Intermediate"]).size()
    assert len(table) == 3 * (2 + 5 + 5) and set(counts) == {2, 5}
    assert not (table["Std"] == "not available").any()


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_is_learnt_without_an_intermediate_task(runs, target):
    found = runs[(runs["chain"] == "none") & (runs["target"] == target)]
    assert found["score"].max() > found["majority"].iloc[0] + 0.15


@pytest.fixture(scope="module")
def scores():
    table = pd.read_csv(RESULTS / "rethinking/scores.csv", keep_default_na=False)
    return table.set_index(["chain", "target"])["score"].astype(float)


@pytest.fixture(scope="module")
def audits():
    return {
        task: read_manifest(RESULTS / "data" / task)["audit"]["validation"]
        for task in (*TARGETS, *LEARNT)
    }


def test_telling_the_encyclopedias_endings_from_gpt2s_helps_most_targets(means):
    assert ((means["synthesis-gpt2"] - means["none"])[TARGETS] > 0).sum() >= 5


def test_part_of_that_gain_goes_with_the_head_and_none_comes_of_the_texts():
    table = pd.read_csv(RESULTS / "rethinking/tables/controls.csv")
    row = (
        table[table["Target"] == "WinoGrande M"]
        .set_index("Control")
        .astype({"Δ original": float, "Δ control": float})
    )
    new_head, texts = "Synthesis_GPT2 (new-head)", "Synthesis_GPT2's texts, words hidden"
    assert row.loc[new_head, "Δ original"] > 5
    assert row.loc[texts, "Δ control"] < row.loc[new_head, "Δ original"] / 2
    assert row.loc[texts, "Δ control"] < row.loc[new_head, "Δ control"]
    assert row.loc[new_head, "Control less original"] != 0, "the head is another one"


def test_endings_without_premises_help_choices_less_and_acceptability_all_the_same(means):
    gains = means["hellaswag-p"] - means["none"]
    assert (gains[CHOICES] < (means["synthesis-gpt2"] - means["none"])[CHOICES]).all()
    assert gains["cola"] > 0


def test_some_runs_learn_nothing_while_others_of_the_same_grid_do(runs):
    for target in ("rte", "wic"):
        scores = runs[(runs["chain"] == "none") & (runs["target"] == target)]
        assert scores["score"].max() > scores["majority"].iloc[0] + 0.15
        assert (scores["score"] <= scores["majority"]).any()


def test_trivial_baselines_stay_far_below_the_best_run(runs, audits):
    best = runs[runs["chain"] == "none"].groupby("target")["score"].max()
    trivial = {task: max(audits[task]["baselines"].values()) for task in TARGETS}
    assert sum(best[task] - trivial[task] >= 0.1 for task in TARGETS) >= 7, (best, trivial)


def test_hellaswag_needs_its_premise_and_betrays_itself_to_a_degree(scores):
    whole, endings = scores["hellaswag", "hellaswag"], scores["hellaswag-p", "hellaswag-p"]
    assert whole > 0.85
    assert 0.35 < endings < whole - 0.3


@pytest.mark.parametrize("chain", ["hellaswag", "hellaswag-p", "cola", "hella-sh"])
def test_an_intermediate_is_learnt_beyond_its_trivial_baselines(scores, audits, chain):
    assert scores[chain, chain] > max(audits[chain]["baselines"].values()) + 0.03


def test_synthesis_is_learnt_about_as_well_as_pairs_of_words_tell_it(scores, audits):
    baselines = audits["synthesis-gpt2"]["baselines"]
    score = scores["synthesis-gpt2", "synthesis-gpt2"]
    assert score > baselines["majority"] + 0.3
    assert max(baselines, key=baselines.get) == "pairs"
    assert abs(score - baselines["pairs"]) < 0.12


def test_the_controls_train_as_many_updates_as_all_of_hellaswag_p():
    def updates(chain):
        told = read_manifest(RESULTS / "rethinking/checkpoints/roberta-large" / chain)
        return -(-told["n_train"] // told["recipe"]["batch"]) * told["recipe"]["epochs"]

    for chain in CONTROLS[2:]:
        assert updates(chain) == pytest.approx(updates("hellaswag-p"), rel=0.03)


def test_without_its_premise_hellaswag_is_not_solved(scores):
    for probe in ("hellaswag-other", "hellaswag-empty", "hellaswag-p"):
        assert scores["hellaswag", probe] < scores["hellaswag", "hellaswag"] - 0.2


def test_none_is_scored_with_many_heads():
    table = pd.read_csv(RESULTS / "rethinking/scores.csv", keep_default_na=False)
    none = table[table["chain"] == "none"]
    assert (none["new_heads"].astype(int) == 24).all() and len(none) == 2
    assert (none["score_min"].astype(float) < none["score_max"].astype(float)).all()


def test_the_table_of_intermediates_says_what_was_learnt(scores):
    table = pd.read_csv(RESULTS / "rethinking/tables/intermediates.csv").set_index("Intermediate")
    assert table.loc["HellaSwag", "Verdict"] == "learnt"
    assert float(table.loc["HellaSwag", "Own score"]) == pytest.approx(
        100 * scores["hellaswag", "hellaswag"], abs=0.05
    )


@pytest.mark.parametrize("source", ["synthesis-gpt2", "hellaswag", "hellaswag-p"])
@pytest.mark.parametrize("target", [*CHOICES, "rte", "wic", "mednli"])
def test_a_look_up_in_an_intermediates_right_endings_stays_at_chance(source, target):
    assert found_by_look_up(RESULTS / "data", source, target) == pytest.approx(
        chance(RESULTS / "data", target), abs=0.05
    )


def test_the_picture_in_the_readme_is_of_such_a_run(means):
    shown = pd.read_csv(RESULTS / "rethinking/figures/figure_2.csv", keep_default_na=False)
    for _, row in shown.iterrows():
        assert float(row["mean"]) == pytest.approx(
            100 * means[row["chain"], row["target"]], abs=1e-3
        )


def test_every_table_and_figure_has_something_to_show():
    studies = yaml.safe_load((ROOT / "config.yaml").read_text())["studies"]
    assert "rethinking" in studies
    files = []
    for study in studies:
        report = yaml.safe_load((ROOT / "studies" / study / "report.yaml").read_text())
        for kind in ("tables", "figures"):
            files += [RESULTS / study / kind / f"{name}.csv" for name in report[kind]]
    assert len(files) >= 13
    for file in files:
        assert len(pd.read_csv(file)) > 0, file


def test_nothing_is_left_to_do():
    call = [sys.executable, "-m", "snakemake", "--cores", "1", "--dry-run"]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True)
    assert "Nothing to be done" in done.stdout + done.stderr
