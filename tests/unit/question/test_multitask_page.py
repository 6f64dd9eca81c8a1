"""docs/multitask.md: its chains are those of the study, and its other choices are ones."""

import re

import pytest
import yaml

from stilts.files.fingerprint import ROOT
from stilts.question.ask import ask

PAGE = (ROOT / "docs/multitask.md").read_text(encoding="utf-8")
CHOICES = re.findall(r"`settings=(\{.*\})`", PAGE)
IN_TURN = "sst-course~quora-course~sts-course"


@pytest.fixture
def plan_of(root, config):
    def asked(**changes):
        return ask({**config, "studies": ["multitask"], **changes}, root).plans["multitask"]

    return asked


@pytest.mark.parametrize("choice", CHOICES)
def test_another_choice_of_the_page_changes_how_some_stage_is_trained(plan_of, choice):
    plans = [plan_of(), plan_of(settings=yaml.safe_load(choice))]
    one, other = ([plan.stage(chain) for chain in plan.chains] for plan in plans)
    assert one != other


def test_the_models_differ_in_what_the_paper_says_and_nothing_else(plan_of):
    def differing(one, other):
        recipes = (plan.stage(chain).recipe for chain in (one, other))
        first, second = ({name: item.value for name, item in r.items()} for r in recipes)
        return {name for name in first if first[name] != second[name]}

    def heads(chain):
        return {task: posed["head"].value for task, posed in plan.stage(chain).posed.items()}

    plan = plan_of(scale="paper", protocol="hub")
    a, b, d = (f"{IN_TURN}={variant}" for variant in ("cosine", "linear", "deep"))
    assert differing(a, b) == differing(IN_TURN, d) == set()
    assert differing(b, IN_TURN) == {"freeze", "lr"}
    assert {task for task in heads(a) if heads(a)[task] != heads(b)[task]} == {"sts-course"}
    assert {task for task in heads(d) if heads(d)[task] != heads(IN_TURN)[task]} == {"sst-course"}
    assert plan.stage(f"{d}+sst-course=more").recipe["epochs"].value == 10
    assert plan.stage(f"{d}+sst-course=more+sts-course").recipe["epochs"].value == 3


def test_the_chains_of_the_page_are_those_of_the_study(plan_of):
    for chain in (IN_TURN, *(f"{IN_TURN}={name}" for name in ("cosine", "linear", "deep"))):
        assert f"`{chain}`" in PAGE and chain in plan_of().chains
    assert {"sst-course", "sst-course=equal"} < set(plan_of().chains)
