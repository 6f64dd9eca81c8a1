import os
import re
import shutil

import pytest

from stilts.files.fingerprint import LEFT_OUT, ROOT, fingerprint, reached
from tests.toys.invented_code import InventedCode

SCRIPT = "scripts/go.py"
ENGINE = '''"""Trains."""

import os

import numpy as np

from stilts.files import sealed
from stilts.parts import Wheel, wheel

os.environ.setdefault("THREADS", "1")


class Lost(ValueError):
    """Raised when the way is lost."""


def go(speed):  # in metres per second
    """Go at `speed`."""
    from stilts.maps import SCALE

    if not speed:
        raise Lost(f"no speed: {speed}")
    sealed.write(np.float32(wheel(speed)), SCALE)


def odd(x: Wheel = 2): "A docstring beside its function."
'''
SPOKES = """
class Wheel: pass

def wheel(speed):
    return rim(speed) * 2

def rim(speed):
    return speed
"""
# Syntax that versions of Python may read into different trees.
SYNTAX = r"""
async def f(a: "b" = 1_000, /, *c, d=None, **e) -> 1e22:
    async with c as g, (d): await a
    return

def g(a, b=-0.1j, *, c=..., d):
    global h
    x = f"{a!r:>{b}.{c:}} {{b}} {a = } \u00e9" "\N{BULLET}" f'{a:%H:%M}{b}' + b"".decode()
    match a:
        case [1, *y] | {"k": y, **z} if x[1:, ::2]:
            return [*y, {**z}, not a < b <= c, (yield), "\ud800", u"k", b"\xff", True, None]
    try:
        del x.a, x[0]
    except* (OSError, ValueError) as error:
        return lambda *p, q=1, **r: (p, q, r, error)
    return {i: j async for i, j in k if (l := i)} if x else 0xFF

class C(A, metaclass=B):
    a: int
    b: int = 2
    c @= 3
"""
ENTRIES = [
    "workflow/scripts/fetch_task.py",
    "workflow/scripts/train_stage.py",
    "workflow/scripts/finetune_targets.py",
    "stilts.jobs.train_stage",
    "stilts.jobs.finetune_targets",
]


@pytest.fixture
def code(tmp_path):
    code = InventedCode(tmp_path / "project")
    code.write("stilts/engine.py", ENGINE)
    code.write("stilts/parts/__init__.py", "from stilts.parts.spokes import Wheel, wheel\n")
    code.write("stilts/parts/spokes.py", SPOKES)
    code.write("stilts/maps.py", "import json\n\nSCALE = 1\nOTHER = 1\n")
    code.write("stilts/files/sealed.py", "def write(*values): print(values)\n")
    code.write(SCRIPT, "from stilts import engine\n\nengine.go(1)\n")
    return code


@pytest.fixture
def project(tmp_path):
    """A copy of this project's code."""
    copy = InventedCode(tmp_path / "copy")
    for part in ("stilts", "workflow/scripts"):
        shutil.copytree(ROOT / part, copy.folder / part, ignore=lambda *_: {"__pycache__"})
    return copy


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("stilts/engine.py", "  # in metres per second", ""),
        ("stilts/engine.py", "Trains.", "Trains a model.\n\nIn three\nlines."),
        ("stilts/engine.py", "Go at `speed`.", "Go."),
        ("stilts/engine.py", '(f"no speed: {speed}")', '("stopped", wheel)'),
        ("stilts/engine.py", "x: Wheel = 2", "x: Wheel = 3"),
        ("stilts/engine.py", "import Wheel, wheel", "import (\n    wheel,\n    Wheel,\n)"),
        ("stilts/engine.py", "from stilts.parts import", "from stilts.parts.spokes import"),
        ("stilts/parts/spokes.py", "class Wheel: pass", "class Wheel:\n    size = 2"),
        ("stilts/maps.py", "OTHER = 1", "OTHER = 2"),
        ("stilts/maps.py", "import json", "import yaml"),
        ("stilts/files/sealed.py", "print(values)", "pass"),
        (SCRIPT, "(1)", "(\n    1,  # slowly\n)"),
    ],
)
def test_an_edit_that_changes_nothing_keeps_the_fingerprint(code, name, old, new):
    before = code.fingerprint(SCRIPT)
    code.edit(name, old, new)
    assert code.fingerprint(SCRIPT) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("stilts/engine.py", "wheel(speed))", "wheel(speed + 1))"),
        ("stilts/engine.py", "Lost(f", "ValueError(f"),
        ("stilts/engine.py", '"THREADS", "1"', '"THREADS", "2"'),
        ("stilts/engine.py", "import numpy", "import jax.numpy"),
        ("stilts/parts/spokes.py", "* 2", "* 3"),
        ("stilts/parts/spokes.py", "return speed\n", "return speed + 1\n"),
        ("stilts/maps.py", "SCALE = 1", "SCALE = 2"),
        (SCRIPT, "engine.go(1)", "engine.go(2)"),
    ],
)
def test_an_edit_of_code_that_is_reached_changes_the_fingerprint(code, name, old, new):
    before = code.fingerprint(SCRIPT)
    code.edit(name, old, new)
    assert code.fingerprint(SCRIPT) != before


def test_moving_modules_with_their_import_lines_keeps_the_fingerprint(code):
    before = code.fingerprint(SCRIPT)
    code.move("stilts/parts/spokes.py", "stilts/bits.py")
    code.edit("stilts/parts/__init__.py", "stilts.parts.spokes", "stilts.bits")
    code.move("stilts/engine.py", "stilts/rooms/machinery.py")
    code.edit(SCRIPT, "from stilts import engine", "from stilts.rooms import machinery as engine")
    assert code.fingerprint(SCRIPT) == before


def test_moving_a_module_that_is_named_in_full_keeps_the_fingerprint(code):
    code.write(SCRIPT, "import stilts.maps\n\nprint(stilts.maps.SCALE)\n")
    before = code.fingerprint(SCRIPT)
    code.move("stilts/maps.py", "stilts/charts/lands.py")
    code.write(SCRIPT, "import stilts.charts.lands\n\nprint(stilts.charts.lands.SCALE)\n")
    assert code.fingerprint(SCRIPT) == before


def test_moving_a_definition_into_a_module_of_its_own_keeps_the_fingerprint(code):
    before = code.fingerprint(SCRIPT)
    head, rim = SPOKES.split("\ndef rim")
    code.write("stilts/parts/spokes.py", f"from stilts.rims import rim\n{head}")
    code.write("stilts/rims.py", f"def rim{rim}")
    assert code.fingerprint(SCRIPT) == before


def test_the_order_of_definitions_does_not_matter(code):
    before = code.fingerprint("stilts.parts.spokes")
    code.write("stilts/parts/spokes.py", "\n\n".join(reversed(SPOKES.split("\n\n"))))
    assert code.fingerprint("stilts.parts.spokes") == before


@pytest.mark.parametrize("swapped", ["from stilts.{} import turn", "from stilts import {} as car"])
def test_a_name_that_comes_to_mean_another_module_changes_the_fingerprint(code, swapped):
    # Both modules count before and after, and differ only in what their functions call.
    for name, size in (("front", 1), ("rear", 2)):
        code.write(f"stilts/{name}.py", f"def turn(): size()\n\ndef size(): return {size}\n")
    use = "turn()" if swapped.endswith("turn") else "car.turn()"
    lines = f"{swapped}\nfrom stilts import {{}} as rest\n{use}\nrest.turn\n"
    code.write(SCRIPT, lines.format("front", "rear"))
    before = code.fingerprint(SCRIPT)
    code.write(SCRIPT, lines.format("rear", "front"))
    assert code.fingerprint(SCRIPT) != before


def test_a_change_in_a_circle_of_definitions_changes_the_fingerprint_of_each(code):
    text = "def a(): b()\n\ndef b():\n    from stilts.maps import c\n    c(1)\n"
    code.write("stilts/parts/spokes.py", text)
    code.write("stilts/maps.py", "from stilts.parts.spokes import a\n\ndef c(x): a(x)\n")
    entries = ["stilts.parts.spokes:a", "stilts.parts.spokes:b", "stilts.maps:c"]
    before = code.fingerprints(*entries)
    code.edit("stilts/parts/spokes.py", "c(1)", "c(2)")
    assert len({*before, *code.fingerprints(*entries)}) == 6


def test_an_entry_is_a_module_a_definition_or_a_script(code):
    assert code.reached("stilts.maps") == ["stilts.maps:OTHER", "stilts.maps:SCALE"]
    assert code.reached("stilts.maps:SCALE") == ["stilts.maps:SCALE"]
    assert code.reached(SCRIPT) == [
        "scripts/go.py:(on import)",
        "stilts.engine:(on import)",
        "stilts.engine:Lost",
        "stilts.engine:go",
        "stilts.maps:SCALE",
        "stilts.parts.spokes:rim",
        "stilts.parts.spokes:wheel",
    ]


def test_the_order_of_entries_does_not_matter(code):
    both = code.fingerprint(SCRIPT, "stilts.maps")
    assert both == code.fingerprint("stilts.maps", SCRIPT)
    assert len({both, code.fingerprint(SCRIPT), code.fingerprint("stilts.maps")}) == 3
    assert code.reached(SCRIPT, "stilts.maps") == code.reached("stilts.maps", SCRIPT)


@pytest.mark.parametrize("entry", ["stilts.missing", "scripts/missing.py", "stilts.maps:MISSING"])
def test_an_entry_without_code_is_refused(code, entry):
    with pytest.raises(FileNotFoundError, match=entry):
        code.fingerprint(SCRIPT, entry)


def test_the_fingerprint_knows_neither_time_nor_place(code, tmp_path):
    before = code.fingerprint(SCRIPT)
    elsewhere = InventedCode(shutil.copytree(code.folder, tmp_path / "elsewhere" / "project"))
    for path in elsewhere.folder.rglob("*.py"):
        os.utime(path, (0, 0))
    assert elsewhere.fingerprint(SCRIPT) == before


def test_every_version_of_python_gives_the_same(code):
    code.write("stilts/syntax.py", SYNTAX)
    # As found by Python 3.11, 3.12, 3.13 and 3.14: another form of it would train all anew.
    assert code.fingerprint("stilts.syntax") == "d29ba5e7b0daf4c6"


def test_what_is_left_out_is_followed_from_within_alone(code):
    code.write("stilts/files/locks.py", "from stilts.files import sealed\n\nsealed.write()\n")
    assert "stilts.files.sealed:write" not in code.reached(SCRIPT)
    assert "stilts.files.sealed:write" in code.reached("stilts.files.locks")


@pytest.mark.parametrize(("name", "reason"), LEFT_OUT.items())
def test_what_is_left_out_is_there_and_has_a_reason(name, reason):
    path = ROOT.joinpath(*name.split("."))
    assert path.is_dir() or path.with_suffix(".py").is_file()
    assert len(reason.split()) >= 4


def test_a_trial_counts_training_and_models_and_nothing_that_is_left_out():
    names = reached("workflow/scripts/finetune_targets.py", "stilts.jobs.finetune_targets")
    modules = [f"{name.split(':')[0]}." for name in names]
    for counts in ("stilts.jobs.", "stilts.training.", "stilts.models.", "stilts.tasks."):
        assert any(module.startswith(counts) for module in modules)
    for out in (*LEFT_OUT, "stilts.commands", "stilts.evidence", "stilts.tasks.sources"):
        assert not any(module.startswith(f"{out}.") for module in modules)


@pytest.mark.parametrize(
    ("pattern", "old", "new"),
    [
        ("stilts/tasks/sources/*.py", r'((?:raise \w+|UserError)\(\s*f?")', r"\1Oh: "),
        ("stilts/machine/heartbeat.py", r"(?m)^SECONDS = .*$", "SECONDS = 99.0"),
        ("stilts/machine/slurm/watch.py", r"\Z", "\nprint()\n"),
        ("stilts/commands/status.py", r"\Z", "\nprint()\n"),
        ("stilts/training/*.py", r'\A"""', '"""Another docstring. '),
        ("stilts/training/*.py", r"\Z", "\n\ndef new(): pass\n"),
    ],
)
def test_what_changes_no_trial_keeps_the_fingerprints_of_trials(project, pattern, old, new):
    before = project.fingerprints(*ENTRIES)
    assert before == [fingerprint(entry) for entry in ENTRIES]
    edits = 0
    for path in project.folder.glob(pattern):
        text, found = re.subn(old, new, path.read_text())
        path.write_text(text)
        edits += found
    assert edits
    assert project.fingerprints(*ENTRIES) == before


def test_the_arithmetic_of_a_step_changes_what_trains_and_no_data(project):
    before = project.fingerprints(*ENTRIES)
    steps = project.folder / "stilts/training/steps.py"
    steps.write_text(steps.read_text().replace(" - ", " + "))
    after = project.fingerprints(*ENTRIES)
    changed = [entry for entry, one, two in zip(ENTRIES, before, after, strict=True) if one != two]
    assert changed == ENTRIES[1:]


def test_moving_a_module_of_this_project_changes_nothing(project):
    before = project.fingerprints(*ENTRIES)
    project.move("stilts/training/steps.py", "stilts/models/moved.py")
    for path in project.folder.rglob("*.py"):
        text = path.read_text().replace("stilts.training.steps", "stilts.models.moved")
        line = "from stilts.models import moved as steps"
        path.write_text(text.replace("from stilts.training import steps", line))
    assert project.fingerprints(*ENTRIES) == before
    assert any(name.startswith("stilts.models.moved:") for name in project.reached(ENTRIES[1]))
