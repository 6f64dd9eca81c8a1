import pytest

from tests.slurm.cluster import Cluster, lacking
from tests.slurm.workflow import QUESTION, TRIALS, Run, results, trials
from tests.workflow.project import copy_source


@pytest.fixture(scope="session")
def running_cluster(tmp_path_factory):
    """A SLURM of the tests' own; it ends with the tests, however they end."""
    reason = lacking()
    if reason:
        pytest.skip(reason)
    cluster = Cluster(tmp_path_factory.mktemp("slurm") / "cluster")
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def cluster(running_cluster):
    """The cluster with all its nodes and no jobs."""
    try:
        yield running_cluster
    finally:
        running_cluster.empty()


@pytest.fixture(scope="session")
def prepared(running_cluster, tmp_path_factory):
    """A project with data and checkpoints, made on this machine; for reading."""
    project = copy_source(tmp_path_factory.mktemp("prepared") / "project")
    outcome = project.snakemake("data", "checkpoints", **QUESTION)
    assert outcome.code == 0, outcome.text
    return project


@pytest.fixture(scope="session")
def undisturbed(prepared, tmp_path_factory):
    """The results of the same question on this machine, without SLURM."""
    project = prepared.copy_to(tmp_path_factory.mktemp("undisturbed") / "project")
    outcome = project.snakemake("tables", **QUESTION)
    assert outcome.code == 0, outcome.text
    assert trials(project) == TRIALS
    return results(project)


@pytest.fixture
def project(prepared, tmp_path):
    """A copy of the prepared project to run on the cluster."""
    return prepared.copy_to(tmp_path / "project")


@pytest.fixture
def start(project, cluster):
    """Start a `snakemake --profile slurm` in the project; it does not outlive the test."""
    begun = []

    def begin(*words, **config):
        begun.append(Run(project, cluster, *words, **config))
        return begun[-1]

    yield begin
    for run in begun:
        run.process.kill()
        run.process.wait()


@pytest.fixture
def same(project, undisturbed):
    """Compares what the project has come to with the undisturbed run."""

    def compare():
        found = results(project)
        assert trials(project) == TRIALS
        assert {path: undisturbed[path] for path in found} == found
        assert project.litter() == []
        return True

    return compare
