"""What `make` has found of interference: the sentences of docs/multitask.md, held to the scores."""

import json

import pandas as pd
import pytest

from stilts.files.fingerprint import ROOT

RESULTS = ROOT / "results/mini/multitask"
IN_TURN = "sst-course~quora-course~sts-course"
A, B, C, D = (f"{IN_TURN}{variant}" for variant in ("=cosine", "=linear", "", "=deep"))
E = f"{D}+sst-course=more"
F = f"{E}+sts-course"
SST, QUORA, STS = IN_TURN.split("~")

pytestmark = pytest.mark.skipif(
    not (RESULTS / "scores.csv").is_file(), reason="there is no finished run of make"
)


@pytest.fixture(scope="module")
def score():
    table = pd.read_csv(RESULTS / "scores.csv").set_index(["chain", "target"])["score"]
    return lambda chain, task: table[chain, task]


def test_a_and_b_differ_in_the_head_of_sts_alone_so_all_else_is_equal(score):
    assert score(A, SST) == score(B, SST) and score(A, QUORA) == score(B, QUORA)
    assert score(A, STS) < score(B, STS)


def test_sst_is_worse_off_in_turn_than_alone(score):
    assert score(C, SST) < score("sst-course", SST) - 0.1


def test_most_of_that_goes_where_it_takes_as_many_steps_alone(score):
    lost = score("sst-course", SST) - score(C, SST)
    assert score("sst-course=equal", SST) - score(C, SST) < lost / 2


def test_further_epochs_on_sst_repair_sst_and_cost_the_others(score):
    assert score(E, SST) > score(D, SST) + 0.1
    assert score(E, QUORA) + score(E, STS) < score(D, QUORA) + score(D, STS) - 0.05


def test_further_epochs_on_sts_raise_sts_again(score):
    assert score(F, STS) > score(E, STS)


def test_every_task_is_scored_after_every_epoch_of_the_walk():
    shown = pd.read_csv(RESULTS / "figures/figure_s1.csv")
    assert set(shown["task"]) == {SST, QUORA, STS}
    for part, of_stage in shown.groupby("stage"):
        chain = "+".join(F.split("+")[:part])
        told = json.loads((RESULTS / f"checkpoints/bert-base/{chain}/manifest.json").read_text())
        assert len(of_stage) == 3 * len(told["epochs"])


def test_the_table_of_contrasts_says_what_the_scores_say(score):
    table = pd.read_csv(RESULTS / "tables/interference.csv")
    repaired = table[table["Question"].str.startswith("Do further epochs on SST repair it?")].iloc[
        0
    ]
    assert repaired["Answer"] == "higher"
    assert float(repaired["Difference"]) == pytest.approx(score(E, SST) - score(D, SST), abs=6e-4)
