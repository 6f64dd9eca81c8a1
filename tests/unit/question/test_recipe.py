import re

import pytest

from stilts.errors import UserError
from stilts.question.forms import described
from stilts.question.recipe import FIELDS, NEEDED, SHORT, TRAINING, check, complete


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("epochs", 3, 3),
        ("epochs", 3.0, 3),
        ("epochs", "3", 3),
        ("lr", "1e-5", 1e-5),
        ("lr", 1, 1),
        ("warmup", 0, 0),
        ("warmup", 1.0, 1.0),
        ("betas", [0.9, "0.98"], [0.9, 0.98]),
        ("clip", None, None),
        ("clip", 2, 2),
        ("micro_batch", None, None),
        ("select", "last", "last"),
        ("select", "best:sst-5.accuracy", "best:sst-5.accuracy"),
        ("select", "best:commonsense-qa-1.11.exact_match", "best:commonsense-qa-1.11.exact_match"),
        ("freeze", None, None),
        ("freeze", "encoder", "encoder"),
        ("head", "cosine", "cosine"),
        ("optimizer", "adamw_uncorrected", "adamw_uncorrected"),
        ("watch", [], []),
        ("scored", ["validation", "test"], ["validation", "test"]),
    ],
)
def test_a_value_that_fits_is_returned_numbers_as_numbers(name, value, read):
    found = check(name, value, "here")
    assert (found, type(found)) == (read, type(read))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("epochs", "lots", "'lots' is not a whole number from 1"),
        ("epochs", 2.5, "2.5 is not a whole number from 1"),
        ("epochs", 0, "0 is not a whole number from 1"),
        ("epochs", True, "True is not a whole number"),
        ("batch", None, "None is not a whole number"),
        ("lr", 0, "0 is not a number above 0"),
        ("lr", "fast", "'fast' is not a number above 0"),
        ("lr", float("nan"), "nan is not a number above 0"),
        ("lr", "inf", "'inf' is not a number above 0"),
        ("warmup", 100, "100 is not a number from 0 to 1"),
        ("dropout", 1, "1 is not null or a number from 0 below 1"),
        ("clip", -1, "-1 is not null or a number above 0"),
        ("betas", [0.9], "[0.9] is not a list of 2 items, each a number from 0 below 1"),
        ("betas", 0.9, "0.9 is not a list of 2 items"),
        ("betas", [0.9, 1.5], "[0.9, 1.5] is not a list of 2 items"),
        ("clip_each", "epoch", "'epoch' is not one of step, micro_batch"),
        ("freeze", "none", "'none' is not one of null, encoder"),
        ("select", "best", "'best' is not last or best:<task>.<metric>"),
        ("select", "best:rte", "'best:rte' is not last or"),
        ("select", "last\n", "is not last or"),
        ("head", "none", "'none' is not null or a name"),
        ("head", "../x", "'../x' is not null or a name"),
        ("scored", [], "[] is not a list of items"),
        ("watch", "rte", "'rte' is not a list of items, each a name"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_what_would(name, value, said):
    with pytest.raises(UserError) as caught:
        check(name, value, "here")
    assert str(caught.value).startswith("here: ") and said in str(caught.value)


def test_a_complete_recipe_has_every_setting_that_has_a_default():
    needed = {"epochs", "batch", "max_tokens", "lr", "seed"}
    assert set(complete({})) == {field.name for field in TRAINING} - needed
    assert complete({"clip": None, "lr": 1.0})["clip"] is None
    assert complete({"own": 1})["own"] == 1


def test_defaults_are_those_of_adamw_with_linear_decay_and_clipping():
    found = complete({})
    assert (found["betas"], found["eps"], found["weight_decay"]) == ([0.9, 0.999], 1e-8, 0)
    assert (found["clip"], found["clip_each"], found["clip_over"]) == (1.0, "step", "all")
    assert (found["optimizer"], found["schedule"], found["select"]) == ("adamw", "linear", "last")


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_every_default_fits_and_every_form_can_be_said(field):
    if field.default is not NEEDED:
        assert check(field.name, field.default, "here") == field.default
    assert described(field.form) and field.meaning


def test_short_names_are_letters_and_each_means_one_setting():
    assert len(SHORT) == len(TRAINING)
    assert all(re.fullmatch("[a-z]+", short) for short in SHORT)
    names = {field.name: field.short for field in TRAINING}
    known = {"lr": "lr", "batch": "bs", "warmup": "wu", "seed": "s", "epochs": "ep"}
    assert known.items() <= names.items()
