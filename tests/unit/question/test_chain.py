import pytest

from stilts.errors import UserError
from stilts.question.chain import NONE, Stage, chain_name, parent_chain, parse_chain, prefixes


def test_a_chain_is_read_stage_by_stage():
    assert parse_chain("mnli~rte@500+rte") == (Stage(("mnli", "rte"), 500), Stage(("rte",)))


def test_none_is_the_chain_without_stages():
    assert parse_chain(NONE) == ()
    assert chain_name(()) == NONE


@pytest.mark.parametrize("name", ["none", "rte", "hellaswag-p@2000", "mnli+squad", "mnli~rte+rte"])
def test_a_chain_has_one_name(name):
    assert chain_name(parse_chain(name)) == name


def test_a_chain_grows_out_of_its_prefixes_shortest_first():
    assert prefixes("mnli~rte+squad@10+rte") == [
        "mnli~rte",
        "mnli~rte+squad@10",
        "mnli~rte+squad@10+rte",
    ]
    assert prefixes("none") == []


@pytest.mark.parametrize(
    ("chain", "parent"), [("rte", "none"), ("mnli+squad", "mnli"), ("a+b@2+c", "a+b@2")]
)
def test_a_stage_starts_from_the_chain_before_it(chain, parent):
    assert parent_chain(chain) == parent


@pytest.mark.parametrize(
    "text",
    ["", "+", "rte+", "+rte", "rte~", "RTE", "hella swag", "../rte", "a/b", "rte@", "rte@x"]
    + ["rte@2@3", "rte@-1", "rte@²", "rte@0", "rte@02000", "@2000", ".rte", "rte\n"],
)
def test_a_malformed_chain_is_refused_in_one_line(text):
    with pytest.raises(UserError) as caught:
        parse_chain(text)
    message = str(caught.value)
    assert "\n" not in message
    assert "malformed" in message and "task@2000" in message
