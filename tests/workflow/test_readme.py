import re
import shlex
from pathlib import Path

import pytest

from stilts.commands.skeleton import skeleton

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README.read_text(), re.DOTALL)
COMMANDS = [
    line.split("  #")[0].strip()
    for language, block in BLOCKS
    if language == "bash"
    for line in block.splitlines()
    if line.startswith("snakemake")
]
FILES = {
    block.splitlines()[0].removeprefix("# "): block
    for language, block in BLOCKS
    if language == "yaml" and block.startswith("# ")
}


# The names of the studies that `make study` writes for a reader.
STUDIES = re.findall(r"^make study NAME=(\w+)", README.read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def reader(source, tmp_path_factory):
    """A fresh project of a reader who has copied the README's files and written its studies."""
    project = source.copy_to(tmp_path_factory.mktemp("readme") / "project")
    for name, text in FILES.items():
        (project.folder / name).write_text(text)
    for name in STUDIES:
        (project.folder / f"{name}.yaml").write_text(skeleton(name)[0])
    return project


def test_the_readme_shows_commands_and_files():
    assert len(COMMANDS) >= 8
    assert set(FILES) == {"mine.yaml", "cb.yaml"}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_can_be_planned(reader, command):
    outcome = reader.snakemake("--dry-run", *shlex.split(command)[1:])
    assert outcome.code == 0, outcome.text


def test_the_make_goals_of_the_readme_exist():
    makefile = (README.parent / "Makefile").read_text()
    goals = re.findall(r"^make (\w+)", README.read_text(), re.MULTILINE)
    assert goals
    assert all(re.search(rf"^{goal}:", makefile, re.MULTILINE) for goal in goals)


def test_every_name_in_the_readme_s_tree_is_there():
    tree = next(block for language, block in BLOCKS if not language and "Snakefile" in block)
    root = README.parent
    for name in re.findall(r"^([\w./]+?)/?(?: |$)", tree, re.MULTILINE):
        assert (root / name).exists(), name
    modules = re.findall(r"^  ([a-z_/ ]+?)  ", tree, re.MULTILINE)
    for name in " ".join(modules).split():
        path = root / "stilts" / name
        assert path.with_suffix(".py").is_file() or path.is_dir(), name
