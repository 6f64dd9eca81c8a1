from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from stilts.evidence.comparisons.origins import shares
from stilts.evidence.tables import gain_shares
from tests.toys.invented_results import MODEL, inputs

CHAINS, TARGETS = ["hellaswag", "hella-sh", "hellaswag-p"], ["wic", "rte"]
SPEC = {"chains": CHAINS, "targets": TARGETS}


def study(lost=()):
    """Three sources, two seeds of a stage and three of a target, drawn at random."""
    random, rows = np.random.default_rng(0), []
    for target in TARGETS:
        for seed in range(3):
            rows.append(("none", target, f"s{seed}", random.uniform(0.4, 0.6)))
            for chain in CHAINS:
                for walk in (1, 2):
                    rows.append((f"{chain}^{walk}", target, f"s{seed}", random.uniform(0.4, 0.9)))
    runs = pd.DataFrame(rows, columns=["chain", "target", "point", "score"]).assign(model=MODEL)
    for chain, target, point in lost:
        one = (runs["chain"] == chain) & (runs["target"] == target) & (runs["point"] == point)
        runs.loc[one, "score"] = np.nan
    return replace(inputs(), runs=runs)


def test_the_table_has_the_shares_of_gains_over_the_run_of_equal_seed():
    ours = study()
    score = ours.runs.set_index(["chain", "target", "point"])["score"]
    gains = np.array(
        [
            [
                [
                    [score[f"{chain}^{walk}", target, f"s{s}"] - score["none", target, f"s{s}"]]
                    for target in sorted(TARGETS)
                    for s in range(3)
                ]
                for walk in (1, 2)
            ]
            for chain in sorted(CHAINS)
        ]
    ).reshape(3, 2, 2, 3)
    table = gain_shares.build(ours, SPEC)
    for (_, row), known in zip(table.iterrows(), shares(gains), strict=True):
        assert row["Share"] == f"{100 * known.share:.1f}"
        assert row["Part"].startswith(known.part.split()[0]) or "seed" in row["Part"]
        assert row["Spread"] == f"{100 * known.spread:.1f}"
    assert set(table["n"]) == {"36"}
    assert sum(map(float, table["Share"])) == pytest.approx(100, abs=0.3)


def test_a_lost_run_is_filled_and_counted():
    table = gain_shares.build(study(lost=[("hella-sh^1", "rte", "s2")]), SPEC)
    assert set(table["n"]) == {"35/36"}


def test_without_a_target_or_with_one_seed_nothing_is_told():
    ours = study()
    for gone in (
        ours.runs["target"] == "rte",
        ours.runs["chain"].str.endswith("^2"),
        ours.runs["point"] != "s0",
    ):
        table = gain_shares.build(replace(ours, runs=ours.runs[~gone]), SPEC)
        assert set(table["Share"]) == {"not available"}
