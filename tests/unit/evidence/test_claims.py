import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import yaml
from scipy import stats

from stilts.errors import UserError
from stilts.evidence.claims import judge
from stilts.evidence.comparisons.between import between_models
from stilts.evidence.comparisons.estimate import Estimate
from stilts.evidence.comparisons.pairing import compare
from stilts.evidence.comparisons.seeds import one_way
from stilts.evidence.comparisons.verdict import (
    FAILS,
    HOLDS,
    OPEN,
    doubts,
    samples_needed,
    unseen,
    verdict,
)
from stilts.evidence.figures import forest
from stilts.evidence.tables import claims
from stilts.question.ask import ask
from stilts.question.chain import unseeded
from stilts.question.claims import load_claims
from tests.toys.invented_results import MODEL, STUDY, inputs, report, shifted

NAN = float("nan")
TARGETS = ["wic", "rte", "socialiqa", "winogrande-xs"]
CLAIM = {
    "where": "section 1",
    "says": "It helps.",
    "statistic": "mean",
    "ours": {"chains": ["hellaswag"], "targets": TARGETS},
    "base": {"chains": ["none"]},
    "over": "targets",
    "expects": "higher",
    "refuted": "No gain.",
}


@pytest.fixture(scope="module")
def study():
    return inputs()


def judged(study, **changes):
    (found,) = judge(replace(study.of_model("roberta-large"), claims={"it": CLAIM | changes}))
    return found


# Verdicts


@pytest.mark.parametrize(
    ("value", "error", "expects", "margin", "expected"),
    [
        (0.05, 0.01, "higher", 0.0, HOLDS),
        (-0.05, 0.01, "higher", 0.0, FAILS),
        (0.05, 0.04, "higher", 0.0, OPEN),
        (0.002, 0.0005, "higher", 0.02, FAILS),  # there, and too small to count
        (-0.05, 0.01, "lower", 0.0, HOLDS),
        (0.05, 0.01, "lower", 0.0, FAILS),
        (0.001, 0.002, "equal", 0.02, HOLDS),
        (0.05, 0.005, "equal", 0.02, FAILS),
        (-0.05, 0.005, "equal", 0.02, FAILS),
        (0.015, 0.01, "equal", 0.02, OPEN),
        (0.05, NAN, "higher", 0.0, OPEN),
    ],
)
def test_a_verdict_is_what_the_interval_says(value, error, expects, margin, expected):
    found = Estimate(value, ((error, 30.0),))
    assert verdict(doubts(found, expects, margin)) == expected


def test_a_claim_of_a_rise_holds_where_the_95_percent_interval_lies_above_0():
    for value in np.linspace(0.0, 0.05, 40):
        found = Estimate(value, ((0.01, 6.0),))
        assert (verdict(doubts(found, "higher")) == HOLDS) == (found.interval()[0] > 0)


def test_swapping_two_chains_flips_the_verdict(study):
    sure = shifted(study, "hellaswag", 0.08)
    swapped = {"ours": {"chains": ["none"], "targets": TARGETS}, "base": {"chains": ["hellaswag"]}}
    assert judged(sure).verdict == HOLDS
    assert judged(sure, **swapped).verdict == FAILS
    assert judged(sure, expects="lower").verdict == FAILS
    assert judged(sure, **swapped, expects="lower").verdict == HOLDS


def test_a_planted_equality_is_called_equal_and_a_planted_gain_is_not(study):
    equal = {"expects": "equal", "margin": 2.0, "margin_from": "here"}
    assert judged(shifted(study, "hellaswag", 0.001), **equal).verdict == HOLDS
    assert judged(shifted(study, "hellaswag", 0.08), **equal).verdict == FAILS


def test_a_planted_null_is_called_a_gain_in_at_most_5_percent():
    random = np.random.default_rng(5)
    found = one_way(random.normal(0, 0.03, (4_000, 7)))
    called = [
        verdict(doubts(Estimate(value, ((error, 6.0),)), "higher")) == HOLDS
        for value, error in zip(found.value, found.spreads[0][0], strict=True)
    ]
    assert np.mean(called) < 0.05


def test_what_it_takes_to_tell_is_the_power_of_such_samples():
    found = one_way(np.array([0.01, 0.05, -0.02, 0.03]))
    assert unseen(found) > abs(found.value)
    needed = samples_needed(found, 4, unseen(found))
    assert needed == 4
    assert samples_needed(found, 4, 0.5 * unseen(found)) > 4
    assert samples_needed(found, 4, 1e-6) is None


# What a claim is about


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


# Over models


def test_models_are_compared_by_an_analysis_of_variance():
    gains = np.random.default_rng(1).normal(0, 1, (4, 1, 3))
    found = between_models(gains)
    assert found.p_some() == pytest.approx(stats.f_oneway(*gains[:, 0]).pvalue)


@pytest.mark.parametrize("deviation", [0.0, 2.0])
def test_the_deviation_between_models_lies_in_its_interval_as_often_as_promised(deviation):
    random, held, called = np.random.default_rng(2), [], []
    for _ in range(600):
        models = random.normal(0, deviation, (4, 6, 1))
        found = between_models(models + random.normal(0, 1, (4, 6, 3)))
        low, high = found.interval()
        held.append(low <= deviation <= high)
        called.append(verdict(doubts(found, "varies")) == HOLDS)
    assert np.mean(held) == pytest.approx(0.95 if deviation else 0.975, abs=0.025)
    assert np.mean(called) == (pytest.approx(0.05, abs=0.025) if not deviation else 1.0)


def test_of_a_single_model_nobody_can_tell_whether_models_differ():
    nothing = Estimate(math.nan)  # what a claim over models finds where there are no two of them
    assert verdict(doubts(nothing, "varies", margin=0.1)) == OPEN


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


# The file


def test_the_flagship_registers_its_claims_with_what_would_refute_them():
    found = load_claims(STUDY / "claims.yaml")
    assert len(found) >= 8
    assert sum(claim["where"].startswith("abstract") for claim in found.values()) >= 3


@pytest.mark.parametrize(
    ("study", "least", "of_abstract"),
    [("multitask", 4, 3), ("qa_transfer", 4, 2), ("span_extraction", 7, 4)],
)
def test_every_paper_has_claims_with_those_of_its_abstract(study, least, of_abstract):
    found = load_claims(STUDY.parent / study / "claims.yaml")
    assert len(found) >= least
    assert sum(claim["where"].startswith("abstract") for claim in found.values()) >= of_abstract


@pytest.mark.parametrize("name", ["multitask", "qa_transfer", "span_extraction"])
def test_a_claim_is_about_chains_and_targets_that_its_study_has(name):
    config = yaml.safe_load((STUDY.parents[1] / "config.yaml").read_text())
    plan = ask({**config, "studies": [name]}).plans[name]
    cells = {(cell.model, unseeded(cell.chain), cell.target) for cell in plan.cells}
    scored = {(cell.model, cell.chain, cell.target) for cell in plan.scores}
    for claim in load_claims(STUDY.parent / name / "claims.yaml").values():
        sides = [{"targets": claim["ours"]["targets"], **claim[side]} for side in ("ours", "base")]
        for side in sides:
            known = scored if side.get("scored") or claim["statistic"] == "score" else cells
            models = claim.get("models", plan.study.models)
            asked = itertools.product(models, side["chains"], side["targets"])
            assert set(asked) <= known, claim["says"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "  expects: more",
            "unknown value 'more'; allowed: equal, higher, lower, not_lower, varies",
        ),
        ("  expects: equal", "'equal' needs a 'margin'"),
        ("  margin: 1.0", "'margin_from' is missing"),
        ("  over: seeds\n  statistic: best", "over seeds only the 'mean' has an interval"),
        ("  expects: not_lower", "'not_lower' needs a 'margin'"),
        ("  over: seeds\n  statistic: score", "over seeds only the 'mean' has an interval"),
        ("  over: examples", "over examples there is only a 'score'"),
        ("  over: models", "over models a gain 'varies', and nothing else does"),
        ("  expects: varies", "over models a gain 'varies', and nothing else does"),
        ("  base: {chains: [none], targets: [wic]}", "'base' has other than 2 targets: pair each"),
        ("  ours: {chains: [cola], targets: [wic]}", "over targets needs two of them"),
        ("  sayz: it", "unknown key 'sayz'"),
        ("  ours: {chains: ['a b'], targets: [wic, rte]}", "chain stage 'a b' is malformed"),
    ],
)
def test_a_malformed_claim_is_refused_in_one_line(tmp_path, change, message):
    lines = {
        "where": "Table 1",
        "says": "It helps.",
        "statistic": "mean",
        "ours": "{chains: [cola], targets: [wic, rte]}",
        "base": "{chains: [none]}",
        "over": "targets",
        "expects": "higher",
        "refuted": "It does not.",
    }
    for line in change.splitlines():
        name, _, value = line.strip().partition(": ")
        lines[name] = value
    file = tmp_path / "claims.yaml"
    file.write_text("it:\n" + "".join(f"  {name}: {text}\n" for name, text in lines.items()))
    with pytest.raises(UserError) as refused:
        load_claims(file)
    assert message in str(refused.value) and "\n" not in str(refused.value)


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
