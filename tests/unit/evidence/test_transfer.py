"""A study of what an intermediate task changes, told from predictions made by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from stilts.evidence.answers import answers
from stilts.evidence.figures import gains_beside
from stilts.evidence.measures import MEASURES
from stilts.evidence.published import load
from stilts.evidence.results import Inputs
from stilts.evidence.tables import (
    checks,
    class_counts,
    cut_texts,
    group_gains,
    transfers,
    which_f1,
)
from stilts.evidence.transfer import sign, transfer
from stilts.files.fingerprint import ROOT

STUDY = ROOT / "studies/qa_transfer"
MODEL, SEEDS = "electra-base", (1, 2, 3)
SPLITS = {"validation": 300, "test": 120}


def cell(folder, chain, target, rate, *, sizes, seed, constant=False):
    """Write the predictions of a run that has each example right with a probability."""
    rng = np.random.default_rng([seed, int(1000 * rate)])
    parts = []
    for split, size in sizes.items():
        truth = np.arange(size) % 2
        wrong = rng.random(size) > rate
        given = np.zeros(size, int) if constant else np.where(wrong, 1 - truth, truth)
        ids = [f"{split}{place}" for place in range(size)]
        parts.append(pd.DataFrame({"id": ids, "split": split, "label": truth, "prediction": given}))
    name = f"{chain}^{seed}" if chain != "none" else chain
    file = folder / MODEL / name / target / f"s{seed}.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    # Another order of the examples than in the other runs: they are matched by their ids.
    pd.concat(parts).sample(frac=1, random_state=seed).to_parquet(file)
    return {(MODEL, name, target, f"s{seed}"): file}


def inputs(folder, cells):
    """Return inputs; cells: (chain, target) -> how often it is right, sizes, constant."""
    files, runs = {}, []
    for (chain, target), (rate, sizes, constant) in cells.items():
        for seed in SEEDS:
            made = cell(folder, chain, target, rate, sizes=sizes, seed=seed, constant=constant)
            files |= made
            runs += [dict(zip(("model", "chain", "target", "point"), *made, strict=True))]
    table = pd.DataFrame(runs).assign(score=0.5, metric="accuracy")
    named = {}
    for run in runs:
        named.setdefault(run["chain"], {})[run["target"]] = 1 + 2 * (run["chain"] == "none")
    classes = {"no": 150, "yes": 150}
    manifest = {
        "labels": ["no", "yes"],
        "metric": "accuracy",
        "note": "miniature",
        "splits": {"train": {"rows": 10, "classes": {"no": 4, "yes": 6}}}
        | {name: {"rows": 300, "classes": classes} for name in SPLITS},
    }
    targets = {target for _, target in cells}
    report = yaml.safe_load((STUDY / "report.yaml").read_text())
    question = {
        "models": [MODEL],
        "cells": {MODEL: named},
        "chains": {},
        "label": "toy",
        "protocol": "paper",
        "settings": {"targets": {}},
    }
    return Inputs(
        question=question,
        tasks={},
        manifests=dict.fromkeys(targets, manifest),
        runs=table,
        scores=pd.DataFrame(columns=["model", "chain", "target"]),
        published=load(STUDY / "published.csv", report["rows"]),
        predictions=files,
    )


@pytest.fixture
def found(tmp_path):
    sides = {"boolq": (0.6, 0.9), "sst2": (0.8, 0.8), "irony": (0.9, 0.6)}
    cells = {
        (chain, target): (rate, SPLITS, False)
        for target, rates in sides.items()
        for chain, rate in zip(("none", "squad-v2"), rates, strict=True)
    }
    few = {"validation": 71}
    cells |= {("none", "wnli"): (0.3, few, False), ("squad-v2", "wnli"): (0.9, few, False)}
    cells |= {("none", "rte"): (0.5, SPLITS, True), ("squad-v2", "rte"): (0.9, SPLITS, False)}
    return inputs(tmp_path, cells).of_model(MODEL)


def test_a_gain_that_is_there_goes_up_one_that_is_lost_down_and_none_cannot_be_told(found):
    verdicts = {
        target: transfer(found, "squad-v2", target, "accuracy").verdict
        for target in ("boolq", "sst2", "irony")
    }
    assert verdicts == {"boolq": "up", "sst2": "cannot tell", "irony": "down"}


def test_the_means_are_those_of_the_split_that_is_asked_for(found):
    for split in SPLITS:
        read = answers(found, "squad-v2", "boolq", split)
        assert read.given.shape == (3, SPLITS[split])
        wanted = [f1_score(read.truth, given) for given in read.given]
        told = transfer(found, "squad-v2", "boolq", "f1_binary", split)
        assert told.after == pytest.approx(np.mean(wanted))
    default = answers(found, "none", "boolq")
    assert len(default.truth) in SPLITS.values()


def test_runs_are_paired_by_their_seeds(found):
    told = transfer(found, "squad-v2", "boolq", "accuracy", "test")
    sides = [answers(found, chain, "boolq", "test") for chain in ("squad-v2", "none")]
    scores = [
        {
            point: (given == side.truth).mean()
            for point, given in zip(points, side.given, strict=True)
        }
        for side in sides
        for points in [side.runs["point"]]
    ]
    wanted = [scores[0][f"s{seed}"] - scores[1][f"s{seed}"] for seed in SEEDS]
    assert told.each == pytest.approx(wanted)
    assert told.gain == pytest.approx(np.mean(wanted))


def test_of_few_examples_an_exact_test_is_made(found):
    told = transfer(found, "squad-v2", "wnli", "accuracy")
    sides = [answers(found, chain, "wnli") for chain in ("squad-v2", "none")]
    right = [pd.Series((side.given == side.truth).sum(axis=0)) for side in sides]
    apart = right[0] - right[1]
    assert len(apart) == 71
    wanted = binomtest(int((apart > 0).sum()), int((apart != 0).sum())).pvalue
    assert told.p_value == pytest.approx(wanted) and told.verdict == "up"
    assert np.isnan(told.low)


def test_a_side_that_names_one_class_has_no_verdict(found):
    told = transfer(found, "squad-v2", "rte", "accuracy")
    assert told.constant == (3, 0) and told.verdict == "one class"


def test_without_runs_there_is_nothing_to_tell(found):
    assert transfer(found, "squad-v2", "mnli", "accuracy") is None
    spec = {"chain": "squad-v2", "targets": ["mnli"], "printed": "Table 3", "signs": "Table 2/3"}
    (row,) = transfers.build(found, spec).to_dict("records")
    assert row["None (paper)"] == "88.52" and row["Verdict"] == "not available"


@pytest.mark.parametrize(
    ("points", "mark"), [(0.04, "="), (-0.04, "="), (0.05, "+"), (-0.05, "-"), (0, "=")]
)
def test_a_mark_is_that_of_the_print(points, mark):
    assert sign(points / 100) == mark


def test_every_mark_of_the_paper_follows_from_its_means():
    report = yaml.safe_load((STUDY / "report.yaml").read_text())
    printed = load(STUDY / "published.csv", report["rows"])
    place = ["our model", "our target"]
    means = printed[printed["our measure"] == "mean"].pivot(
        index=place, columns="our chain", values="value"
    )
    gains = means["squad-v2"].astype(float) - means["none"].astype(float)
    marks = printed[printed["our measure"] == "sign"].set_index(place)["value"]
    assert len(marks) == 64
    assert all(sign(gains[cell] / 100) == mark for cell, mark in marks.items())


def test_every_printed_number_is_one_of_a_measure_of_ours():
    study = yaml.safe_load((STUDY / "study.yaml").read_text())
    report = yaml.safe_load((STUDY / "report.yaml").read_text())
    printed = load(STUDY / "published.csv", report["rows"])
    assert len(printed) == 281
    assert set(printed["our measure"]) <= MEASURES.keys()
    (sweep,) = study["sweeps"].values()
    assert set(printed["our target"]) == set(sweep["targets"])
    cells = printed[printed["our measure"].isin(["mean", "sign"])]
    assert set(cells["our model"]) == set(study["models"])
    assert set(cells["our chain"]) == set(sweep["chains"])
    ours = {task: said["metric"]["assumed"] for task, said in study["settings"]["tasks"].items()}
    for number in cells.to_dict("records"):
        assert number["our metric"] == ours.get(number["our target"], number["our metric"])


def test_each_way_to_take_f1_stands_beside_the_print(found):
    spec = {"chain": "squad-v2", "targets": ["boolq", "mrpc"], "splits": {"boolq": "test"}}
    row, other = which_f1.build(found, spec).to_dict("records")
    assert other["Nearest"] == "not available"
    read = [answers(found, chain, "boolq", "test") for chain in ("none", "squad-v2")]
    for name, average in {
        "positive class": "binary",
        "macro": "macro",
        "weighted": "weighted",
    }.items():
        scores = [
            np.mean([f1_score(side.truth, given, average=average) for given in side.given])
            for side in read
        ]
        assert float(row[name]) == pytest.approx(100 * np.mean(scores), abs=0.06)
    off = {name: float(row[f"{name} off by"]) for name in which_f1.WAYS}
    assert off[row["Nearest"]] == min(off.values())


def test_group_means_are_those_of_their_targets(found):
    spec = {"chain": "squad-v2", "groups": {"both": ["boolq", "irony"]}}
    (row,) = group_gains.build(found, spec).to_dict("records")
    gains = [transfer(found, "squad-v2", name, "accuracy").gain for name in ("boolq", "irony")]
    assert float(row["Δ"]) == pytest.approx(100 * np.mean(gains), abs=0.006)
    printed = ((86.34 - 84.16) + (70.96 - 71.96)) / 2
    assert float(row["Δ (paper)"]) == pytest.approx(printed, abs=0.006)
    assert (row["Up (paper)"], row["Up"]) == ("1", "1")


def test_the_means_of_a_group_are_of_the_same_targets_on_both_sides(found):
    spec = {"chain": "squad-v2", "groups": {"part": ["boolq", "mnli"], "none": ["mnli"]}}
    part, none = group_gains.build(found, spec).to_dict("records")
    assert (part["Targets"], part["Δ (paper)"], part["Up (paper)"]) == ("1 of 2", "+2.18", "1")
    assert (none["Targets"], none["Δ (paper)"], none["Δ"]) == ("0 of 1", "+0.25", "not available")


def test_a_verdict_is_marked_where_a_stage_before_it_was_not_learnt(found):
    """A chain stands for its walks from seed to seed, each with a score of its own."""

    def verdict(scores):
        rows = [
            {"model": MODEL, "chain": f"squad-v2^{seed}", "target": "squad-v2", "score": score}
            | {"metric": "exact_match", "n_validation": 1000}
            for seed, score in zip(SEEDS, scores, strict=True)
        ]
        audit = {"validation": {"baselines": {"majority": 0.5}}}
        squad = {"labels": [], "splits": {"validation": {"rows": 1000}}, "audit": audit}
        manifests = {**found.manifests, "squad-v2": squad}
        inputs = replace(found, scores=pd.DataFrame(rows), manifests=manifests)
        spec = {"chain": "squad-v2", "targets": ["boolq"], "printed": "Table 3", "signs": ""}
        return transfers.build(inputs, spec)["Verdict"].item()

    assert verdict((0.8, 0.8, 0.8)) == "up"
    assert verdict((0.8, 0.8, 0.5)) == "up†"


def test_the_sums_of_table_1_find_the_two_that_do_not_add_up(found):
    spec = yaml.safe_load((STUDY / "report.yaml").read_text())["tables"]["checks"]
    table = checks.build(found, spec)
    table = table[table["Kind"] == checks.SUMS]
    assert len(table) == 16
    failed = table[table["Verdict"] == checks.FAILS].set_index("Where")
    assert failed["Printed"].to_dict() == {
        "Table 1, OFFENSIVE": "12,776",
        "Table 1, WIKIQA": "26,525",
    }
    assert failed["Expected"].to_list() == ["13,240", "23,093"]


def test_classes_are_counted_in_training_and_the_scored_split(found):
    spec = {"targets": ["boolq", "mnli"], "splits": {"mnli": "validation"}, "printed": "Table 1"}
    row, absent = class_counts.build(found, spec).to_dict("records")
    assert row["Classes (paper)"] == "4,790 7,907" and row["Classes"] == "154 156"
    assert (row["Train (paper)"], row["Scored (paper)"]) == ("9427", "3270")
    assert absent["Scored"] == "not available"


def test_the_figure_frames_what_is_told_and_brackets_one_class(found):
    groups = {"pairs": ["boolq", "rte", "mnli"], "texts": ["sst2"]}
    spec = {"chain": "squad-v2", "groups": groups}
    table = gains_beside.tabulate(found, spec)
    assert table.set_index("target").loc["boolq", "paper"] == pytest.approx(2.18)
    assert np.isnan(table.set_index("target").loc["mnli", "ours"])
    figure = gains_beside.draw(table, spec)
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert sum(text.startswith("[") for text in texts) == 1
    assert sum(len(axes.patches) for axes in figure.axes) == 1


def test_measures_read_the_split_that_a_printed_number_is_of(found):
    number = found.published[found.published["our target"] == "boolq"]
    number = number[(number["our measure"] == "mean") & (number["our chain"] == "squad-v2")]
    (number,) = number[number["our model"] == MODEL].to_dict("records")
    told = MEASURES["mean"](replace(found), number | {"our split": "test"})
    wanted = transfer(found, "squad-v2", "boolq", "f1_binary", "test").after
    assert float(told["ours"]) == pytest.approx(100 * wanted, abs=0.006)
    mark = MEASURES["sign"](found, number | {"our split": "test", "value": "+"})
    assert (mark["ours"], mark["difference"]) == ("+", "same")


def test_the_share_of_cut_texts_is_that_of_the_record(tmp_path):
    found = inputs(tmp_path, {("none", "boolq"): (0.5, {"validation": 10}, False)})
    scored = {"model": [MODEL], "chain": ["none"], "target": ["boolq"], "n_validation": [400]}
    scores = pd.DataFrame(scored).assign(score=0.5, max_tokens=128, cut=0.4137)
    spec = {"targets": ["boolq"], "model": MODEL}
    (row,) = cut_texts.build(replace(found, scores=scores), spec).to_dict("records")
    assert (row["Limit"], row["Cut"], row["Examples"]) == ("128", "41.4", "400")
    older = scores.drop(columns=["max_tokens", "cut"])  # of a record that does not say it
    (row,) = cut_texts.build(replace(found, scores=older), spec).to_dict("records")
    assert row["Cut"] == row["Limit"] == "not available"
