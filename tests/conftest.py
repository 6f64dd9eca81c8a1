import os
import shutil
import signal

import pytest
import yaml

from stilts.files.fingerprint import ROOT

# Before torch is imported: the models of tests are so small that more threads only wait for each
# other, the more so on a machine that has other work.
os.environ.setdefault("OMP_NUM_THREADS", "1")

SCALES = sorted(path.stem for path in (ROOT / "scales").glob("*.yaml"))


def copy_questions(folder):
    """Copy what a question is read from: no code, no results, no restricted data."""
    for part in ("catalogue", "scales", "studies", "workflow/schemas"):
        shutil.copytree(ROOT / part, folder / part)
    return folder


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    return copy_questions(tmp_path_factory.mktemp("project"))


@pytest.fixture
def own_root(tmp_path):
    return copy_questions(tmp_path)


@pytest.fixture
def config():
    """`config.yaml`, of one study alone: what tests count is not to grow with the others."""
    return yaml.safe_load((ROOT / "config.yaml").read_text()) | {"studies": ["rethinking"]}


@pytest.fixture(params=SCALES)
def scale(request):
    return request.param


@pytest.fixture
def stop(monkeypatch):
    """Send this process a signal at the n-th call of a function of the training loop."""

    def at(function, calls, number=signal.SIGTERM, place=None):
        import stilts.training.loop  # torch: not for every test

        module = place or stilts.training.loop
        original, count = getattr(module, function), 0

        def interrupted(*arguments, **options):
            nonlocal count
            count += 1
            if count == calls:
                signal.raise_signal(number)
            return original(*arguments, **options)

        monkeypatch.setattr(module, function, interrupted)

    return at
