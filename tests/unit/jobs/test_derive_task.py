import json
from pathlib import Path

import pytest

from stilts.errors import UserError
from stilts.files.manifest import read_manifest
from stilts.jobs.derive_task import derive_task
from stilts.question.catalogue import load_catalogue
from stilts.tasks.make import write_task
from stilts.tasks.rows import read_split

CATALOGUE = load_catalogue(Path(__file__).resolve().parents[3] / "catalogue")


def choices(n):
    return [
        {
            "id": str(i),
            "first": [f"premise {i}"],
            "prefix": "he ",
            "options": [f"walks home {i} {o}" for o in range(4)],
            "suffix": "",
            "label": i % 4,
        }
        for i in range(n)
    ]


def derived_spec(name, **settings):
    task = CATALOGUE.tasks[name].as_dict()
    return {"task": task, "limits": {}, "seed": 42, "settings": settings}


@pytest.fixture
def parent(tmp_path):
    fields = {"task": "hellaswag", "kind": "multiple_choice", "labels": list("0123")}
    fields |= {"origin": {"from": "somewhere"}, "note": "stand-in: toys"}
    write_task(tmp_path / "parent", {"train": choices(8), "validation": choices(4)}, fields)
    return tmp_path / "parent"


def test_a_derived_task_names_its_parents_bytes_and_inherits_its_note(tmp_path, parent):
    spec = derived_spec("hella-sh", seed=1) | {"limits": {"train": 5}, "origins": {"seed": "code"}}
    derive_task(spec, parent, tmp_path / "out")
    manifest = read_manifest(tmp_path / "out")
    told = read_manifest(parent)["splits"]
    assert manifest["origin"]["parent"] == "hellaswag"
    assert manifest["origin"]["parent_sha256"] == {split: told[split]["sha256"] for split in told}
    assert manifest["origin"]["parent_origin"] == {"from": "somewhere"}
    assert manifest["origin"]["settings"] == {"seed": 1}
    assert manifest["origin"]["settings_from"] == {"seed": "code"}
    assert manifest["note"] == "stand-in: toys"
    assert manifest["splits"]["train"]["rows"] == 5
    assert manifest["splits"]["validation"]["rows"] == 4


def test_an_unknown_setting_or_generator_is_one_line(tmp_path, parent):
    with pytest.raises(UserError, match="task 'hella-sh': unknown setting 'sede'; allowed: seed"):
        derive_task(derived_spec("hella-sh", sede=1), parent, tmp_path / "out")
    spec = derived_spec("hella-sh")
    spec["task"]["derive"] = {"parent": "hellaswag", "generator": "../x"}
    with pytest.raises(UserError, match="unknown generator '../x'; allowed: .*hella_sh"):
        derive_task(spec, parent, tmp_path / "out")


def test_a_generator_with_a_language_model_gets_its_samples(tmp_path):
    sentence = " ".join(f"word{n}" for n in range(25))
    texts = [{"id": str(n), "text": f"{sentence} number{n}"} for n in range(12)]
    fields = {"task": "squad-contexts", "kind": "corpus", "labels": [], "origin": {}, "note": ""}
    write_task(tmp_path / "parent", {"train": texts, "validation": texts[:1]}, fields)
    asked = {}

    def sample(prompts, **settings):
        asked.update(settings)
        return [["one", "two", f"{prompt.gold} more"] for prompt in prompts]

    spec = derived_spec(
        "synthesis-gpt2",
        seed=42,
        count=8,
        validation=2,
        drop_last_word=False,
        gold_first=False,
        top_p=0.9,
        samples=3,
    )
    derive_task(spec, tmp_path / "parent", tmp_path / "out", sample=sample)
    assert asked == {"seed": 42, "top_p": 0.9, "samples": 3}
    rows = read_split(tmp_path / "out", "train")
    assert len(rows) == 8 and len(read_split(tmp_path / "out", "validation")) == 2
    for row in rows:
        gold = row["options"][row["label"]]
        assert gold.split()[-1].startswith("number") and f"{gold} more" in row["options"]
    settings = read_manifest(tmp_path / "out")["origin"]["settings"]
    assert json.loads(json.dumps(settings)) == spec["settings"]
