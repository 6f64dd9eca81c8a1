"""Tables and the figure of what an intermediate task changes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import f1_score

from stilts.evidence.answers import answers
from stilts.evidence.figures import gains_beside
from stilts.evidence.measures import MEASURES
from stilts.evidence.tables import (
    checks,
    class_counts,
    cut_texts,
    group_gains,
    which_f1,
)
from stilts.evidence.transfer import transfer
from tests.toys.transfers import MODEL, STUDY, inputs, sides


@pytest.fixture
def found(tmp_path):
    return sides(tmp_path)


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
