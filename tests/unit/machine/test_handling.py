import yaml

from stilts.files.fingerprint import ROOT
from stilts.machine.handling import Handling


def test_the_readers_choices_are_those_of_the_config():
    config = {"device": "cuda", "trials_per_gpu": 4, "snapshot_minutes": 3, "cuda_graphs": "never"}
    wanted = Handling(threads=2, device="cuda", trials_per_gpu=4, minutes=3, graphs=False)
    assert Handling.read(config, 2) == wanted


def test_the_config_of_the_project_is_read():
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    assert Handling.read(config, 1).graphs is True
