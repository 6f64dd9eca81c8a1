import importlib.util
import os
import shutil

import pytest

from stilts.files.fingerprint import ROOT
from stilts.files.fingerprint import fingerprint as real_fingerprint

ENGINE = '''"""Trains."""

from stilts.parts import wheel


class Lost(ValueError):
    """Raised when the way is lost."""


def go(speed):  # in metres per second
    """Go at `speed`."""
    import stilts.map

    text = """two
    lines  """
    return wheel(speed), stilts.map, text


def odd(): "A docstring beside its function."
'''


class Project:
    def __init__(self, folder):
        self.folder = folder
        (folder / "stilts/files").mkdir(parents=True)
        shutil.copy(ROOT / "stilts/files/fingerprint.py", folder / "stilts/files/fingerprint.py")
        self.write("stilts/engine.py", ENGINE)
        self.write("stilts/parts/__init__.py", "from stilts.parts.spokes import wheel\n")
        self.write("stilts/parts/spokes.py", "def wheel(speed):\n    return speed * 2\n")
        self.write("stilts/map.py", "import json\n\nSCALE = 1\n")
        self.write("stilts/other.py", "NOT_REACHED = 1\n")
        self.write("scripts/go.py", "from stilts import engine\n\nengine.go(1)\n")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def edit(self, name, old, new):
        text = (self.folder / name).read_text()
        assert text.count(old) == 1
        self.write(name, text.replace(old, new))

    def fingerprint(self, *entries):
        # A new module each time: the real one remembers what it has read.
        path = self.folder / "stilts/files/fingerprint.py"
        spec = importlib.util.spec_from_file_location("copied_provenance", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.fingerprint(*(entries or ("scripts/go.py",)))


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "project")


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("stilts/engine.py", "  # in metres per second", ""),
        ("stilts/engine.py", "metres", "miles"),
        ("stilts/engine.py", "return wheel", "# turn it\n    return wheel"),
        ("stilts/engine.py", "Trains.", "Trains a model.\n\nIn three\nlines."),
        ("stilts/engine.py", "Go at `speed`.", "Go."),
        ("stilts/engine.py", "Raised when the way is lost.", "No way."),
        ("stilts/engine.py", "import stilts.map\n", "import stilts.map\n\n\n"),
        ("stilts/engine.py", "import stilts.map\n", "import stilts.map   \n"),
        ("stilts/engine.py", '    lines  """', '    lines  """  # as it is'),
        ("stilts/other.py", "1", "2"),
        ("scripts/go.py", "engine.go(1)", "engine.go(1)  # slowly"),
    ],
)
def test_an_edit_that_changes_nothing_keeps_the_fingerprint(project, name, old, new):
    before = project.fingerprint()
    project.edit(name, old, new)
    assert project.fingerprint() == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("stilts/engine.py", "wheel(speed), ", "wheel(speed + 1), "),
        ("stilts/engine.py", '    lines  """', '    lines """'),
        ("stilts/engine.py", '"""two\n', '"""two\n\n'),
        ("stilts/engine.py", "def odd():", "def even():"),
        ("stilts/parts/spokes.py", "* 2", "* 3"),
        ("stilts/map.py", "SCALE = 1", "SCALE = 2"),
        ("scripts/go.py", "engine.go(1)", "engine.go(2)"),
    ],
)
def test_an_edit_of_code_that_is_reached_changes_the_fingerprint(project, name, old, new):
    before = project.fingerprint()
    project.edit(name, old, new)
    assert project.fingerprint() != before


def test_a_new_import_is_followed(project):
    before = project.fingerprint()
    project.edit("stilts/map.py", "import json", "import json\n\nfrom stilts import other")
    joined = project.fingerprint()
    project.edit("stilts/other.py", "1", "2")
    assert len({before, joined, project.fingerprint()}) == 3


def test_a_character_that_ends_lines_only_in_python_strings_does_not_shift_rows(project):
    project.write("stilts/map.py", 'SIGN = "\u2028"\nSCALE = 1  # one\n')
    one = project.fingerprint()
    project.edit("stilts/map.py", "1", "2")
    two = project.fingerprint()
    project.edit("stilts/map.py", "# one", "# two")
    assert one != two == project.fingerprint()


def test_the_fingerprint_knows_neither_time_nor_place(project, tmp_path):
    before = project.fingerprint()
    shutil.copytree(project.folder, tmp_path / "elsewhere" / "project")
    project.folder = tmp_path / "elsewhere" / "project"
    for path in project.folder.rglob("*.py"):
        os.utime(path, (0, 0))
    assert project.fingerprint() == before


def test_the_order_of_entries_does_not_matter(project):
    both = project.fingerprint("scripts/go.py", "stilts.other")
    assert both == project.fingerprint("stilts.other", "scripts/go.py")
    assert both != project.fingerprint()


@pytest.mark.parametrize("entry", ["stilts.missing", "scripts/missing.py"])
def test_an_entry_without_code_is_refused(project, entry):
    with pytest.raises(FileNotFoundError, match=entry):
        project.fingerprint(entry)


def test_the_real_package_gives_the_same_fingerprint_in_another_folder(project, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(ROOT / "stilts", copy / "stilts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "workflow/scripts", copy / "workflow/scripts")
    project.folder = copy
    entry = "workflow/scripts/record_question.py"
    assert project.fingerprint(entry) == real_fingerprint(entry)
