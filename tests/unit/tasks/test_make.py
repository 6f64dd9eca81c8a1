import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pyarrow.parquet as pq
import pytest

import stilts.tasks.generators
import stilts.tasks.miniature.themes
from stilts.errors import UserError
from stilts.files.manifest import read_manifest
from stilts.question.catalogue import Task
from stilts.tasks.rows import (
    fetch_task,
    limit_rows,
    make_task,
    read_split,
    write_task,
)

FIELDS = {"task": "toy", "kind": "classification", "labels": ["no", "yes"]}


def pairs(*labels):
    return [
        {"id": str(n), "first": [f"a{n}"], "second": [], "label": label}
        for n, label in enumerate(labels)
    ]


def csv_spec(tmp_path, rows, **extra):
    """Spec of a yes/no task on two csv files with `rows` rows each."""
    files = {}
    for split, n in rows.items():
        path = tmp_path / f"{split}.csv"
        lines = [f"{split} {i},{('no', 'yes')[i % 2]}" for i in range(n)]
        path.write_text("\n".join(["text,label", *lines]) + "\n")
        files[split] = str(path)
    block = {
        "kind": "classification",
        "source": {"files": files},
        "first": "{text}",
        "labels": ["no", "yes"],
    }
    task = Task.from_block("toy", {**block, **extra}, "here").as_dict()
    return {"task": task, "limits": {"train": None, "validation": None}, "seed": 3, "mirror": None}


def test_a_limit_draws_a_seeded_sample_in_the_original_order():
    rows = [{"id": str(n)} for n in range(100)]
    drawn = [int(row["id"]) for row in limit_rows(rows, 10, seed=1)]
    assert drawn == sorted(drawn) and len(set(drawn)) == 10
    assert drawn != list(range(10))
    assert limit_rows(rows, 10, seed=1) == limit_rows(rows, 10, seed=1)
    assert limit_rows(rows, 10, seed=1) != limit_rows(rows, 10, seed=2)


def test_samples_of_one_seed_are_nested():
    rows = [{"id": str(n)} for n in range(100)]
    small, large = (limit_rows(rows, n, seed=1) for n in (10, 40))
    assert all(row in large for row in small)


@pytest.mark.parametrize("n", [None, 3, 50])
def test_a_limit_above_the_size_is_the_whole(n):
    rows = [{"id": str(n)} for n in range(3)]
    assert limit_rows(rows, n, seed=1) == rows


def test_a_limit_of_nothing_is_refused():
    with pytest.raises(UserError, match="a limit of 0 rows"):
        limit_rows([{"id": "0"}], 0, seed=1)


def test_rows_come_back_as_they_were_written(tmp_path):
    rows = {
        "classification": pairs(0, 1),
        "multiple_choice": [
            {
                "id": "0",
                "first": [],
                "prefix": "",
                "options": ["é", ""],
                "suffix": "\u2028.",
                "label": 1,
            }
        ],
        "corpus": [{"id": "4", "text": 'say "hi"\n'}],
    }
    for kind, written in rows.items():
        labels = [] if kind == "corpus" else ["no", "yes"]
        write_task(tmp_path, {"train": written}, {"task": "toy", "kind": kind, "labels": labels})
        assert read_split(tmp_path, "train") == written


def test_the_same_rows_give_the_same_bytes_in_any_folder(tmp_path):
    for name in ("a", "b"):
        splits = {"train": pairs(0, 1, 1), "validation": pairs(1)}
        write_task(tmp_path / name, splits, FIELDS)
    for file in ("train.parquet", "validation.parquet", "manifest.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_the_manifest_counts_rows_and_classes(tmp_path):
    write_task(tmp_path, {"train": pairs(0, 1, 1), "validation": pairs(1)}, FIELDS)
    manifest = read_manifest(tmp_path)
    assert manifest["splits"]["train"]["rows"] == 3
    assert manifest["splits"]["train"]["classes"] == {"no": 1, "yes": 2}
    assert manifest["splits"]["validation"]["classes"] == {"no": 0, "yes": 1}
    assert manifest["audit"]["validation"]["also_in_train"] == 1


def test_an_interrupted_write_leaves_no_manifest(tmp_path, monkeypatch):
    write_task(tmp_path, {"train": pairs(0, 1)}, FIELDS)
    monkeypatch.setattr("stilts.tasks.rows.write_manifest", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_task(tmp_path, {"train": pairs(1, 1)}, FIELDS)
    assert not (tmp_path / "manifest.json").exists()


def test_a_split_left_empty_is_refused(tmp_path):
    with pytest.raises(UserError, match="task 'toy': split 'train' has no rows left"):
        write_task(tmp_path, {"train": []}, FIELDS)


def test_a_changed_file_is_noticed_when_it_is_read(tmp_path):
    write_task(tmp_path, {"train": pairs(0, 1)}, FIELDS)
    path = tmp_path / "train.parquet"
    table = pq.read_table(path)
    pq.write_table(table.slice(0, 1), path)
    with pytest.raises(UserError, match="train.parquet was changed after its manifest"):
        read_split(tmp_path, "train")
    assert len(read_split(tmp_path, "train", verify=False)) == 1


def test_a_missing_or_broken_split_is_one_line(tmp_path):
    (tmp_path / "train.parquet").write_bytes(b"PAR1")
    with pytest.raises(UserError, match="validation.parquet does not exist; the folder has: train"):
        read_split(tmp_path, "validation")
    with pytest.raises(UserError, match="train.parquet is not a whole parquet file"):
        read_split(tmp_path, "train")


def test_a_fetched_task_keeps_its_facts_and_where_it_came_from(tmp_path, capsys):
    spec = csv_spec(tmp_path, {"train": 6, "validation": 4}, title="Toy", sizes={"train": 6})
    spec["limits"]["train"] = 2
    fetch_task(spec, tmp_path / "out")
    manifest = read_manifest(tmp_path / "out")
    assert (manifest["task"], manifest["title"], manifest["kind"]) == (
        "toy",
        "Toy",
        "classification",
    )
    assert (manifest["labels"], manifest["metric"]) == (["no", "yes"], "accuracy")
    assert manifest["splits"]["train"]["rows"] == 2
    assert manifest["size_check"] == {"train": {"published": 6, "found": 6, "equal": True}}
    assert manifest["origin"]["train"]["files"][0]["rows"] == 6
    assert manifest["note"] == ""
    assert capsys.readouterr().err == ""


def test_an_unexpected_size_is_recorded_and_told_in_one_line(tmp_path, capsys):
    sizes = {"train": 5, "validation": 4}
    spec = csv_spec(tmp_path, {"train": 6, "validation": 4}, sizes=sizes)
    fetch_task(spec, tmp_path / "out")
    check = read_manifest(tmp_path / "out")["size_check"]
    assert check["train"] == {"published": 5, "found": 6, "equal": False}
    assert check["validation"]["equal"]
    assert capsys.readouterr().err == ("warning: task 'toy': train has 6 rows, published are 5\n")


def test_missing_restricted_data_say_how_to_get_them(tmp_path):
    spec = csv_spec(tmp_path, {"train": 2, "validation": 2}, restricted="ask the owner for it")
    Path(spec["task"]["source"]["files"]["validation"]).unlink()
    with pytest.raises(UserError, match="validation.csv does not exist: .*; ask the owner for it$"):
        fetch_task(spec, tmp_path / "out")


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


def test_importing_the_module_loads_no_heavy_library():
    heavy = {"torch", "datasets", "pandas", "transformers", "huggingface_hub"}
    code = f"import sys, stilts.tasks.rows; print({heavy} & set(sys.modules))"
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert done.stdout.strip() == "set()", done.stderr
