import os
import subprocess

import pytest

from stilts.errors import UserError
from stilts.files.fingerprint import ROOT
from stilts.machine.environment import demand_values, settle


def test_the_code_of_this_folder_comes_first_for_every_child(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["/other/clone", str(ROOT), "/more"]))
    settle(ROOT)
    paths = os.environ["PYTHONPATH"].split(os.pathsep)
    assert paths == [str(ROOT), "/other/clone", "/more"]


def test_what_a_notebook_leaves_behind_is_taken_away(monkeypatch):
    for name in ("MPLBACKEND", "PYTHONSAFEPATH", "PYTHONPATH"):
        monkeypatch.setenv(name, "module://other")
    settle(ROOT)
    assert not {"MPLBACKEND", "PYTHONSAFEPATH"} & os.environ.keys()


def test_code_of_another_clone_is_refused(tmp_path):
    with pytest.raises(UserError, match=f"the code that is loaded is that of {ROOT}, and not of"):
        settle(tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [["--config", "mirror="], ["--cores", "2", "-C", "scale=smoke", "only="], ["--config", "a=''"]],
)
def test_a_key_without_a_value_is_refused(arguments):
    with pytest.raises(UserError, match=r"config key '\w+' is given no value"):
        demand_values(arguments)


@pytest.mark.parametrize(
    "arguments",
    [["--config", "mirror=null"], ["--config", "only={a: b}"], ["a="], ["--config", "a=b="]],
)
def test_a_key_with_a_value_is_none_of_its_business(arguments):
    demand_values(arguments)


def test_a_python_that_no_job_can_call_is_refused(monkeypatch):
    monkeypatch.setattr("sys.executable", "/my project/.venv/bin/python")
    with pytest.raises(UserError, match="'/my project/.venv/bin/python'.* a path with a space"):
        settle(ROOT)


def test_make_refuses_a_folder_with_a_space_before_it_installs_anything(tmp_path):
    folder = tmp_path / "my project"
    folder.mkdir()
    for name in ("Makefile", "requirements.lock"):
        (folder / name).write_bytes((ROOT / name).read_bytes())
    done = subprocess.run(["make"], cwd=folder, capture_output=True, text=True)
    assert done.returncode != 0 and "has a space in it" in done.stderr, done.stderr
    assert not (folder / ".venv").exists()
