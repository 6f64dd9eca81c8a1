"""What claims are about, and how they are judged and shown."""

import math
from dataclasses import replace

import numpy as np
import pytest

from stilts.errors import UserError
from stilts.evidence.claims import judge
from stilts.evidence.comparisons.pairing import compare
from stilts.evidence.comparisons.seeds import one_way
from stilts.evidence.comparisons.verdict import (
    FAILS,
    HOLDS,
    OPEN,
    doubts,
)
from stilts.evidence.figures import forest
from stilts.evidence.tables import claims
from tests.toys.claims import CLAIM, TARGETS, judged
from tests.toys.invented_results import MODEL, inputs, report, shifted


@pytest.fixture(scope="module")
def study():
    return inputs()


def test_a_mean_over_targets_is_a_t_interval_of_their_differences(study):
    gains = [
        study.cell("hellaswag", target)["score"].mean() - study.cell("none", target)["score"].mean()
        for target in TARGETS
    ]
    found = judged(study)
    assert found.estimate.interval() == pytest.approx(one_way(np.array(gains)).interval())
    assert found.covers == "4 targets; the same checkpoints for all"
    assert found.runs == 8 * 36


def test_a_share_of_degenerate_runs_is_compared_over_targets(study):
    found = judged(study, statistic="degenerate", expects="lower")
    shares = [
        study.cell("hellaswag", target)["degenerate"].astype(bool).mean()
        - study.cell("none", target)["degenerate"].astype(bool).mean()
        for target in TARGETS
    ]
    assert found.estimate.value == pytest.approx(np.mean(shares))


def test_a_claim_over_seeds_is_the_paired_comparison(study):
    side = {"chains": ["cola"], "targets": ["wic"]}
    found = judged(study, ours=side, over="seeds")
    expected = compare(study.cell("cola", "wic"), study.cell("none", "wic"))
    assert found.estimate.interval() == pytest.approx(expected.estimate.interval())
    assert found.printed == pytest.approx(0.039), "Table 3"


def test_a_score_without_training_is_compared_with_chance_and_with_print(study):
    side = {"chains": ["hellaswag"], "targets": ["hellaswag-p"]}
    asked = {"statistic": "score", "over": "examples", "ours": side}
    found = judged(study, **asked, base={"chains": ["chance"], "targets": ["hellaswag"]})
    score = study.score_of("hellaswag", "hellaswag-p")["score"]
    assert found.estimate.value == pytest.approx(score - 0.25)
    assert found.estimate.spreads[0][0] == pytest.approx(math.sqrt(score * (1 - score) / 400))
    assert found.printed == pytest.approx(0.65 - 0.25)


def test_a_claim_about_what_is_not_there_cannot_be_told(study):
    found = judged(study, ours={"chains": ["cola"], "targets": ["mednli"]}, over="seeds")
    assert (found.verdict, found.runs, found.covers) == (OPEN, 0, "no runs of both sides")
    assert judged(replace(study, scores=study.scores.iloc[:0])).verdict != ""


def test_the_claims_of_a_study_are_tested_together(study):
    one = judged(study)
    both = judge(replace(study.of_model("roberta-large"), claims={"a": CLAIM, "b": CLAIM}))
    assert both[0].tested.of_claim == pytest.approx(min(1, 2 * one.tested.of_claim))
    assert one.tested == pytest.approx(doubts(one.estimate, "higher"))


def test_not_lower_holds_within_the_margin_and_fails_beyond_it(study):
    asked = {"expects": "not_lower", "margin": 2.0, "margin_from": "here"}
    for gain, expected in ((0.08, HOLDS), (0.001, HOLDS), (-0.01, HOLDS), (-0.06, FAILS)):
        assert judged(shifted(study, "hellaswag", gain), **asked).verdict == expected, gain


def test_targets_of_the_base_are_pairs_of_ours(study):
    ours = {"chains": ["none"], "targets": ["wic", "rte"]}
    found = judged(study, ours=ours, base={"chains": ["none"], "targets": ["socialiqa", "cola"]})
    means = {t: study.cell("none", t)["score"].mean() for t in ("wic", "rte", "socialiqa", "cola")}
    gains = [means["wic"] - means["socialiqa"], means["rte"] - means["cola"]]
    assert found.estimate.interval() == pytest.approx(one_way(np.array(gains)).interval())


def test_a_checkpoint_as_it_is_stands_against_runs_that_go_on(study):
    ours = {"chains": ["synthesis-gpt2"], "targets": ["socialiqa", "winogrande-l"], "scored": True}
    found = judged(study, ours=ours, statistic="best")
    gains = [
        study.score_of("synthesis-gpt2", target)["score"]
        - study.cell("none", target)["score"].max()
        for target in ours["targets"]
    ]
    assert found.estimate.value == pytest.approx(np.mean(gains))


def test_a_correlation_has_the_error_of_one(study):
    scores = study.scores.assign(metric="pearson")
    side = {"chains": ["hellaswag"], "targets": ["hellaswag-p"]}
    asked = {"statistic": "score", "over": "examples", "ours": side}
    base = {"chains": ["chance"], "targets": ["hellaswag"]}
    found = judged(replace(study, scores=scores), **asked, base=base)
    r = study.score_of("hellaswag", "hellaswag-p")["score"]
    assert found.estimate.spreads[0][0] == pytest.approx((1 - r**2) / math.sqrt(399))


def test_a_model_is_asked_only_what_is_claimed_of_it(study):
    assert judge(replace(study.of_model(MODEL), claims={"it": CLAIM | {"models": ["other"]}})) == []


def test_a_claim_over_models_is_judged_once_for_all(study):
    two = inputs("one", "two")
    moved = two.runs["score"].where(
        (two.runs["model"] != "two") | (two.runs["chain"] != "hellaswag"), two.runs["score"] + 0.05
    )
    asked = {"it": CLAIM | {"over": "models", "expects": "varies"}, "other": CLAIM}
    same, apart = (
        claims.build(replace(each, claims=asked), {}).set_index(["Model", "Claim"])
        for each in (two, replace(two, runs=two.runs.assign(score=moved)))
    )
    assert len(same) == 3, "one for each model, one over both"
    assert same.loc[("all", "It helps."), "Verdict"] != "holds, in the miniature"
    assert apart.loc[("all", "It helps."), "Verdict"] == "holds, in the miniature"
    found = float(apart.loc[("all", "It helps."), "Difference"])
    assert found == pytest.approx(5 / math.sqrt(2), abs=0.2), "two models, 5 points apart"
    alone = claims.build(replace(inputs("one"), claims=asked), {})
    assert "Model" not in alone and not alone.isna().any(axis=None)
    assert alone["Verdict"].iloc[-1] == f"{OPEN}, in the miniature"


# Registered before the run


@pytest.mark.parametrize(
    ("digests", "expected"),
    [
        (["rethinking:0123456789abcdef"], "before the runs"),
        (["rethinking:other"], "changed after 288 of 288 runs"),
        ([""], "no claims stood at 288 of 288 runs"),
        (["rethinking:0123456789abcdef", "other"], "changed after 144 of 288 runs"),
    ],
)
def test_a_change_of_the_claims_after_the_runs_shows(study, digests, expected):
    recorded = [digests[place % len(digests)] for place in range(len(study.runs))]
    assert judged(replace(study, runs=study.runs.assign(claims=recorded))).registered == expected


def test_runs_that_tell_nothing_of_claims_are_said_to(study):
    assert judged(study).registered == "not known"


def test_a_table_of_claims_that_nobody_made_is_refused(study):
    with pytest.raises(UserError, match=r"no claims\.yaml.*add the file"):
        claims.build(replace(study, claims=None), {})


# Table and figure


def test_the_table_says_in_the_miniature_where_a_verdict_is_of_it(study):
    table = claims.build(study, report()["tables"]["claims"])
    assert len(table) == len(study.claims)
    assert table["Verdict"].str.endswith(", in the miniature").all()
    open_ones = table[table["Verdict"].str.startswith(OPEN)]
    assert (open_ones["To tell"] != "–").all()
    assert table.set_index("Claim").loc["CoLA raises the mean of WiC.", "Paper"] == "+3.9"


def test_the_forest_has_a_line_per_claim_and_arrows_where_it_ends(study):
    spec = report()["figures"]["claims"]
    table = forest.tabulate(study, spec)
    assert table["name"].tolist() == list(study.claims)
    wide = table.assign(high=table["high"].where(table["high"].isna(), 1e4))
    for shown in (table, wide):
        (axes,) = forest.draw(shown, spec).axes
        assert [label.get_text().replace("\n", " ") for label in axes.get_yticklabels()] == list(
            shown["says"]
        )
    arrows = [line for line in axes.lines if line.get_marker() == ">"]
    assert len(arrows) == wide["high"].notna().sum()
