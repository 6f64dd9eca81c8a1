import re
import tomllib

import pytest
import yaml

from stilts.files.fingerprint import ROOT
from tests.house.imports import modules, reached, rules, third_party

PIN = re.compile(r"([A-Za-z0-9][\w.-]*)==([\w.]+)")

# Commands of the Makefile and libraries that others load, not modules that we import.
CALLED = {"snakemake", "accelerate", "pytest-xdist", "ruff", "snakefmt"}
# Modules that a script finds by a name in the study or the catalogue.
NAMED_IN_DATA = {
    "make_table": "stilts.evidence.tables.",
    "draw_figure": "stilts.evidence.figures.",
    "write_report": "stilts.evidence.charts.",
    "estimate_transfers": "stilts.evidence.estimators.",
    "make_task": "stilts.tasks.miniature.themes.",
    "derive_task": "stilts.tasks.generators.",
}


def pins(text):
    found = [PIN.fullmatch(line.split("#")[0].strip()) for line in text.splitlines()]
    return {match[1]: match[2] for match in found if match}


@pytest.fixture
def lock():
    return pins((ROOT / "requirements.lock").read_text())


@pytest.fixture
def direct():
    return pins((ROOT / "requirements.txt").read_text())


@pytest.mark.parametrize("name", ["requirements.txt", "requirements.lock"])
def test_every_line_is_an_exact_pin_without_a_build_or_an_index(name):
    lines = (ROOT / name).read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert len(pins("\n".join(wanted))) == len(wanted)


def test_the_lock_holds_every_direct_pin(lock, direct):
    assert direct.items() <= lock.items()
    assert len(lock) > 2 * len(direct)


def test_each_direct_pin_says_what_it_is_for(direct):
    reasons = re.findall(r"==\S+\s+# .", (ROOT / "requirements.txt").read_text())
    assert len(reasons) == len(direct)


def test_pyproject_depends_on_the_direct_pins(direct):
    content = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named = content["project"]["dependencies"] + content["dependency-groups"]["dev"]
    assert pins("\n".join(named)) == direct


@pytest.mark.parametrize("path", sorted(ROOT.glob("envs/*.yaml")), ids=lambda path: path.stem)
def test_a_conda_environment_has_the_pins_of_the_lock(path, lock):
    packages = yaml.safe_load(path.read_text())["dependencies"]
    python = next(item for item in packages if isinstance(item, str) and item.startswith("python="))
    content = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert content["project"]["requires-python"] == f">={python.removeprefix('python=')}"
    named = next(item["pip"] for item in packages if isinstance(item, dict))
    assert named and pins("\n".join(named)).items() <= lock.items()
    assert len(pins("\n".join(named))) == len(named)


def test_what_the_project_imports_is_pinned_directly_and_nothing_else_is(direct):
    files = [*modules().values(), *ROOT.glob("workflow/scripts/*.py"), *ROOT.glob("tests/**/*.py")]
    files += ROOT.glob("benchmarks/*.py")
    needed = set().union(*(third_party(path.read_text()) for path in files))
    assert needed | CALLED == set(direct) | CALLED


@pytest.mark.parametrize(("environment", "script"), sorted({rule[1:] for rule in rules()}))
def test_a_rules_environment_has_what_its_script_reaches(environment, script):
    named = [name for name in modules() if name.startswith(NAMED_IN_DATA.get(script, "none"))]
    source = (ROOT / f"workflow/scripts/{script}.py").read_text()
    source += "".join(f"import {name}\n" for name in named)
    sources = [source, *(modules()[name].read_text() for name in reached(source))]
    packages = yaml.safe_load((ROOT / f"envs/{environment}.yaml").read_text())["dependencies"]
    there = pins("\n".join(next(item["pip"] for item in packages if isinstance(item, dict))))
    assert set().union(*map(third_party, sources)) <= set(there)


def test_the_environment_that_runs_these_tests_is_the_locked_one(lock):
    from importlib.metadata import version

    differ = {name: version(name) for name in lock if version(name).split("+")[0] != lock[name]}
    assert differ == {}


def test_the_container_holds_the_lock_and_the_python_of_the_conda_environments():
    recipe = (ROOT / "envs/apptainer.def").read_text()
    assert "requirements.lock /opt/requirements.lock" in recipe
    assert "--requirement /opt/requirements.lock" in recipe
    python = re.search(r"^From: python:([\d.]+)-slim", recipe, re.MULTILINE)[1]
    for path in ROOT.glob("envs/*.yaml"):
        assert f"python={python}" in yaml.safe_load(path.read_text())["dependencies"]


def test_the_container_that_is_built_is_the_one_that_jobs_run_in():
    image = re.search(r'^container: "(.+)"$', (ROOT / "Snakefile").read_text(), re.MULTILINE)[1]
    assert (
        f"apptainer build {image} envs/apptainer.def" in (ROOT / "envs/apptainer.def").read_text()
    )
    assert f"/{image.split('/')[0]}/*.sif" in (ROOT / ".gitignore").read_text().split()
