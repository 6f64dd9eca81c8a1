import sys

import pytest

from stilts.errors import UserError
from stilts.files.plugins import load, names


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of plug-ins, one of which cannot be imported."""
    folder = tmp_path / "toy_plugins"
    (folder / "inner").mkdir(parents=True)
    for name in ("__init__", "inner/__init__"):
        (folder / f"{name}.py").touch()
    (folder / "one.py").write_text("VALUE = 1\n")
    (folder / "broken.py").write_text("raise RuntimeError('loaded')\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "toy_plugins"
    for name in [name for name in sys.modules if name.startswith("toy_plugins")]:
        del sys.modules[name]


def test_plugins_are_the_files_of_a_package_and_none_is_loaded_to_be_named(package):
    assert names(package) == ["broken", "one"]
    assert "toy_plugins.one" not in sys.modules


def test_a_plugin_is_loaded_when_it_is_named(package):
    assert load(package, "one", "toy", "here").VALUE == 1


def test_a_new_file_is_a_new_plugin(package, tmp_path):
    (tmp_path / "toy_plugins/two.py").write_text("VALUE = 2\n")
    assert load(package, "two", "toy", "here").VALUE == 2


@pytest.mark.parametrize("name", ["three", "../one", "inner", "one.py", ""])
def test_what_is_no_plugin_is_refused_in_one_line_with_those_there_are(package, name):
    with pytest.raises(UserError) as caught:
        load(package, name, "toy", "study.yaml")
    assert str(caught.value) == f"study.yaml: unknown toy '{name}'; allowed: broken, one"
