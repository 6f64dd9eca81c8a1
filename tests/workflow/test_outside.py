"""What a job reads from outside is followed by content."""

import json
import os
import shutil

import pyarrow as pa
import pyarrow.parquet as pq

QUESTION = {"chains": ["none"], "targets": ["mine"], "grid": {"lr": [1e-5], "batch": [8]}}
QUESTION["grid"] |= {"warmup": [0], "seed": [12]}
TASK = {
    "kind": "classification",
    "first": ["{passage}"],
    "labels": ["no", "yes"],
    "max_tokens": 16,
}


def rows(count, swapped=False):
    labels = ("yes", "no") if swapped else ("no", "yes")
    return "passage,label\n" + "".join(f"word {n},{labels[n % 2]}\n" for n in range(count))


def ask(project, *words, source, **config):
    task = TASK | {"source": source}
    return project.ask(*words, "runs", tasks={"mine": task}, only=QUESTION, **config)


def result(project):
    (run,) = project.folder.glob("results/smoke/rethinking/runs/*/none/mine/*.json")
    return json.loads(run.read_text())["digests"]["train"]


def test_a_file_that_changes_is_fetched_again_with_what_stands_on_it(fresh):
    for name, count in (("train", 24), ("dev", 12)):
        (fresh.folder / f"{name}.csv").write_text(rows(count))
    source = {"files": {"train": "train.csv", "validation": "dev.csv"}}
    assert ask(fresh, source=source).code == 0
    before = result(fresh)
    assert ask(fresh, source=source).idle
    (fresh.folder / "train.csv").touch()
    assert ask(fresh, source=source).idle, "the same content at another time"
    (fresh.folder / "train.csv").write_text(rows(24, swapped=True))
    outcome = ask(fresh, source=source)
    assert outcome.code == 0 and not outcome.idle, outcome.text
    assert "train.csv has changed since it was read: data/mine is made anew" in outcome.text
    assert result(fresh) != before
    assert ask(fresh, source=source).idle


def test_a_mirrors_file_that_is_replaced_is_fetched_again(fresh, tmp_path):
    folder = tmp_path / "hub/me/mine/default"
    folder.mkdir(parents=True)
    for split in ("train", "validation"):
        table = pa.table({"passage": ["a", "b"] * 8, "label": ["no", "yes"] * 8})
        pq.write_table(table, folder / f"{split}-00000-of-00001.parquet")
    given = {"source": {"hub": "me/mine"}, "mirror": str(tmp_path / "hub")}
    assert ask(fresh, **given).code == 0
    before = result(fresh)
    table = pa.table({"passage": ["a", "c"] * 8, "label": ["no", "yes"] * 8})
    pq.write_table(table, folder / "train-00000-of-00001.parquet")
    outcome = ask(fresh, **given)
    assert "has changed since it was read" in outcome.text and result(fresh) != before
    assert ask(fresh, **given).idle


def test_a_models_folder_that_changes_is_fetched_again(project, tmp_path):
    made = project.folder / "results/smoke/models/roberta-large"
    mine = tmp_path / "mine"
    shutil.copytree(made, mine)
    os.remove(mine / "manifest.json")
    models = {"roberta-large": {"path": str(mine)}}
    place = "results/smoke/models/roberta-large/manifest.json"
    assert project.ask(place, models=models).code == 0
    assert project.ask(place, models=models).idle
    config = json.loads((mine / "config.json").read_text())
    (mine / "config.json").write_text(json.dumps(config | {"hidden_dropout_prob": 0.25}))
    outcome = project.ask(place, models=models)
    assert "config.json has changed since it was read" in outcome.text, outcome.text
    there = json.loads((made / "config.json").read_text())
    assert there["hidden_dropout_prob"] == 0.25


def test_a_file_that_is_out_of_reach_makes_nothing_anew(fresh, tmp_path):
    folder = tmp_path / "hub/me/mine/default"
    folder.mkdir(parents=True)
    for split in ("train", "validation"):
        table = pa.table({"passage": ["a", "b"] * 8, "label": ["no", "yes"] * 8})
        pq.write_table(table, folder / f"{split}-00000-of-00001.parquet")
    given = {"source": {"hub": "me/mine"}, "mirror": str(tmp_path / "hub")}
    assert ask(fresh, **given).code == 0
    assert ask(fresh, **given).idle
    (folder / "train-00000-of-00001.parquet").unlink()
    assert ask(fresh, **given).idle, "one file is gone"
    shutil.rmtree(tmp_path / "hub")
    assert ask(fresh, **given).idle, "the mirror is not mounted"
