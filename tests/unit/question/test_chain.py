import pytest

from stilts.errors import UserError
from stilts.question.chain import (
    NONE,
    Stage,
    chain_seed,
    chain_tasks,
    parent_chain,
    parse_chain,
    prefixes,
    seeded,
    unseeded,
)

NAMES = ["none", "rte", "hellaswag-p@2000", "mnli+squad", "mnli~rte+rte", "a.b@5=x^0"]
NAMES += ["sst~quora~sts=frozen", "hellaswag-p^7", "mnli-span+squad-span=long^12"]


def test_a_chain_is_read_stage_by_stage():
    assert parse_chain("mnli~rte@500=slow+rte^3") == (
        Stage(("mnli", "rte"), 500, "slow"),
        Stage(("rte",)),
    )


def test_none_is_the_chain_without_stages():
    assert parse_chain(NONE) == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_chain_has_one_name(name):
    assert seeded(name, chain_seed(name)) == name
    stages = "+".join(stage.name for stage in parse_chain(name))
    assert name in (NONE, stages, f"{stages}^{chain_seed(name)}")


def test_the_base_of_a_stage_is_its_tasks():
    assert parse_chain("sst~sts@20=frozen^3")[0].base == "sst~sts"


def test_the_seed_of_a_chain_stands_at_its_end():
    assert [chain_seed(name) for name in ("none", "a+b", "a+b^0", "a=x^12")] == [None, None, 0, 12]
    assert seeded("a+b", 4) == "a+b^4"
    assert seeded("a+b^3", 4) == "a+b^4"
    assert unseeded("a+b^3") == "a+b"
    assert seeded("none", 4) == unseeded("none") == "none"


def test_the_tasks_of_a_chain_are_named_once():
    assert chain_tasks("mnli~rte=x+rte+squad@5^7") == ("mnli", "rte", "squad")
    assert chain_tasks("none") == ()


def test_a_chain_grows_out_of_its_prefixes_shortest_first():
    assert prefixes("mnli~rte+squad@10+rte") == [
        "mnli~rte",
        "mnli~rte+squad@10",
        "mnli~rte+squad@10+rte",
    ]
    assert prefixes("a=x+b^7") == ["a=x^7", "a=x+b^7"]
    assert prefixes("none") == []


@pytest.mark.parametrize(
    ("chain", "parent"),
    [("rte", "none"), ("mnli+squad", "mnli"), ("a+b@2+c", "a+b@2"), ("a+b^7", "a^7")]
    + [("a^7", "none"), ("a=x+b=y", "a=x")],
)
def test_a_stage_starts_from_the_chain_before_it(chain, parent):
    assert parent_chain(chain) == parent


@pytest.mark.parametrize(
    "text",
    ["", "+", "rte+", "+rte", "rte~", "RTE", "hella swag", "../rte", "a/b", "rte@", "rte@x"]
    + ["rte@2@3", "rte@-1", "rte@²", "rte@0", "rte@02000", "@2000", ".rte", "rte\n", "rte="]
    + ["=x", "rte=x@5", "rte=x=y", "rte=X", "rte^", "rte^x", "rte^07", "rte^-1", "rte^1^2"]
    + ["rte^1+wic", "^1", "rte=^1", "rte^1\n"],
)
def test_a_malformed_chain_is_refused_in_one_line(text):
    with pytest.raises(UserError) as caught:
        parse_chain(text)
    message = str(caught.value)
    assert "\n" not in message
    assert "malformed" in message and "task@2000" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [("none^7", "'none' has no stages to seed"), ("rte~rte", "'rte~rte' names a task twice")],
)
def test_a_chain_without_sense_is_refused(text, said):
    with pytest.raises(UserError, match=said):
        parse_chain(text)
