import os

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
