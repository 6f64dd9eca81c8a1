import pytest

from stilts.errors import UserError
from stilts.question.ask import ask
from stilts.question.record import record
from tests.toys.studies import write_study

PAPER = {"scale": "paper"}


def data(**tasks):
    """State fields of tasks, as a study does."""
    return {
        "data": {
            task: {name: {"code": value} for name, value in fields.items()}
            for task, fields in tasks.items()
        }
    }


def test_a_study_says_how_the_data_of_a_task_are_read(question):
    asked = question(PAPER, settings=data(rte={"second": ["{premise}"], "longest": {"train": 9}}))
    task = asked.task_spec("rte")["task"]
    assert (task["second"], task["longest"]) == (["{premise}"], {"train": 9})
    assert task["first"] == ["{premise}"], "what is not stated stays as in the catalogue"


def test_a_protocol_goes_over_the_study_and_the_readers_tasks_over_both(question):
    protocols = {"paper": None, "released": data(rte={"second": ["{idx}"]})}
    changes = {"protocols": protocols, "settings": data(rte={"second": ["{premise}"]})}
    found = [
        question({**PAPER, **config}, **changes).task_spec("rte")["task"]["second"]
        for config in (
            {},
            {"protocol": "released"},
            {"protocol": "released", "tasks": {"rte": {"second": ["{hypothesis}"]}}},
        )
    ]
    assert found == [["{premise}"], ["{idx}"], ["{hypothesis}"]]


def test_the_record_tells_what_is_stated_with_its_origin_those_of_parents_included(question):
    settings = data(rte={"longest": {"train": 9}}, cola={"label": "label"})
    asked = question(PAPER, settings=settings)
    assert record(asked)["studies"]["mine"]["settings"]["data"] == {
        "cola": {"label": {"code": "label"}},
        "rte": {"longest": {"code": {"train": 9}}},
    }


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ({"rte": {"metric": "accuracy"}}, "unknown setting 'metric'; allowed: drop, first, label"),
        ({"rte": {"longest": {"train": 0}}}, "longest.train must be a number of words, found 0"),
        ({"rte": {"once": "in a row"}}, "'once' is about the texts of a corpus"),
        ({"wikitext": {"once": "never"}}, "unknown once 'never'; allowed: everywhere, in a row"),
        ({"wikitext": {"longest": {"train": 5}}}, "'longest' is about tasks with answers"),
        ({"nothing": {"label": "x"}}, "settings.data.nothing: unknown task 'nothing'"),
        (
            {
                "winogrande-m": {
                    "split": {"column": "s", "at": "_", "into": ["a", "c"], "strip": ["b"]}
                }
            },
            "split.strip: unknown column 'b'; allowed: a, c",
        ),
    ],
)
def test_what_no_task_can_be_is_refused(refused, stated, said):
    assert said in refused(PAPER, settings=data(**stated))


def test_two_studies_that_read_a_task_differently_are_asked_one_at_a_time(own_root, config):
    said = {"source": {"files": {"train": "a.csv", "validation": "b.csv"}}}
    write_study(own_root, "one", settings=data(rte=said))
    write_study(own_root, "two")
    write_study(own_root, "three", settings=data(rte={"label": "other"}))
    write_study(own_root, "four", sweeps={"main": {"chains": ["none"], "targets": ["cola"]}})
    for pair in (["one", "two"], ["two", "one"], ["one", "three"]):
        with pytest.raises(UserError, match="do not agree how 'rte' is read .*: ask one at a time"):
            ask({**config, **PAPER, "studies": pair}, own_root)
    assert list(ask({**config, **PAPER, "studies": ["one", "four"]}, own_root).plans)
    # The miniature language knows no sources.
    assert list(ask({**config, "studies": ["one", "two"]}, own_root).plans) == ["one", "two"]


def test_data_in_several_files_are_missing_until_all_are_there(own_root, config):
    files = {"train": ["a.txt", "b.txt"], "validation": "c.csv"}
    stated = data(rte={"source": {"files": files}, "restricted": "ask for it"})
    write_study(own_root, settings=stated)
    for name in ("a.txt", "b.txt", "c.csv"):
        found = ask({**config, **PAPER, "studies": ["mine"]}, own_root)
        assert {cell.target for cell in found.plans["mine"].unavailable} == {"rte"}
        assert found.unavailable() == ["RTE: ask for it"]
        (own_root / name).write_text("x")
    assert not ask({**config, **PAPER, "studies": ["mine"]}, own_root).plans["mine"].unavailable


def test_the_label_says_what_stands_in_for_a_model_and_how_much_a_limit_left(question):
    models = {"roberta-large": {"path": "/models/tiny"}, "gpt2-medium": {"hub": "a/b"}}
    found = question({"models": models, "limits": {"train": 2000}})
    wanted = "gpt2-medium is a/b; roberta-large is a stand-in (tiny); at most 2,000 rows of train"
    assert found.plans["mine"].label.endswith(wanted)
    assert question().plans["mine"].label == f"mini: {question().scale.label}"
