"""The commands of docs/on_your_cluster.md, as far as they run without a cluster."""

import re
import shlex

import pytest
import yaml

from stilts.files.fingerprint import ROOT

PAGE = (ROOT / "docs/on_your_cluster.md").read_text()
PROFILE = ROOT / "slurm/config.yaml"
BLOCKS = re.findall(r"^ *```(\w*)\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)
LINES = [
    line.split("  #")[0].strip()
    for language, block in BLOCKS
    if language == "bash"
    for line in block.splitlines()
]
COMMANDS = [line for line in LINES if line.startswith("snakemake ")]
ASKED = [line for line in COMMANDS if "--conda" not in line and "--unlock" not in line]


def test_the_page_leads_from_the_clone_to_the_figures():
    assert LINES[0].startswith("git clone")
    targets = ["data", "plan", "status", "figures", "prune", "prune_delete"]
    assert [word for word in targets if not any(word in shlex.split(c) for c in COMMANDS)] == []
    assert any("snakemake --cores all --profile slurm --config scale=paper" == c for c in COMMANDS)


@pytest.mark.parametrize("command", ASKED)
def test_a_command_of_the_page_can_be_planned(source, command):
    words = shlex.split(command.replace("--profile slurm ", ""))[1:]
    outcome = source.snakemake("--dry-run", *words)
    assert outcome.code == 0, outcome.text


def test_the_make_goals_of_the_page_exist():
    makefile = (ROOT / "Makefile").read_text()
    goals = {line.split()[1] for line in LINES if line.startswith("make ")}
    assert goals == {"environment"}
    assert re.search(r"^environment:", makefile, re.MULTILINE)


def test_every_file_that_the_page_names_is_there():
    named = set(re.findall(r"`((?:envs|docs|slurm)/[\w./*-]+)`", PAGE))
    assert named
    assert [name for name in named if not list(ROOT.glob(name))] == []


def test_every_config_key_of_the_page_is_one():
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    named = {word.split("=")[0] for c in COMMANDS for word in shlex.split(c) if "=" in word}
    named = {name for name in named if not name.startswith("-")}
    assert named | {"trials_per_job", "snapshot_minutes", "settings"} <= config.keys()


def test_the_keys_to_edit_stand_in_the_profile():
    (shown,) = [yaml.safe_load(block) for language, block in BLOCKS if language == "yaml"]
    profile = yaml.safe_load(PROFILE.read_text())
    assert shown["default-resources"].items() <= profile["default-resources"].items()
    asked = {"runtime", "mem_mb", "cpus_per_task"}
    assert asked <= profile["default-resources"].keys()
    assert {"retries", "jobs"} <= profile.keys()


def test_the_page_shows_the_columns_that_status_prints():
    (shown,) = [block for language, block in BLOCKS if language == "text"]
    assert re.search(r"^ +done +running +waiting +failed +left$", shown, re.MULTILINE)


def test_the_readme_leads_to_the_page():
    assert "](docs/on_your_cluster.md)" in (ROOT / "README.md").read_text()
