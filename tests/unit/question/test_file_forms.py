"""Whole files are refused in one line where they are of another form than they must have."""

import ast
import copy

import pytest
import yaml

from stilts.errors import UserError
from stilts.files import plugins
from stilts.files.fingerprint import ROOT
from stilts.question.ask import ask
from stilts.question.file_forms import COMMON
from stilts.question.paths import Layout

STUDY, REPORT = "studies/rethinking/study.yaml", "studies/rethinking/report.yaml"
SCALE = "scales/mini.yaml"
GENERATOR = "settings.generators.synthesis_gpt2"
CASES = [
    (STUDY, "title", None, "title must be a text that is not empty, found None"),
    (STUDY, "claim", 7, "claim must be a text, found 7"),
    (STUDY, "cite", None, "cite must be a text, found None"),
    (STUDY, "sources", 7, "sources must be a block, found 7"),
    (STUDY, "sources.paper", "section 1", "sources.paper must be a list of texts"),
    (STUDY, "protocols.paper", 7, "protocols.paper must be a block, found 7"),
    (STUDY, "settings", None, "settings: expected a block, found None"),
    (STUDY, "sweeps.figure_2", 7, "sweeps.figure_2: give a block"),
    (STUDY, f"{GENERATOR}.counts", {"assumed": 3}, "unknown setting 'counts'; allowed: count"),
    (STUDY, f"{GENERATOR}.count", {"assumed": "many"}, "'many' is not a whole number from 1"),
    (STUDY, f"{GENERATOR}.top_p", {"assumed": -3}, "-3 is not a number above 0 to 1"),
    (STUDY, f"{GENERATOR}.tidy", {"assumed": 1}, "1 is not true or false"),
    (STUDY, f"{GENERATOR}.length_as", {"assumed": "x"}, "'x' is not one of alone, in_text"),
    (STUDY, "settings.generators.hella_sh.words", {"assumed": 1}, "unknown setting 'words'"),
    (STUDY, "settings.all.optimizer", {"assumed": "sgd"}, "'sgd' is not one of adamw"),
    (STUDY, "settings.all.schedule", {"assumed": "cosine"}, "'cosine' is not one of linear"),
    (STUDY, "settings.tasks.rte.epochs", {"assumed": "lots"}, "'lots' is not a whole number"),
    (STUDY, "settings.variants.new-head.lrs", {"assumed": 1}, "unknown setting 'lrs'"),
    (SCALE, "settings.all", {"optimizer": "sgd"}, "'sgd' is not one of adamw"),
    (SCALE, f"{GENERATOR}.counts", 3, "unknown setting 'counts'"),
    (SCALE, "label", 7, "label must be a text, found 7"),
    (SCALE, "miniature", None, "miniature must be a block, found None"),
    (SCALE, "miniature.seeds", 3, "miniature: unknown key 'seeds'; allowed: seed, sizes"),
    (SCALE, "models", None, "models must be a block, found None"),
    (SCALE, "models.roberta-large.pretrain.stepz", 5, "pretrain: unknown key 'stepz'"),
    (SCALE, "models.roberta-large.pretrain.steps", 0, "steps must be a whole number from 1"),
    (REPORT, "rows", None, "rows must be a list of {printed: {...}, ours: {...}}, found None"),
    (REPORT, "rows.0", {"printed": 7, "ours": {}}, "rows.0.printed must be a block, found 7"),
    (REPORT, "tables", 7, "tables must be a block, found 7"),
    (REPORT, "tables.table_1", None, "tables.table_1 must be a block, found None"),
    (
        REPORT,
        "tables.table_1.kind",
        "nope",
        "tables.table_1: unknown kind 'nope'; allowed: ",
    ),
    (REPORT, "tables.table_1.kind", "writer", "tables.table_1: unknown kind 'writer'; allowed: "),
    (REPORT, "tables.table_1.kind", None, "tables.table_1.kind must be a text"),
    (REPORT, "tables.table_3.chains", 7, "chains must be a list of chains"),
    (REPORT, "figures.figure_2.targets", [None], "figures.figure_2.targets.0 must be a text"),
    (
        REPORT,
        "tables.table_1.target",
        ["rte"],
        "tables.table_1 (kind overview): unknown field 'target'; allowed: caption, columns,",
    ),
    (REPORT, "tables.table_3.margin", 1, "(kind deltas): unknown field 'margin'"),
    (REPORT, "figures.figure_2.widths", {}, "figures.figure_2 (kind violins): unknown field"),
    (REPORT, "figures", None, "figures must be a block, found None"),
    (REPORT, "order", ["table_1", "table_9"], "order: unknown table or figure 'table_9'; allowed"),
    (REPORT, "colour", 1, "unknown key 'colour'; allowed: figures, order, rows, tables"),
]


def read_by(path):
    """The names that a module takes out of the block it is given, as its syntax tree tells."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Subscript(value=ast.Name(id="spec"), slice=ast.Constant(value=str(name))):
                found.add(name)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="spec"), attr="get"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                found.add(name)
            case ast.Call(func=ast.Attribute(attr="tabulate"), args=[_, _, ast.Tuple(elts), *_]):
                found |= {each.value for each in elts}
    return found


@pytest.mark.parametrize("part", COMMON)
def test_the_fields_of_a_kind_are_those_that_it_reads(part):
    package = f"stilts.evidence.{part}"
    kinds = [kind for kind in plugins.names(package) if plugins.stated(package, kind, "FIELDS")]
    assert len(kinds) > 4
    for kind in kinds:
        fields = set(plugins.stated(package, kind, "FIELDS"))
        read = read_by(ROOT / f"stilts/evidence/{part}/{kind}.py") - {*COMMON[part]}
        assert fields - {"margin_from"} == read, kind  # that one is for the reader of the report


def test_every_kind_states_its_fields():
    for part in COMMON:
        package = f"stilts.evidence.{part}"
        kinds = set(plugins.names(package)) - {"writer", "style", "drawing", "maps"}
        assert all(plugins.stated(package, kind, "FIELDS") is not None for kind in kinds), kinds


def put(content, path, value):
    *most, last = path.split(".")
    for part in most:
        content = content[int(part) if isinstance(content, list) else part]
    content[int(last) if isinstance(content, list) else last] = value


@pytest.mark.parametrize(("file", "path", "value", "said"), CASES)
def test_a_file_of_another_form_is_refused_in_one_line(own_root, config, file, path, value, said):
    content = yaml.safe_load((own_root / file).read_text())
    put(content, path, value)
    (own_root / file).write_text(yaml.safe_dump(content))
    with pytest.raises(UserError) as caught:
        Layout(ask(copy.deepcopy(config), root=own_root))
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert file.rpartition("/")[2] in str(caught.value)


@pytest.mark.parametrize("chain", ["+".join(["hellaswag"] * 30), "hellaswag@" + "1" * 300])
def test_a_chain_whose_name_no_folder_can_bear_is_refused(config, root, chain):
    config["only"] = {"chains": [chain], "targets": ["rte"]}
    with pytest.raises(UserError, match="bytes, and a folder bears its name: at most 240"):
        ask(config, root=root)
