"""What the project's files import, read from their source."""

import ast
import functools
import re
import sys

from stilts.files.fingerprint import ROOT

DISTRIBUTIONS = {
    "vl_convert": "vl-convert-python",
    "yaml": "pyyaml",
    "sklearn": "scikit-learn",
    "huggingface_hub": "huggingface-hub",
    "snakemake_executor_plugin_slurm": "snakemake-executor-plugin-slurm",
}


@functools.cache
def modules():
    """Every module of the library by name, packages' empty `__init__` left out."""
    paths = sorted((ROOT / "stilts").rglob("*.py"))
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path
        for path in paths
        if path.name != "__init__.py"
    }


@functools.cache
def imported(source, *, inside_functions=True):
    """The dotted names that a source text imports, types-only imports left out."""
    waiting, names = [ast.parse(source)], set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.FunctionDef) and not inside_functions:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        waiting += ast.iter_child_nodes(node)
    return names


def first_party(source, **options):
    """The modules of the library that a source text imports."""
    return imported(source, **options) & modules().keys()


def third_party(source, **options):
    """The distributions that a source text imports from elsewhere."""
    tops = {name.split(".")[0] for name in imported(source, **options)}
    foreign = tops - set(sys.stdlib_module_names) - {"stilts", "tests", "benchmarks"}
    return {DISTRIBUTIONS.get(name, name) for name in foreign}


def reached(source):
    """The modules of the library that a source text reaches by imports, wherever they stand."""
    found, waiting = set(), list(first_party(source))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += first_party(modules()[name].read_text())
    return found


def rules():
    """Every rule with a script, as (rule, environment, script); a rule without a name is ''."""
    found = []
    for path in sorted((ROOT / "workflow/rules").glob("*.smk")):
        for block in re.split(r"^\s*(?=rule\b[ \w]*:)", path.read_text(), flags=re.M)[1:]:
            script = re.search(r'script:\s*"\.\./scripts/(\w+)\.py"', block)
            if script:
                environment = re.search(r'conda:\s*"\.\./\.\./envs/(\w+)\.yaml"', block)
                rule = re.match(r"rule ?(\w*):", block)
                found.append((rule[1], environment and environment[1], script[1]))
    return found
