"""What a record says of an artefact is compared with what is asked for now."""

import json

import pytest

from stilts.files.asked import Wanted, asked_of, told, with_asked
from stilts.files.manifest import write_manifest

DATA = {"splits": {"train": {"sha256": "t"}, "validation": {"sha256": "v"}}}
DIGESTS = {"checkpoint": "c", "train": "t", "validation": "v", "code": "x", "predictions": "p"}


class Params(dict):
    """What a script has of its rule."""

    __getattr__ = dict.__getitem__


@pytest.fixture
def wanted(tmp_path):
    write_manifest(tmp_path / "model", {"sha256": "c"})
    write_manifest(tmp_path / "rte", DATA)
    return Wanted("a" * 16, str(tmp_path / "model"), (str(tmp_path / "rte"),))


@pytest.fixture
def reason(wanted, tmp_path):
    def reason(wanted=wanted, asked="a" * 16, **digests):
        file = tmp_path / "run.json"
        file.write_text(json.dumps({"asked": asked, "digests": {**DIGESTS, **digests}}))
        return wanted.reason_against(file)

    return reason


def test_a_record_made_for_the_question_from_its_parents_is_what_is_asked(reason):
    assert reason() is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"asked": "b" * 16}, "it was made for another question, or by other code"),
        ({"asked": None}, "it was made for another question"),
        ({"checkpoint": "d"}, "it was made from another checkpoint than .*model"),
        ({"train": "u"}, "it was made from other data than those of .*rte"),
        ({"validation": "u"}, "it was made from other data than those of .*rte"),
        ({"test": "u"}, "it is not a whole record"),
    ],
)
def test_a_record_of_anything_else_is_not(reason, change, said):
    with pytest.raises(AssertionError, match=said):
        assert reason(**change) is None, reason(**change)


def test_a_stage_of_several_tasks_is_compared_with_the_data_of_each(wanted, tmp_path):
    write_manifest(tmp_path / "cola", {"splits": {"train": {"sha256": "other"}}})
    two = wanted._replace(data=(*wanted.data, str(tmp_path / "cola")))
    file = tmp_path / "manifest.json"
    digests = {"checkpoint": "c", "rte/train": "t", "cola/train": "other"}
    file.write_text(json.dumps({"asked": two.asked, "digests": digests}))
    assert two.is_met(file)
    write_manifest(tmp_path / "cola", {"splits": {"train": {"sha256": "changed since"}}})
    assert "cola" in two.reason_against(file)


def test_half_a_record_and_none_are_not_met(wanted, tmp_path):
    file = tmp_path / "run.json"
    assert not wanted.is_met(file)
    file.write_text('{"asked": ')
    assert wanted.reason_against(file) == "it is not a whole record"


def test_what_stands_on_a_parent_that_is_gone_is_not_judged(reason, tmp_path):
    (tmp_path / "rte" / "manifest.json").unlink()
    assert reason() is None


@pytest.mark.parametrize("change", [{"spec": {"lr": 2}}, {"code": "y"}, {"content": {"a": "1"}}])
def test_every_param_that_changes_an_artefact_counts(change):
    params = {"spec": {"lr": 1}, "code": "x", "content": {}}
    assert asked_of(params) != asked_of({**params, **change})
    assert asked_of(params) == asked_of({**params, "inputs": ["anything"]})


def test_a_job_is_told_what_it_was_asked_for():
    params = Params(spec={"lr": 1}, code="x")
    spec = with_asked(params)
    assert spec == {"lr": 1, "asked": asked_of(params)}
    assert told(spec) == {"asked": asked_of(params)} and told({"lr": 1}) == {}
