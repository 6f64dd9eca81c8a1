"""Tables and figures of models with several tasks, on an invented study, checked by hand."""

import math
from dataclasses import replace

import pandas as pd
import pytest
import yaml

from stilts.evidence.figures import phases
from stilts.evidence.overall import overall
from stilts.evidence.published import load
from stilts.evidence.tables import checks, contrasts, paper_vs_ours, several_tasks
from stilts.files.fingerprint import ROOT
from tests.toys.invented_results import inputs

STUDY = ROOT / "studies/multitask"
REPORT = yaml.safe_load((STUDY / "report.yaml").read_text())
MODEL = "bert-base"
METRICS = {"sst-course": "accuracy", "quora-course": "accuracy", "sts-course": "pearson"}
CHAINS = list(REPORT["tables"]["table_1"]["chains"])
DEEP, MORE, LAST = CHAINS[3:]


def score(chain, task):
    """A score that no two cells share."""
    return 0.3 + 0.05 * CHAINS.index(chain) + 0.01 * list(METRICS).index(task)


def record(values):
    return {"tasks": {task: {METRICS[task]: value} for task, value in values.items()}}


@pytest.fixture(scope="module")
def study():
    rows = [
        {"model": MODEL, "chain": chain, "target": task, "metric": METRICS[task]}
        | {"score": score(chain, task), "chance": 0.2, "n_validation": 200, "new_heads": 0}
        for chain in CHAINS
        for task in METRICS
    ]
    titles = {"sst-course": "SST-5", "quora-course": "Quora", "sts-course": "STS"}
    epochs = [record({"sst-course": s, "quora-course": 0.9, "sts-course": 0.4}) for s in (0.2, 0.5)]
    best = {"select": "best:sst-course.accuracy"}
    walked = {
        DEEP: {"recipe": best, "epochs": epochs[::-1]},
        MORE: {"recipe": best, "epochs": epochs},
        LAST: {"recipe": {"select": "last"}, "epochs": epochs},
    }
    question = {
        "protocol": "paper",
        "label": "mini: toy",
        "models": [MODEL],
        "cells": {},
        "scores": {MODEL: {chain: list(METRICS) for chain in CHAINS}},
        "settings": {"targets": {}},
        "chains": {
            chain: {
                "seed": None,
                "stages": [
                    {
                        "settings": {"lr": {"stated": 1e-5}, "epochs": {"stated": 10}},
                        "posed": {t: {"metric": {"assumed": m}} for t, m in METRICS.items()},
                    }
                ],
            }
            for chain in CHAINS
        },
    }
    return replace(
        inputs(),
        question=question,
        tasks={task: {"title": title} for task, title in titles.items()},
        manifests={task: {"note": "toy", "metric": metric} for task, metric in METRICS.items()},
        scores=pd.DataFrame(rows),
        runs=pd.DataFrame(columns=["model", "chain", "target"]),
        published=load(STUDY / "published.csv", REPORT["rows"]),
        walked={(MODEL, chain): told for chain, told in walked.items()},
    )


def test_the_overall_score_is_the_mean_with_correlations_from_0_to_1():
    found = overall([("accuracy", 0.533), ("accuracy", 0.82), ("pearson", 0.726)])
    assert found == pytest.approx((0.533 + 0.82 + 1.726 / 2) / 3)
    assert math.isnan(overall([])) and math.isnan(overall([("accuracy", math.nan)]))


def test_every_printed_number_is_joined_to_one_of_ours_or_says_why_not(study):
    table = paper_vs_ours.build(study, {})
    assert len(table) == len((STUDY / "published.csv").read_text().splitlines()) - 1 == 39
    counts = table["status"].value_counts().to_dict()
    assert counts == {"compared": 24, "not reproducible": 8, "setting": 7}
    hidden = table[table["status"] == "not reproducible"]
    assert (hidden["model"] == "Model F").all()
    assert hidden["note"].str.startswith("hidden labels").all()


def test_a_joined_number_is_that_of_its_model_and_task(study):
    table = paper_vs_ours.build(study, {})
    row = table[(table["model"] == "Model E") & (table["target"] == "Quora")].iloc[0]
    assert float(row["ours"]) == pytest.approx(score(MORE, "quora-course"), abs=5e-4)
    row = table[(table["model"] == "Model B") & (table["target"] == "overall")].iloc[0]
    b = [score(CHAINS[1], task) for task in METRICS]
    assert float(row["ours"]) == pytest.approx((b[0] + b[1] + (b[2] + 1) / 2) / 3, abs=5e-4)


def test_an_overall_score_that_lacks_a_task_is_not_available(study):
    scores = study.scores[study.scores["target"] != "sts-course"]
    table = paper_vs_ours.build(replace(study, scores=scores), {})
    overalls = table[table["target"] == "overall"]
    assert {*overalls["status"]} == {"not available", "not reproducible"}


def test_table_1_has_print_and_ours_side_by_side_and_of_f_the_dev_leaderboard(study):
    table = several_tasks.build(study, REPORT["tables"]["table_1"])
    assert table["SST-5 (paper)"].tolist() == ["0.364", "0.396", "0.24", "0.284", "0.516", "0.526"]
    assert table["Overall (paper)"].tolist()[-1] == "0.738"
    for row, chain in zip(table.to_dict("records"), CHAINS, strict=True):
        assert float(row["STS"]) == pytest.approx(score(chain, "sts-course"), abs=5e-4)


def test_a_contrast_answers_by_the_noise_of_its_examples(study):
    apart = {"asks": "?", "before": DEEP, "after": MORE, "task": "sst-course"}
    scores = study.scores.copy()
    near = contrasts.build(study, {"contrasts": [apart]}).iloc[0]
    assert (near["Difference"], near["Noise"], near["Answer"]) == (
        "+0.050",
        "0.098",
        "within noise",
    )
    moved = (scores["chain"] == MORE) & (scores["target"] == "sst-course")
    for value, answer in ((0.9, "higher"), (0.1, "lower")):
        scores.loc[moved, "score"] = value
        found = contrasts.build(replace(study, scores=scores), {"contrasts": [apart]}).iloc[0]
        assert found["Answer"] == answer
    gone = contrasts.build(replace(study, scores=scores[~moved]), {"contrasts": [apart]}).iloc[0]
    assert gone["Answer"] == "not available"


def test_the_checks_find_the_five_flaws_of_the_print_and_no_other(study):
    table = checks.build(study, REPORT["tables"]["checks"])
    failing = table[table["Verdict"] == "does not hold"]
    texts = failing[failing["Kind"] == "text against table"]
    assert texts["Printed"].tolist() == [
        "0.815 to 0.615, -0.200",
        "0.729 to 0.524, -0.205",
        "0.729 to 0.81, +0.081",
        "7 to 10, +3",
    ]
    failing = failing.drop(texts.index)
    assert [*zip(failing["Where"], failing["Printed"], strict=True)] == [
        ("Table 1, Model A", "0.428"),
        ("Table 1, Model B", "0.524"),
        ("Table 1, Model C", "0.24"),
        ("Table 1, Model B", "0.396"),
        ("Table 1, Model B", "0.524"),
    ]
    assert len(table) == 8 + 2 * 8 + 2 + 6


def test_phases_follow_each_other_and_mark_the_epoch_that_is_kept(study):
    spec = REPORT["figures"]["figure_s1"]
    table = phases.tabulate(study, spec)
    assert len(table) == 3 * 2 * 3
    one = table[table["task"] == "sst-course"]
    assert one["at"].tolist() == [1, 2, 3, 4, 5, 6]
    assert one["stage"].tolist() == [1, 1, 2, 2, 3, 3]
    assert one["score"].tolist() == [0.5, 0.2, 0.2, 0.5, 0.2, 0.5]
    assert one["kept"].tolist() == [True, False, False, True, False, True]
    axes = phases.draw(table, spec).axes[0]
    lines = [line for line in axes.lines if line.get_label() == "SST-5 (Accuracy)"]
    lines = lines or [line for line in axes.lines if line.get_label().startswith("SST-5 (")]
    assert lines[0].get_ydata().tolist() == one["score"].tolist()
    assert [text.get_text() for text in axes.texts] == spec["stages"]
