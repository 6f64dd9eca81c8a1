import pytest

from tests.toys.tiny_models import STILL, checkpoint


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The checkpoint of a family without dropout, made once a module."""
    made = {}

    def of(family):
        if family not in made:
            made[family] = checkpoint(tmp_path_factory.mktemp(family), family, **STILL)
        return made[family]

    return of
