import pytest

from stilts.errors import UserError
from stilts.question.ask import ask
from stilts.question.paths import Layout
from stilts.question.preview import preview_inputs, preview_spec


@pytest.fixture
def layout(root, config):
    return lambda **changes: Layout(ask({**config, "studies": ["rethinking"], **changes}, root))


def test_a_task_is_posed_as_a_target_of_the_first_model(layout):
    spec = preview_spec(layout(task="wic"))
    assert (spec["model"], spec["target"]) == ("roberta-large", "wic")
    assert spec["recipe"]["max_tokens"] == 70


def test_it_stands_on_the_data_and_on_the_model_before_any_stage(layout):
    assert preview_inputs(layout(task="wic")) == [
        "results/mini/data/wic/manifest.json",
        "results/mini/models/roberta-large/manifest.json",
    ]


def test_a_task_that_no_study_asks_for_is_fetched_as_well(layout):
    found = layout(task="mrpc")
    assert "mrpc" in found.question.tasks
    assert preview_inputs(found)[0] == "results/mini/data/mrpc/manifest.json"


def test_without_a_task_it_stands_on_nothing_and_names_all(layout):
    assert preview_inputs(layout()) == []
    assert "wic" in preview_spec(layout())["tasks"]


def test_an_unknown_task_is_refused(layout):
    with pytest.raises(UserError, match="unknown task 'wick'; allowed: "):
        preview_spec(layout(task="wick"))
