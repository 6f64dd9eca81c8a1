import pytest

from stilts.errors import UserError
from stilts.question.ask import ask
from tests.toys.studies import write_study


@pytest.fixture
def question(own_root, config):
    """Ask a small study of the test's own; `config` replaces keys of the config."""

    def build(config_changes=None, **changes):
        name = write_study(own_root, **changes)
        return ask({**config, "studies": [name], **(config_changes or {})}, own_root)

    return build


@pytest.fixture
def plan(question):
    return lambda *args, **changes: question(*args, **changes).plans["mine"]


@pytest.fixture
def refused(question):
    """Return the one line that refuses a small study."""

    def message(*args, **changes):
        with pytest.raises(UserError) as caught:
            question(*args, **changes)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return message
