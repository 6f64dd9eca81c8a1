import re

import pytest
import yaml

from stilts.errors import UserError
from stilts.files.strict_yaml import read_yaml
from stilts.question.catalogue import Model, Task, load_catalogue

PAIR = {
    "kind": "classification",
    "source": {"hub": "org/name", "config": "pair"},
    "first": ["{a}"],
    "second": "{b}",
    "labels": ["no", "yes"],
}
CHOICE = PAIR | {"kind": "multiple_choice", "second": ["{option}."], "options": ["x", "y"]}


def refused(call, *arguments, **options):
    with pytest.raises(UserError) as caught:
        call(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def catalogue(root):
    return load_catalogue(root / "catalogue")


def test_a_block_becomes_a_task():
    task = Task.from_block("pair", PAIR | {"max_tokens": 40}, "tasks.yaml")
    assert (task.name, task.title, task.metric) == ("pair", "pair", "accuracy")
    assert (task.first, task.second, task.labels) == (("{a}",), ("{b}",), ("no", "yes"))
    assert task.max_tokens == 40


def test_answers_may_be_numbers_and_stand_in_several_splits():
    block = PAIR | {"labels": [], "range": [0, 5], "scored": ["validation", "test"]}
    task = Task.from_block("similarity", block, "tasks.yaml")
    assert (task.range, task.labels, task.scored) == ((0, 5), (), ("validation", "test"))
    sent = task.as_dict()
    assert Task.from_block(sent.pop("name"), sent, "the job") == task
    assert Task.from_block("pair", PAIR, "tasks.yaml").scored == ("validation",)


def test_a_task_goes_to_a_job_as_plain_data():
    sent = Task.from_block("choice", CHOICE, "tasks.yaml").as_dict()
    again = Task.from_block(sent.pop("name"), yaml.safe_load(yaml.safe_dump(sent)), "the job")
    assert again == Task.from_block("choice", CHOICE, "tasks.yaml")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kinds": 1}, "unknown field 'kinds'; allowed: answers, cite"),
        (
            {"kind": "regression"},
            "unknown kind 'regression'; allowed: ",
        ),
        ({"metric": "bleu"}, "unknown metric 'bleu'; allowed: accuracy, exact_match, "),
        ({"labels": ["only"]}, "'labels' must list at least two"),
        ({"range": [0, 5]}, "'range' says that answers are numbers: drop it or 'labels'"),
        ({"labels": [], "range": 5}, "'range' must be [lowest, highest], found 5"),
        ({"labels": [], "range": [5, 0]}, "'range' must be [lowest, highest], found [5, 0]"),
        ({"labels": [], "range": ["a", "b"]}, "'range' must be [lowest, highest], found ['a'"),
        (CHOICE | {"labels": [], "range": [0, 5]}, "multiple choice has 'labels'"),
        ({"scored": []}, "'scored' must list at least one split"),
        ({"scored": [1]}, "'scored' must be a list of texts in quotes, found [1]"),
        ({"labels": [0, 1]}, "'labels' must be a list of texts in quotes, found [0, 1]"),
        ({"first": {"a": 1}}, "'first' must be a list of texts"),
        ({"max_tokens": "70"}, "max_tokens must be a number from 4, found 70"),
        ({"max_tokens": 2}, "max_tokens must be a number from 4, found 2"),
        ({"source": {"config": "x"}}, "'source' must name one of hub, files, or 'derive'"),
        ({"source": {"http": "x"}}, "source: unknown field 'http'; allowed: columns, config"),
        ({"source": {"files": "a.csv"}}, "source.files must be a block of split: path, found 'a"),
        ({"source": {"files": {"train": 3}}}, "source.files.train must be a path, or a list"),
        ({"source": {"hub": "a/b", "files": {"train": "c"}}}, "names a hub and files: drop one"),
        ({"source": {"files": {"train": "c"}, "format": "xls"}}, "source.format: unknown value"),
        ({"source": {"files": {"train": "c"}, "quoted": "yes"}}, "quoted must be true or false"),
        ({"split": {"column": "q", "at": " "}}, "split: 'into' is missing"),
        ({"split": {"column": "q", "at": " ", "into": ["a"]}}, "split.into must be two column"),
        ({"labels": ["a", "b", "a"]}, "'labels' names 'a' twice"),
        ({"drop": ["label"]}, "'drop' must be a block, found ['label']"),
        ({"drop": {"label": {"a": 1}}}, "drop.label must be a value, or a list of values"),
        ({"longest": {"train": 0}}, "longest.train must be a number of words, found 0"),
        ({"sizes": {"train": "many"}}, "sizes.train must be a whole number"),
        ({"source": "org/name"}, "'source' must be a block, found 'org/name'"),
        ({"derive": {"parent": "rte"}}, "'derive' must name a parent and a generator"),
        ({"kind": "corpus"}, "a corpus needs 'text'"),
        ({"kind": "multiple_choice"}, "multiple choice needs 'options'"),
        (CHOICE | {"second": ["{b}"]}, "'second' must hold {option} once"),
        (CHOICE | {"second": ["{option} {b}", "{option}"]}, "'second' must hold {option} once"),
    ],
)
def test_a_wrong_task_is_refused_by_file_name_and_field(change, said):
    message = refused(Task.from_block, "pair", PAIR | change, "mine.yaml")
    assert message.startswith("mine.yaml, task 'pair': ")
    assert said in message


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"hub": "a/b", "path": "c"}, "give exactly one origin of hub, path, pretrain"),
        ({"revision": "main"}, "give exactly one origin of hub, path, pretrain"),
        ({"hubs": "a/b"}, "unknown key 'hubs'; allowed: cite, family, hub, path, pretrain"),
        ("a/b", "expected {hub: …}, {path: …} or {pretrain: …}"),
    ],
)
def test_a_wrong_model_is_refused_by_file_and_name(block, said):
    message = refused(Model.from_block, "roberta", block, "mine.yaml")
    assert message.startswith("mine.yaml, model 'roberta': ")
    assert said in message


def test_a_models_origin_leaves_out_what_does_not_change_it():
    model = Model.from_block("m", {"hub": "a/b", "revision": "abc", "cite": "A 2020"}, "m.yaml")
    assert (model.origin, model.cite) == ({"hub": "a/b", "revision": "abc"}, "A 2020")


def test_the_readers_blocks_add_and_change_tasks(root, catalogue):
    laid = load_catalogue(
        root / "catalogue",
        tasks={"rte": {"max_tokens": 9}, "mine": PAIR},
        models={"roberta-large": {"path": "models/mine"}},
    )
    assert laid.tasks["rte"].max_tokens == 9
    assert laid.tasks["rte"].labels == catalogue.tasks["rte"].labels
    assert set(laid.tasks) - set(catalogue.tasks) == {"mine"}
    assert laid.models["roberta-large"].origin == {"path": "models/mine"}


def test_a_wrong_block_of_the_reader_is_told_from_one_of_the_catalogue(root):
    message = refused(load_catalogue, root / "catalogue", tasks={"rte": {"kind": "x"}})
    assert message.startswith("config key 'tasks', task 'rte': unknown kind 'x'")


def test_a_derived_task_needs_a_known_parent(root):
    block = PAIR | {"derive": {"parent": "nobody", "generator": "hella_sh"}}
    message = refused(load_catalogue, root / "catalogue", tasks={"mine": block})
    assert "task 'mine': unknown parent task 'nobody'; allowed: " in message


def test_an_unknown_task_is_refused_with_the_known_ones(catalogue):
    assert refused(catalogue.task, "rt", "here").startswith(
        "here: unknown task 'rt'; allowed: ag-news"
    )


def test_the_catalogue_has_every_task_of_the_flagship(catalogue):
    names = "cola rte wic mednli socialiqa winogrande-xs winogrande-m winogrande-l hellaswag"
    derived = "hellaswag-p hellaswag-other hellaswag-empty hella-sh synthesis-gpt2 synthesis-text"
    derived += " synthesis-shuffled"
    assert {*names.split(), *derived.split(), "squad-contexts", "wikitext"} <= set(catalogue.tasks)
    made = {name for name in catalogue.tasks if catalogue.tasks[name].derive}
    assert {name for name in made if not re.search("-span|-1k|squad", name)} == {*derived.split()}


def test_each_task_that_is_posed_as_spans_has_the_classes_of_its_parent(catalogue):
    spans = [task for task in catalogue.tasks.values() if "-span" in task.name]
    assert len(spans) == 18
    for task in spans:
        parent = catalogue.tasks[task.derive["parent"]]
        assert task.name.startswith(f"{parent.name}-span")
        assert (task.labels, task.sizes, task.unanswerable, task.max_tokens) == (
            *(parent.labels, parent.sizes),
            *(parent.unanswerable, task.max_tokens),
        )
        assert task.kind == ("text_span" if parent.kind == "span" else "class_span")
    assert {"roberta-large", "gpt2-medium"} <= set(catalogue.models)


def test_labels_stand_in_the_order_of_the_papers_code(catalogue):
    assert catalogue.tasks["rte"].labels[0] == "entailment"
    assert catalogue.tasks["wic"].labels == ("F", "T")
    assert catalogue.tasks["mednli"].labels == ("entailment", "contradiction", "neutral")


def test_every_source_of_the_catalogue_is_one_of_a_task_or_of_its_parent(catalogue):
    for task in catalogue.tasks.values():
        assert bool(task.derive) != bool(task.source), task.name


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "does not exist: restore it"),
        ("a: [1,\nb: 2", "not valid YAML in line"),
        ("- a\n- b\n", "expected a mapping"),
        ("", "expected a mapping"),
    ],
)
def test_a_spoilt_file_is_refused_in_one_line(tmp_path, content, said):
    path = tmp_path / "tasks.yaml"
    if content is not None:
        path.write_text(content)
    message = refused(read_yaml, path)
    assert message.startswith(str(path)) and said in message
