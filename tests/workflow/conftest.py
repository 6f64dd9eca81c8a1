import pytest

from tests.workflow.project import copy_source


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    """The project as a clone of it would be; for reading."""
    return copy_source(tmp_path_factory.mktemp("source") / "project")


@pytest.fixture(scope="session")
def finished(source, tmp_path_factory):
    """The tests' question, answered once; for reading."""
    project = source.copy_to(tmp_path_factory.mktemp("finished") / "project")
    outcome = project.ask()
    assert outcome.code == 0, outcome.text
    (project.folder.parent / "output.txt").write_text(outcome.text)
    return project


@pytest.fixture
def project(finished, tmp_path):
    """A copy of the finished project to change."""
    return finished.copy_to(tmp_path / "project")


@pytest.fixture
def fresh(source, tmp_path):
    """A copy of the project in which nothing is built."""
    return source.copy_to(tmp_path / "project")
