import json
import os
import shutil
import time

import pytest

from stilts.commands.prune import delete, find
from stilts.errors import UserError
from stilts.files.fingerprint import ROOT
from stilts.files.manifest import digest_of
from stilts.question.ask import ask
from stilts.question.paths import Layout
from tests.workflow.project import QUESTION, read_config, with_only

KEY = "ab" + "0" * 62
CONFIG = {**read_config(), **QUESTION}


@pytest.fixture
def old(project, monkeypatch):
    """The finished project, three days later, as the folder in which we are."""
    age(project.folder / "results")
    for file in (project.folder / "results/.store/encodings").iterdir():
        os.utime(file)  # read a moment ago
    monkeypatch.chdir(project.folder)
    return project


def age(path, days=3):
    then = time.time() - days * 24 * 3600
    for file in [path, *path.rglob("*")]:
        os.utime(file, (then, then))


def unused(**changes):
    """Return how many there are to delete, by kind."""
    found = {group.title.split()[0]: len(group.paths) for group in find({**CONFIG, **changes})}
    return {kind: count for kind, count in found.items() if count}


def entries(project):
    return sorted((project.folder / "results/.store/trials").glob("??/*"))


def add_entry(project, key, days=3, **changes):
    """Store a trial like one that is there, under another key."""
    folder = project.folder / f"results/.store/trials/{key[:2]}/{key}"
    shutil.copytree(entries(project)[0], folder)
    result = json.loads((folder / "result.json").read_text())
    (folder / "result.json").write_text(json.dumps({**result, "key": key, **changes}))
    age(folder, days)
    return folder


def add_file(project, path, days=3):
    file = project.folder / "results" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"x" * 1000)
    age(file, days)
    age(file.parent, days)
    return file


def forget_runs(project, pattern="**/*.json"):
    for path in (project.folder / "results/smoke/rethinking/runs").glob(pattern):
        path.unlink()


def test_nothing_that_was_just_made_is_pruned(old):
    add_entry(old, KEY, days=0.5)
    assert unused() == {}


def test_an_old_run_needs_all_it_has(old):
    assert len(entries(old)) == 8
    assert unused() == {}


def test_what_is_unused_is_listed_then_deleted_and_nothing_else(old):
    gone = [add_entry(old, KEY), add_file(old, f".store/snapshots/{KEY}/s.safetensors").parent]
    gone.append(add_file(old, "smoke/models/roberta-large/.manifest.json.q1.tmp"))
    gone.append(add_file(old, ".store/trials/.new-q2/result.json").parent)
    age(old.folder / "results/.store/trials", 3)
    add_entry(old, "cd" + KEY[2:], days=0.5)
    add_file(old, ".store/snapshots/young/s.safetensors", days=0.5)
    add_file(old, "smoke/data/rte/.train.parquet.q3.tmp", days=0.5)
    everything = old.files("**/*")

    listed = old.ask("prune")
    assert listed.code == 0, listed.text
    assert unused() == {"trials": 1, "snapshots": 1, "temporary": 2}
    size = sum(file.stat().st_size for file in gone[0].iterdir()) + 3000
    assert f"would free {4:>35}{size / 1000:>7.3g} KB" in listed.text
    assert old.files("**/*") == everything

    deleted = old.ask("prune_delete")
    assert deleted.code == 0 and "freed " in deleted.text
    names = [str(path.relative_to(old.folder / "results")) for path in gone]
    kept = {path: text for path, text in everything.items() if not path.startswith(tuple(names))}
    assert old.files("**/*") == kept
    assert len(everything) - len(kept) == 3 + 3
    assert "Nothing to prune." in old.ask("prune").text
    assert old.plan().idle


def test_a_trial_that_a_run_file_of_any_scale_names_is_kept(old):
    add_entry(old, KEY)
    run = old.folder / "results/paper/other/runs/m/none/rte/p.json"
    run.parent.mkdir(parents=True)
    run.write_text(json.dumps({"key": KEY}))
    assert unused() == {}
    run.unlink()
    assert unused() == {"trials": 1}


def test_trials_whose_run_files_are_gone_are_kept_for_the_question(old):
    forget_runs(old)
    (old.folder / "results/smoke/config.yaml").unlink()
    assert unused() == {}
    outcome = old.ask("runs")
    assert outcome.code == 0
    assert len(old.stored()) == 8


def test_trials_of_a_question_that_is_recorded_are_kept_for_it(old):
    narrow = with_only(chains=["none"])
    forget_runs(old)
    assert unused(**narrow) == {}
    (old.folder / "results/smoke/config.yaml").unlink()
    assert unused(**narrow) == {"trials": 4}


def test_trials_are_kept_while_the_checkpoint_that_they_start_from_is_not_there(old):
    forget_runs(old)
    shutil.rmtree(old.folder / "results/smoke/rethinking/checkpoints")
    add_entry(old, KEY, recipe={"lr": 1.0})
    assert unused() == {"trials": 1}


def test_trials_of_a_gpu_are_known_where_there_is_none(old):
    plan = Layout(ask({**read_config(), **QUESTION}, ROOT)).question.plans["rethinking"]
    task = plan.target_spec("roberta-large", "none", "rte")["task"]
    result = json.loads((entries(old)[0] / "result.json").read_text())
    facts = {name: result[name] for name in ("versions", "recipe")}
    facts["tasks"] = [{name: task[name] for name in ("name", "kind", "labels", "range")}]
    facts["digests"] = {k: v for k, v in result["digests"].items() if k != "predictions"}
    there = {"device_kind": "cuda:NVIDIA H200", "precision": "bf16"}
    here = {name: result[name] for name in there}
    assert digest_of({**facts, **here}) == result["key"]
    key = digest_of({**facts, **there})
    add_entry(old, key, **there)
    assert unused() == {}
    assert unused(precision="fp32") == {}  # recorded: what the study says, auto
    (old.folder / "results/smoke/config.yaml").unlink()
    assert unused(precision="fp32") == {"trials": 1}


def test_snapshots_are_kept_until_everything_is_there(old):
    stored = entries(old)[0].name
    for key in (KEY, stored):
        add_file(old, f".store/snapshots/{key}/s.safetensors")
    forget_runs(old)
    assert unused() == {"snapshots": 1}
    delete(find(CONFIG))
    assert [path.name for path in (old.folder / "results/.store/snapshots").iterdir()] == [KEY]


@pytest.mark.parametrize("sign", ["a job at work", "a lock"])
def test_nothing_is_deleted_while_a_run_is_at_work(old, sign):
    folder = add_entry(old, KEY)
    if sign == "a lock":
        path = old.folder / ".snakemake/locks/0.output.lock"
        text = "results/paper/report.html"
    else:
        path = old.folder / "logs/paper/train_stage/m.running"
        record = {"host": "node7", "pid": 1, "slurm": "5", "started": time.time(), "facts": {}}
        text = json.dumps(record)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    with pytest.raises(UserError, match="nothing deleted"):
        delete(find(CONFIG))
    assert folder.is_dir()
    path.unlink()
    delete(find(CONFIG))
    assert not folder.exists()


def test_a_recorded_question_that_cannot_be_asked_any_more_stops_it_all(old):
    folder = add_entry(old, KEY)
    path = old.folder / "results/paper/config.yaml"
    path.parent.mkdir()
    path.write_text("config: {scale: paper, studies: [gone]}\n")
    with pytest.raises(UserError, match="config.yaml records a question that cannot be asked"):
        find(CONFIG)
    assert folder.is_dir()


def test_tokens_that_nobody_read_for_a_day_are_pruned_and_made_again(old):
    age(old.folder / "results/.store/encodings")
    count = len(list((old.folder / "results/.store/encodings").iterdir()))
    assert count and unused() == {"tokens": count}
    delete(find(CONFIG))
    assert unused() == {}
