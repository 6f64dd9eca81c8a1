"""Checks of printed numbers, against numbers made by hand; and what they find in four papers."""

import csv
import re
from dataclasses import replace

import pytest
import yaml

from stilts.evidence.adding_up import CUT, FAILS, HOLDS, granularity, signs, texts, twice
from stilts.evidence.published import load
from stilts.evidence.tables import checks
from stilts.files.fingerprint import ROOT
from tests.toys.invented_results import inputs

STUDIES = ("rethinking", "qa_transfer", "span_extraction", "multitask")
READING = "by reading"


def number(value, **columns):
    plain = {"table": "Table 1", "model": "M", "intermediate": "None", "target": "T"}
    told = {"metric": "accuracy", "statistic": "dev", "our unit": "percent"}
    return plain | told | {"value": value} | columns


def verdicts(found):
    return [each.verdict for each in found]


@pytest.mark.parametrize(
    ("value", "runs", "expected"),
    [
        ("69.68", 1, HOLDS),  # 193 of 277
        ("69.7", 1, HOLDS),
        ("69.6", 1, CUT),
        ("69.8", 1, FAILS),
        ("69.80", 3, HOLDS),  # 580 of 831 are 69.795
        ("100.0", 1, HOLDS),
        ("0.0", 1, HOLDS),
    ],
)
def test_a_share_is_a_whole_number_of_answers(value, runs, expected):
    rule = {"target": "T", "examples": 277, "runs": runs}
    assert verdicts(granularity([number(value)], rule)) == [expected]


def test_every_share_that_there_is_holds_however_it_is_rounded():
    for right in range(278):
        for digits in (1, 2, 3):
            for unit, scale in (("percent", 100), ("fraction", 1)):
                shown = number(f"{scale * right / 277:.{digits + 2 * (scale == 1)}f}")
                rule = {"target": "T", "examples": 277}
                assert verdicts(granularity([shown | {"our unit": unit}], rule)) == [HOLDS]


def test_what_is_no_share_or_of_another_statistic_is_not_asked():
    others = [number("69.8", metric="F1"), number("69.8", statistic="test"), number("+")]
    assert not list(granularity(others, {"target": "T", "examples": 277, "statistics": ["dev"]}))


def test_a_mark_is_that_of_its_numbers():
    numbers = [number("90.0"), number("90.04", intermediate="Q")]
    numbers += [number(mark, table="marks", intermediate="Q") for mark in "+=-"]
    rule = {"table": "marks", "before": "None", "after": "Q"}
    assert verdicts(signs(numbers, rule)) == [HOLDS, FAILS, FAILS]


def test_what_is_printed_twice_is_the_same():
    numbers = [number("1.0"), number("1.0", table="Table 2"), number("1.1", table="Table 3")]
    other = number("2.0", statistic="test")
    assert verdicts(twice([*numbers, other], {"statistics": ["dev"]})) == [HOLDS, FAILS]


@pytest.mark.parametrize(
    ("expects", "by", "expected"),
    [
        ("higher", 0, HOLDS),
        ("higher", 2.0, FAILS),
        ("lower", 0, FAILS),
        ("equal", 0, FAILS),
        ("equal", 1.0, HOLDS),
    ],
)
def test_a_text_is_held_against_two_numbers_of_each_model(expects, by, expected):
    numbers = [number("90.0"), number("91.0", intermediate="Q")]
    numbers += [each | {"model": "N"} for each in numbers]
    rule = {"says": "so", "before": {"intermediate": "None"}, "after": {"intermediate": "Q"}}
    found = list(texts(numbers, rule | {"targets": ["T"], "expects": expects, "by": by}))
    assert verdicts(found) == [expected] * 2
    assert found[0].printed == "90.0 to 91.0, +1.0"


# What they find


def flaws(study):
    with (ROOT / f"studies/{study}/inconsistencies.csv").open() as file:
        return list(csv.DictReader(file))


def failing(study):
    report = yaml.safe_load((ROOT / f"studies/{study}/report.yaml").read_text())
    published = load(ROOT / f"studies/{study}/published.csv", report["rows"])
    table = checks.build(replace(inputs(), published=published), report["tables"]["checks"])
    return table[table["Verdict"] != HOLDS]


def test_fifty_inconsistencies_are_listed_each_with_what_finds_it():
    found = [flaw for study in STUDIES for flaw in flaws(study)]
    assert len(found) >= 50
    assert sum(flaw["found_by"] != READING for flaw in found) >= 30


@pytest.mark.parametrize("study", STUDIES)
def test_what_a_check_is_said_to_find_it_finds(study):
    table = failing(study)
    for flaw in flaws(study):
        if flaw["found_by"] == READING or flaw["severity"] == "ok":
            continue
        of_kind = table[table["Kind"] == flaw["found_by"]]
        numbers = {float(each) for each in re.findall(r"[0-9]+\.?[0-9]*", flaw["detail"])}
        shown = (re.findall(r"[0-9]+\.?[0-9]*", row.replace(",", "")) for row in of_kind["Printed"])
        assert any({float(each) for each in row} & numbers for row in shown) or (
            flaw["found_by"] == "signs" and len(of_kind)
        ), flaw


@pytest.mark.parametrize("study", ["qa_transfer", "span_extraction"])
def test_every_share_that_cannot_be_is_listed(study):
    found = failing(study)
    shown = found[found["Kind"] == "granularity"]
    tables = shown[shown["Where"].str.startswith("Table")]
    listed = [flaw for flaw in flaws(study) if flaw["found_by"] == "granularity"]
    assert len(listed) == len(tables) == 8
    for value in tables["Printed"]:
        assert any(f"printed {value};" in flaw["detail"] for flaw in listed)
