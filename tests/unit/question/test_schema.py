import pytest
import yaml
from jsonschema import Draft202012Validator

from stilts.errors import UserError
from stilts.files.fingerprint import ROOT
from stilts.question.config import SCHEMA
from stilts.question.recipe import FIELDS, check
from stilts.question.schema import COMMAND, DOCS, definition, table, write


def test_the_schema_of_the_config_has_every_setting():
    found = yaml.safe_load((ROOT / SCHEMA).read_text())["$defs"]["recipe"]
    assert found == definition(), f"type {COMMAND}"


def test_the_page_of_settings_has_every_setting():
    assert table() in (ROOT / DOCS).read_text(), f"type {COMMAND}"


def test_both_can_be_written_anew(tmp_path):
    for file in (SCHEMA, DOCS):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / file).read_text()
        (tmp_path / file).write_text(text.replace("warmup", "cooldown"))
    write(tmp_path)
    for file in (SCHEMA, DOCS):
        assert (tmp_path / file).read_text() == (ROOT / file).read_text()


VALUES = [
    1,
    0,
    -1,
    2.5,
    1e-5,
    None,
    True,
    "last",
    "encoder",
    "best:a.b",
    "x y",
    [],
    ["a"],
    [0.9, 0],
]


@pytest.mark.parametrize("name", FIELDS)
def test_editors_and_the_project_refuse_the_same_values(name):
    validator = Draft202012Validator({"$defs": {"recipe": definition()}, **definition()})
    for value in VALUES:
        try:
            check(name, value, "here")
        except UserError:
            refused = True
        else:
            refused = False
        assert validator.is_valid({name: value}) != refused, value


def test_editors_mark_a_setting_that_is_not_there():
    validator = Draft202012Validator({"$defs": {"recipe": definition()}, **definition()})
    assert not validator.is_valid({"epoch": 1})
    assert validator.is_valid({"tasks": {"rte": {"head": "cosine"}}})
