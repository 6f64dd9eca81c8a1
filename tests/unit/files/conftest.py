import pytest


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder in which no workflow is at work, whatever goes on in the project's."""
    monkeypatch.chdir(tmp_path)
