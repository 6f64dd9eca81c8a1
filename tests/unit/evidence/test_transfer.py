"""What an intermediate task changes, told from predictions made by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from stilts.evidence.answers import answers
from stilts.evidence.measures import MEASURES
from stilts.evidence.published import load
from stilts.evidence.tables import (
    transfers,
)
from stilts.evidence.transfer import sign, transfer
from tests.toys.transfers import MODEL, SEEDS, SPLITS, STUDY, sides


@pytest.fixture
def found(tmp_path):
    return sides(tmp_path)


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
    low, _, p_value = told.over_examples
    assert p_value == pytest.approx(wanted) and told.verdict == "up"
    assert np.isnan(low)


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
