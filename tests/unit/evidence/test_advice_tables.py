from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from stilts.errors import UserError
from stilts.evidence.comparisons.estimate import Estimate
from stilts.evidence.results import BEHIND
from stilts.evidence.tables import advice, estimators, which_estimator
from stilts.evidence.tables.estimators import Standing, standings
from tests.toys.invented_results import MODEL, inputs

CHAINS, TARGETS = ("cola", "hellaswag", "hellaswag-p", "hella-sh"), ("rte", "wic", "socialiqa")


def gain(chain, target):
    return (CHAINS.index(chain) * 2 + TARGETS.index(target) * 3) % 5 / 20


def study(known=1.0, noise=0.02):
    """Three seeds of either kind; `logme` knows the gains (`known` 1), or turns them round."""
    random, runs, said = np.random.default_rng(1), [], []
    for target in TARGETS:
        for seed in range(3):
            runs.append(("none", target, seed, 0.5))
            for chain in CHAINS:
                for walk in range(3):
                    score = 0.5 + gain(chain, target) + random.normal(0, noise)
                    runs.append((f"{chain}^{walk}", target, seed, score))
        for chain in CHAINS:
            for walk in range(3):
                for name in ("h_score", "linear_probe", "logme", "text_similarity"):
                    luck = random.normal()
                    value = known * gain(chain, target) + luck / 1e3 if name == "logme" else luck
                    said.append((MODEL, f"{chain}^{walk}", target, name, value))
    rows = [
        {"model": MODEL, "chain": c, "target": t, "point": f"lr1e-05_s{s}", "score": score}
        for c, t, s, score in runs
    ]
    columns = ["model", "chain", "target", "estimator", "value"]
    ours, walks = inputs(), ["none", *(f"{chain}^{walk}" for chain in CHAINS for walk in range(3))]
    cells = {MODEL: {chain: dict.fromkeys(TARGETS, 3) for chain in walks}}
    return replace(
        ours,
        question={**ours.question, "cells": cells},
        runs=pd.DataFrame(rows),
        estimates=pd.DataFrame(said, columns=columns),
    )


def test_what_knows_the_gains_beats_the_static_ranking_and_the_page_says_so():
    found = {each.name: each for each in standings(study().of_model(MODEL))}
    assert list(found) == [
        *("h_score", "linear_probe", "logme", "text_similarity", "static", "random")
    ]
    assert "rank correlation" in found["logme"].better and not found["logme"].worse
    assert not found["static"].better and found["logme"].targets == 3
    text = which_estimator.build(study(), {})["Answer"].item()
    assert text.startswith("The static ranking is beaten by ") and "LogME in regret@1" in text


def test_what_turns_the_gains_round_does_not_and_is_named_as_worse():
    found = {each.name: each for each in standings(study(-1).of_model(MODEL))}
    assert found["logme"].measures["rank correlation"].value < -0.8
    assert not found["logme"].better


def test_the_table_writes_regrets_in_points_and_correlations_as_such():
    table = estimators.build(study(), {}).set_index("Ranking")
    assert float(table.loc["LogME", "Regret@1"]) < 1
    assert float(table.loc["text similarity", "Regret@1"]) > 1
    assert table.loc["LogME", "Rank correlation"].startswith("+0.9")
    assert table.loc["LogME", "95 % of rank correlation"].startswith("[+0.")
    assert table.loc["static ranking", "Against the static ranking"] == "–"
    assert table.loc["random choice", "Rank correlation"] == "0.00"


def test_each_target_has_the_first_choice_of_every_ranking_with_what_it_gives():
    built = advice.build(study(), {})
    table = built.set_index("Target")
    assert list(table.index) == ["RTE", "WiC", "SocialIQA"]
    best = max(CHAINS, key=lambda chain: gain(chain, "rte"))
    title = inputs().title(best)
    assert table.loc["RTE", "LogME"] == table.loc["RTE", "best by the runs"]
    assert table.loc["RTE", "LogME"].startswith(f"{title} +")
    behind = built.attrs[BEHIND][0]
    assert len(behind) == 1 + 3 * len(CHAINS) and all(name.endswith("/rte") for name in behind)


def test_one_seed_has_no_interval_and_no_verdict():
    whole = study()
    one = whole.runs["point"].str.endswith("s0") & ~whole.runs["chain"].str.contains("[12]$")
    few = replace(
        whole,
        runs=whole.runs[one],
        estimates=whole.estimates[whole.estimates["chain"].str.endswith("^0")],
    )
    table = estimators.build(few, {})
    assert set(table["95 % of regret@1"]) == {"–"}
    assert set(table["Against the static ranking"]) == {"–", "cannot tell"}
    assert "Of no estimator can it be told" in which_estimator.build(few, {})["Answer"].item()


def test_without_estimates_in_the_block_the_table_is_refused():
    for kind in (advice, estimators, which_estimator):
        with pytest.raises(UserError, match="estimates: true"):
            kind.build(inputs(), {})


def test_a_sentence_names_all_that_beat_the_control():
    known = {name: Estimate(0.0) for name in ("regret@1", "regret@3", "rank correlation")}
    found = [
        Standing("logme", 3, known, better=("regret@1", "rank correlation")),
        Standing("h_score", 3, known, worse=("regret@3",)),
        Standing("static", 3, known),
    ]
    assert which_estimator.sentence(found) == (
        "The static ranking is beaten by LogME in regret@1 and rank correlation, and H-score in"
        " regret@3 is worse (5 %, over seeds, all tests taken together)."
    )
    assert which_estimator.sentence([]).startswith("There are no runs")
