import sys
from types import ModuleType

import pytest

import stilts.tasks.miniature.themes
from stilts.errors import UserError
from stilts.files.manifest import read_manifest
from stilts.jobs.make_task import make_task
from stilts.tasks.rows import read_split
from tests.toys.invented_tasks import csv_spec


@pytest.fixture
def theme(monkeypatch, tmp_path):
    """A theme `toy_theme` in the package of themes."""
    module = ModuleType("stilts.tasks.miniature.themes.toy_theme")
    module.make = lambda sizes, seed: {
        split: [{"text": f"{split} {seed} {n}", "label": n % 2} for n in range(size)]
        for split, size in sizes.items()
    }
    (tmp_path / "themes").mkdir()
    (tmp_path / "themes" / "toy_theme.py").touch()
    monkeypatch.setattr(
        stilts.tasks.miniature.themes,
        "__path__",
        [*stilts.tasks.miniature.themes.__path__, str(tmp_path / "themes")],
    )
    monkeypatch.setitem(sys.modules, "stilts.tasks.miniature.themes.toy_theme", module)


def test_a_theme_poses_a_task_and_its_label_says_so(tmp_path, theme):
    spec = csv_spec(tmp_path, {"train": 1, "validation": 1})
    spec |= {"miniature": {"theme": "toy_theme", "sizes": {"train": 3, "validation": 1}, "seed": 7}}
    make_task(spec, tmp_path / "out")
    rows = read_split(tmp_path / "out", "train")
    assert [row["first"] for row in rows] == [["train 7 0"], ["train 7 1"], ["train 7 2"]]
    manifest = read_manifest(tmp_path / "out")
    assert manifest["origin"]["theme"] == "toy_theme"
    assert manifest["note"] == "miniature language, not the paper's data"
    make_task(spec | {"note": "doll's house"}, tmp_path / "out")
    assert read_manifest(tmp_path / "out")["note"] == "doll's house"


def test_an_unknown_theme_is_one_line_with_the_known_ones(tmp_path, theme):
    spec = csv_spec(tmp_path, {"train": 1, "validation": 1})
    spec |= {"miniature": {"theme": "os", "sizes": {}, "seed": 7}}
    with pytest.raises(UserError, match="task 'toy': unknown theme 'os'; allowed: .*toy_theme"):
        make_task(spec, tmp_path / "out")
