"""A kind of task that the library does not have: two new files, a metric a third, and one block."""

import csv
import json
import random
import shutil

import pyarrow.parquet as pq
import pytest
from safetensors import safe_open

from stilts.files.fingerprint import ROOT
from tests.workflow.project import with_only

PLUGINS = {
    "rating": "stilts/tasks/kinds",
    "mean_state": "stilts/models/heads",
    "closeness": "stilts/tasks/metrics",
}
BLOCK = {
    "title": "How much",
    "kind": "rating",
    "text": "{review}",
    "label": "stars",
    "range": [0, 5],
    "metric": "closeness",
    "max_tokens": 30,
}
GRID = {"batch": [8], "seed": [12]}


def write_reviews(folder):
    draw, files = random.Random(0), {}
    for split, count in {"train": 30, "validation": 15}.items():
        path = folder / f"{split}.csv"
        with path.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["review", "stars"])
            for n in range(count):
                stars = draw.randint(0, 10) / 2
                writer.writerow([f"{split} {n} it was {'very ' * int(stars)}good", stars])
        files[split] = str(path)
    return files


@pytest.fixture
def with_rating(project, tmp_path):
    """A finished project into which the new files are put."""
    for name, folder in PLUGINS.items():
        shutil.copy(ROOT / f"tests/toys/plugins/{name}.py", project.folder / folder)
    block = {**BLOCK, "source": {"files": write_reviews(tmp_path)}}
    project.question = {"tasks": {"how-much": block}}
    return project


def test_new_files_rerun_nothing(with_rating):
    assert with_rating.plan().idle


def test_a_new_kind_walks_a_chain_as_stage_and_as_target(with_rating):
    only = with_only(chains=["how-much", "hellaswag-p+how-much"], targets=["how-much"], grid=GRID)
    outcome = with_rating.ask("runs", **with_rating.question, **only)
    assert outcome.code == 0, outcome.text
    top = with_rating.folder / "results/smoke/rethinking"
    with (top / "runs.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["metric"] for row in rows] == ["closeness"] * 2
    assert all(-5 < float(row["score"]) <= 1 for row in rows)
    for row in rows:
        place = f"roberta-large/{row['chain']}/how-much/{row['point']}"
        run = json.loads((top / f"runs/{place}.json").read_text())
        table = pq.read_table(top / f"predictions/{place}.parquet").to_pydict()
        errors = [abs(a - b) for a, b in zip(table["prediction"], table["label"], strict=True)]
        assert run["score"] == pytest.approx(1 - sum(errors) / len(errors))
        assert all(2 * answer == round(2 * answer) for answer in table["prediction"])
        assert set(table["split"]) == {"validation"}
        assert run["head"] == {"carried": ["linear.bias", "linear.weight"], "new": []}


def test_a_head_of_our_own_lies_beside_the_encoder_with_those_that_only_travel_along(with_rating):
    only = with_only(chains=["hellaswag-p+how-much"], targets=["rte"], grid=GRID)
    assert with_rating.ask("checkpoints", **with_rating.question, **only).code == 0
    folder = with_rating.folder / "results/smoke/rethinking/checkpoints/roberta-large"
    with safe_open(folder / "hellaswag-p+how-much/heads.safetensors", "pt") as file:
        names = sorted(file.keys())
        passed = file.get_tensor("multiple_choice/classifier.weight")
    assert names == [
        "how-much/linear.bias",
        "how-much/linear.weight",
        "multiple_choice/classifier.bias",
        "multiple_choice/classifier.weight",
    ]
    with safe_open(folder / "hellaswag-p/model.safetensors", "pt") as file:
        assert file.get_tensor("classifier.weight").equal(passed)
    manifest = json.loads((folder / "hellaswag-p+how-much/manifest.json").read_text())
    assert {name: head["state"] for name, head in manifest["heads"].items()} == {
        "how-much": "new",
        "multiple_choice": "passed on",
    }


def test_an_edit_of_the_new_head_reruns_its_own_runs_alone(with_rating):
    only = with_only(targets=["how-much", "rte"], grid=GRID)
    assert with_rating.ask("runs", **with_rating.question, **only).code == 0
    head = with_rating.folder / "stilts/models/heads/mean_state.py"
    head.write_text(head.read_text().replace(".sigmoid()", ".sigmoid() * 1.0"))
    plan = with_rating.plan("runs", **with_rating.question, **only)
    assert plan.made_by("finetune_targets", "target") == ["how-much", "how-much"]
    assert "train_stage" not in plan.rules
