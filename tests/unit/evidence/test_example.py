from dataclasses import replace

import pytest

from stilts.errors import UserError
from stilts.evidence.figures import example
from tests.toys.invented_results import inputs, report


@pytest.fixture(scope="module")
def study():
    return inputs()


@pytest.fixture(scope="module")
def spec():
    return report()["figures"]["figure_4"]


def test_a_derived_task_shows_the_item_of_its_parent(study, spec):
    table = example.tabulate(study, spec)
    assert table.loc[table["task"] == "hellaswag-p", "id"].unique().tolist() == ["17"]
    assert "context" not in set(table.loc[table["task"] == "hellaswag-p", "part"])
    assert table.groupby("task")["gold"].sum().eq(1).all()
    context = table.loc[(table["task"] == "hellaswag") & (table["part"] == "context"), "text"]
    assert context.iloc[0].endswith("lights the stove. She")


def test_an_item_of_a_classification_shows_both_texts_and_the_classes(study):
    item = {"id": "1", "first": ["It rains."], "second": ["It is wet."], "label": 1}
    other = replace(study, examples={"rte": [item]})
    table = example.tabulate(other, {"tasks": ["rte"]})
    assert table["text"].tolist() == ["It rains.", "It is wet.", "0", "1"]
    assert table["gold"].tolist() == [False, False, False, True]
    (axes,) = example.draw(table, {"tasks": ["rte"]}).axes
    assert "It is wet." in [text.get_text() for text in axes.texts]


def test_an_item_that_does_not_exist_is_refused(study, spec):
    with pytest.raises(UserError, match="row 5 of hellaswag, which has 1 rows"):
        example.tabulate(study, spec | {"row": 5})
