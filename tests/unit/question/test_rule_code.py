import pytest

from stilts.question.ask import ask
from stilts.question.code import plugins_of
from stilts.question.paths import Layout
from stilts.question.rule_code import RuleCode

CHOICE = {"name": "a", "kind": "multiple_choice", "labels": ["0", "1"], "range": None}
CLASSES = {**CHOICE, "name": "b", "kind": "classification"}


@pytest.fixture
def question(root, config, scale):
    return ask({**config, "scale": scale}, root)


def test_every_artefact_has_code_that_is_there(question, root):
    code, layout = RuleCode(question), Layout(question)
    found = {code.task(task) for task in question.tasks}
    for study, plan in question.plans.items():
        found |= {code.stage(study, *cell) for cell in plan.checkpoints}
        found |= {code.target(study, *cell) for cell in plan.cells}
        found |= {code.score(study, *cell) for cell in plan.scores}
        blocks = layout.reports[study]
        found |= {code.table(study, block["kind"]) for block in blocks["tables"].values()}
        found |= {code.figure(study, block["kind"]) for block in blocks["figures"].values()}
    assert all(len(each) == 16 for each in found)


def test_targets_of_two_kinds_have_code_of_their_own_and_those_of_one_kind_share_it(question):
    code = RuleCode(question)
    codes = {
        name: code.target("rethinking", "roberta-large", "none", name)
        for name in ("rte", "wic", "cola", "socialiqa", "winogrande-m")
    }
    assert codes["rte"] == codes["wic"]
    assert codes["socialiqa"] == codes["winogrande-m"]
    assert len({codes["rte"], codes["cola"], codes["socialiqa"]}) == 3, "CoLA has its own metric"


def test_a_result_names_the_plugins_that_it_uses_and_no_others():
    named = plugins_of([CHOICE, CLASSES], "xlm-roberta", {"a": None, "b": "regression"})
    assert "stilts.models.families.xlm_roberta" in named
    assert {name for name in named if ".heads." in name} == {
        "stilts.models.heads.multiple_choice",
        "stilts.models.heads.regression",
    }
    assert not [name for name in named if "families" in name and "xlm" not in name]


def test_a_family_that_is_not_known_yet_names_all_and_one_without_a_file_none():
    families = [name for name in plugins_of([CLASSES], None, {}) if ".families." in name]
    assert len(families) > 10
    assert not [name for name in plugins_of([CLASSES], "rembert", {}) if ".families." in name]


def test_the_metric_that_an_epoch_is_chosen_by_is_named():
    assert "stilts.tasks.metrics.pearson:score" in plugins_of(
        [CLASSES], "bert", {}, "best:b.pearson"
    )
