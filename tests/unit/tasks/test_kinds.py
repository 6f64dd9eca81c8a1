import subprocess
import sys

import pytest

from stilts.errors import UserError
from stilts.files.fingerprint import ROOT
from stilts.files.plugins import load, names
from stilts.tasks.columns import KINDS
from tests.toys.tiny_models import facts_of

TASK = {
    "labels": (),
    "first": (),
    "second": (),
    "text": "",
    "options": (),
    "range": (),
    "derive": {},
}


def kind(name):
    return load(KINDS, name, "kind", "a test")


@pytest.mark.parametrize("name", names(KINDS))
def test_every_kind_has_what_the_rest_asks_of_a_kind(name):
    module = kind(name)
    for part in ("TITLE", "check", "columns", "rows", "texts", "key", "audit"):
        assert hasattr(module, part), part
    answers = getattr(module, "ANSWERS", True)
    for part in ("metrics", "head", "sequences", "pairs"):
        assert hasattr(module, part) is answers, part


@pytest.mark.parametrize("package", ["kinds", "metrics"])
def test_kinds_and_metrics_are_light(package):
    """The workflow is parsed with them, so they must not load what takes seconds."""
    place = f"stilts.tasks.{package}"
    code = "import importlib, sys\n" + "".join(
        f"importlib.import_module('{place}.{name}')\n" for name in names(place)
    )
    code += "print({'torch', 'pyarrow', 'datasets', 'evaluate', 'sklearn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "set()", done.stderr


@pytest.mark.parametrize(
    ("name", "task", "said"),
    [
        ("classification", {}, "'first' or 'second' must say what is read"),
        ("corpus", {}, "a corpus needs 'text'"),
        ("corpus", {"text": "text"}, "did you mean '{text}'?"),
        ("corpus", {"text": "the same for all"}, "'text' takes nothing from a row"),
        ("classification", {"first": ("question",)}, "did you mean '{question}'?"),
        ("classification", {"first": ("{a}",), "second": ("b",)}, "did you mean '{b}'?"),
        ("classification", {"first": ("{{question}}",)}, "braces that name no column"),
        ("classification", {"first": ("{question",)}, "as in '{question}'"),
        ("classification", {"first": ("Is it so?",)}, "take nothing from a row"),
        (
            "multiple_choice",
            {"second": ("{option}",), "options": ("a", "b", "a")},
            "'options' names the column 'a' twice",
        ),
        ("masked_text", {"range": (0, 1)}, "hidden words need 'text'"),
        ("masked_text", {"text": "{t}", "range": (0, 5)}, "hidden words need 'range: [0, 1]'"),
        ("multiple_choice", {"second": ("{option}",)}, "multiple choice needs 'options'"),
        ("multiple_choice", {"options": "endings"}, "'second' must hold {option} once"),
        ("pair", {"labels": "abc"}, "a pair has two 'labels', no and yes, or a 'range'; found 3"),
        ("pair", {"labels": "ab", "first": ("{a}",)}, "'second' must take a text from a row"),
        ("pair", {"labels": "ab", "second": ("{a}",)}, "'first' must take a text from a row"),
        ("multiple_choice", {"range": (0, 5)}, "multiple choice has 'labels', one for each option"),
    ],
)
def test_a_task_that_lacks_what_its_kind_needs_is_refused_in_one_line(name, task, said):
    with pytest.raises(UserError) as caught:
        kind(name).check(TASK | task, "task 't'")
    assert str(caught.value).startswith("task 't': ") and said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "sides",
    [
        {"first": ("Premise:", "{premise}")},
        {"first": ("Does it follow?",), "second": ("{premise}",)},
        {"first": ("{a} and {b}: so?",)},
    ],
)
def test_a_constant_text_may_stand_beside_columns(sides):
    kind("classification").check(TASK | sides, "task 't'")


def test_a_derived_task_has_its_texts_from_its_parent():
    for name in ("classification", "multiple_choice"):
        kind(name).check(TASK | {"derive": {"parent": "p", "generator": "g"}}, "task 't'")


def test_a_range_makes_a_classification_a_regression():
    classes, numbers = facts_of("classification"), facts_of("regression")
    module = kind("classification")
    assert (module.head(classes), module.head(numbers)) == ("classification", "regression")
    assert module.metrics(numbers) == ("pearson", "spearman")
    assert "accuracy" in module.metrics(classes)
    assert module.columns(classes)["label"] == "int64"
    assert module.columns(numbers)["label"] == "float64"


def test_a_pair_has_the_rows_of_a_classification_and_heads_of_its_own():
    classes, numbers = facts_of("pair"), facts_of("similarity")
    module = kind("pair")
    assert (module.head(classes), module.head(numbers)) == ("pair_linear", "pair_similarity")
    assert module.metrics(numbers) == ("pearson", "spearman")
    assert "accuracy" in module.metrics(classes)
    task = {"name": "t", "first": ["{a}"], "second": ["{b}"], "label": "y"}
    found = module.rows(task | {"labels": ["0.0", "1.0"]}, [{"a": "x", "b": "z", "y": "1.0"}])
    assert found == [{"id": "0", "first": ["x"], "second": ["z"], "label": 1}]
    assert module.pairs(found * 2) == ([["x"], ["z"], ["x"], ["z"]], [[], [], [], []])
    assert module.audit([*found, {"first": ["x"], "second": ["x"]}]) == {"identical_texts": 1}


def test_a_model_reads_one_sequence_an_option():
    assert kind("multiple_choice").sequences(facts_of("multiple_choice", classes=4)) == 4
    assert kind("classification").sequences(facts_of("classification", classes=4)) == 1
    assert kind("pair").sequences(facts_of("pair")) == 2
