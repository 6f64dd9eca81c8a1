import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter

import pytest

from stilts.files.fingerprint import ROOT
from stilts.machine.snakemake import PROVEN
from tests.house.imports import first_party, imported, modules, rules, third_party

# From low to high, and what each room may import from, besides `errors` and itself. Evidence and
# training do not know each other.
ROOMS = {
    "errors": "",
    "files": "",
    "machine": "files",
    "tasks": "files",
    "question": "files tasks",
    "models": "files tasks",
    "training": "files machine tasks question models",
    "evidence": "files tasks question",
    "jobs": "files machine tasks question models training",
    "commands": "files machine tasks question evidence jobs",
}
LIGHT = {"errors", "files", "machine", "question"}
CORE = [
    name
    for name in modules()
    if name.split(".")[1] in LIGHT and name != "stilts.files.sealed"  # its files are torch's
]
HEAVY = {"torch", "transformers", "datasets", "evaluate", "pandas", "matplotlib", "seaborn"}


def room(module):
    return module.split(".")[1]


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_from_its_own_room_or_from_those_it_may_know(module):
    allowed = {room(module), "errors", *ROOMS[room(module)].split()}
    names = first_party(modules()[module].read_text())
    assert [name for name in names if room(name) not in allowed] == []


def test_rooms_know_lower_rooms_only():
    order = list(ROOMS)
    for name, known in ROOMS.items():
        assert all(order.index(lower) < order.index(name) for lower in known.split())


def test_the_rooms_are_the_folders():
    assert {path.stem for path in ROOT.glob("stilts/[!_]*")} == set(ROOMS)


def test_no_modules_import_each_other():
    graph = {name: first_party(path.read_text()) for name, path in modules().items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)


@pytest.mark.parametrize("name", CORE)
def test_the_core_imports_nothing_heavy_when_it_is_loaded(name):
    source = modules()[name].read_text()
    assert third_party(source, inside_functions=False) & HEAVY == set()


def loads(names):
    """Which heavy libraries a fresh interpreter has loaded after importing the modules."""
    program = f"import sys, {', '.join(names)}\nprint(*({HEAVY!r} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return result.stdout.split()


def test_parsing_the_workflow_loads_nothing_heavy():
    files = [ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]
    names = {
        name
        for path in files
        for name in re.findall(r"^(?:from|import) (stilts[.\w]*)", path.read_text(), re.M)
    }
    assert {"stilts.question.paths", "stilts.question.ask", "stilts.files.fingerprint"} <= names
    assert loads(names) == []


def test_the_core_loads_nothing_heavy():
    assert loads(CORE) == []


# Files


@pytest.mark.parametrize("module", modules())
def test_a_module_is_short_and_named_by_its_subject(module):
    assert len(modules()[module].read_text().splitlines()) <= 300
    assert not {"utils", "util", "helpers", "common", "misc"} & set(module.strip("_").split("."))


SIGNS = sorted(ROOT.glob("stilts/**/__init__.py"))


@pytest.mark.parametrize("path", SIGNS, ids=lambda path: path.parent.name)
def test_a_folder_opens_with_one_sentence_and_nothing_else(path):
    (statement,) = ast.parse(path.read_text()).body
    assert isinstance(statement.value, ast.Constant), "a docstring"
    assert re.fullmatch(r"[A-Z].*\.", statement.value.value)


def test_the_readme_shows_the_rooms_with_their_sentences():
    readme = (ROOT / "README.md").read_text()
    for name in list(ROOMS)[1:]:
        sign = ast.literal_eval((ROOT / f"stilts/{name}/__init__.py").read_text())
        assert re.search(rf"^  {name}/ +{re.escape(sign)}$", readme, re.M), f"{name}: {sign}"


def test_the_library_shows_at_most_eleven_names():
    assert len([path for path in ROOT.glob("stilts/*") if path.name != "__pycache__"]) <= 11


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("workflow/scripts/*")), ids=lambda path: path.name
)
def test_a_script_is_short_and_has_no_logic_of_its_own(path):
    source = path.read_text()
    assert path.suffix == ".py"
    assert len(source.splitlines()) <= 25
    assert not re.search(r"^\s*(class|while|for|if) ", source, re.M)


@pytest.mark.parametrize(("rule", "environment", "script"), rules())
def test_a_rule_and_its_script_share_one_name(rule, environment, script):
    assert rule in (script, ""), "only rules that are made in a loop have no name"
    assert (ROOT / f"workflow/scripts/{script}.py").is_file()
    assert (ROOT / f"envs/{environment}.yaml").is_file()
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+|plan|preview|status|prune|advise", script), (
        "name a step verb_noun"
    )


def test_every_script_belongs_to_a_rule():
    names = {path.stem for path in ROOT.glob("workflow/scripts/*.py")}
    assert names == {script for _, _, script in rules()}


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("workflow/rules/*.smk")), ids=lambda path: path.stem
)
def test_a_file_of_rules_opens_with_its_contract(path):
    contract = path.read_text().split('"""')[1]
    assert contract.index("REQUIRED INPUTS:\n") < contract.index("OUTPUTS:\n")


# Snakemake


@pytest.mark.parametrize("name", [name for name in modules() if ".machine." not in name])
def test_only_the_machine_room_knows_snakemake(name):
    assert "snakemake" not in {top.split(".")[0] for top in imported(modules()[name].read_text())}


@pytest.mark.parametrize(
    "path", [ROOT / "Snakefile", *sorted((ROOT / "workflow/rules").glob("*.smk"))], ids=str
)
def test_rules_use_what_snakemake_documents_and_leave_the_rest_to_the_machine_room(path):
    text = path.read_text()
    assert not re.search(r"\bworkflow\.\w", re.sub(r'"[^"\n]*"', "", text))
    imports = re.findall(r"^(?:from|import) (snakemake[.\w]*)", text, re.M)
    assert set(imports) <= {"snakemake.utils"}


def test_what_reaches_into_snakemake_was_tried_with_the_pinned_versions():
    pins = (ROOT / "requirements.txt").read_text()
    for name, version in PROVEN.items():
        assert re.search(rf"^{name}=={re.escape(version)}\s", pins, re.M)


def test_the_readme_names_every_family_that_has_a_file():
    readme = (ROOT / "README.md").read_text().lower().replace("-", "")
    for path in ROOT.glob("stilts/models/families/[!_]*.py"):
        assert path.stem.removesuffix("_v2").replace("_", "") in readme, path.stem
