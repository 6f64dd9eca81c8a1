import pytest

from stilts.errors import UserError
from stilts.question.ask import ask
from stilts.question.record import record


def as_spans(phrase, task="rte-span"):
    return {"settings": {"generators": {"as_span": {"tasks": {task: {"phrase": phrase}}}}}}


def test_a_generators_settings_may_hold_those_of_one_of_its_tasks(root, config):
    asked = {"only": {"chains": ["none", "sst2-span"], "targets": ["rte-span"]}}
    told = "{entailment} or {not_entailment: not}?"
    question = ask({**config, **asked, **as_spans(told)}, root)
    assert question.task_spec("rte-span")["settings"] == {"phrase": told}
    assert question.task_spec("rte-span")["origins"] == {"phrase": "config"}
    assert question.task_spec("sst2-span")["settings"] == {}
    made = record(question)["studies"]["rethinking"]["settings"]["generators"]["as_span"]
    assert made == {"tasks": {"rte-span": {"phrase": {"config": told}}}}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (as_spans("x", "hella-sh"), "'hella-sh' is not made by the generator 'as_span'"),
        (as_spans("x", "nobody"), "unknown task 'nobody'"),
        (as_spans(3), "tasks.rte-span.phrase: 3 is not a text"),
    ],
)
def test_settings_of_a_generator_for_a_task_that_it_does_not_make_are_refused(
    root, config, given, said
):
    with pytest.raises(UserError) as caught:
        ask({**config, **given}, root)
    assert said in str(caught.value)
