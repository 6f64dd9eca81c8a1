import pytest

from stilts.question.ask import ask
from stilts.question.config import read_scalars


def test_settings_that_a_command_line_gives_as_text_become_numbers():
    typed = {
        "limits": {"train": "64"},
        "settings": {"all": {"lr": "1e-5", "betas": ["0.9", "0.98"], "micro_batch": "null"}},
        "models": {"tiny": {"pretrain": {"config": {"hidden_size": "16", "tie": "true"}}}},
        "tasks": {"mine": {"max_tokens": "40", "sizes": {"train": "8"}}},
    }
    assert read_scalars(typed) == {
        "limits": {"train": 64},
        "settings": {"all": {"lr": 1e-5, "betas": [0.9, 0.98], "micro_batch": None}},
        "models": {"tiny": {"pretrain": {"config": {"hidden_size": 16, "tie": True}}}},
        "tasks": {"mine": {"max_tokens": 40, "sizes": {"train": 8}}},
    }


def test_words_and_what_is_no_finite_number_stay_text():
    settings = {"all": {"select": "best", "schedule": "nan", "optimizer": "inf"}}
    assert read_scalars({"settings": settings}) == {"settings": settings}


def test_names_that_look_like_numbers_stay_names():
    config = {
        "tasks": {"mine": {"labels": ["1", "2"], "options": "3"}},
        "models": {"tiny": {"hub": "org/tiny", "revision": "1234567"}},
        "only": {"targets": ["8"]},
    }
    assert read_scalars(config) == config


def test_blocks_that_are_not_blocks_are_left_for_the_schema():
    config = {"limits": "lots", "models": {"tiny": "hub"}, "only": ["rte"], "tasks": None}
    assert read_scalars(config) == config


@pytest.mark.parametrize("value", ["null", None])
def test_no_mirror_can_be_asked_for_on_the_command_line(config, value):
    question = ask({**config, "scale": "paper", "mirror": value})
    assert question.task_spec("rte")["mirror"] is None


def test_a_limit_given_as_text_limits_a_task(config):
    question = ask({**config, "limits": {"train": "64"}})
    assert question.task_spec("rte")["limits"] == {"train": 64, "validation": None}
