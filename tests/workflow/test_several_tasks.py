"""A study that only scores checkpoints, walked through the workflow at the smallest scale."""

import csv
from pathlib import Path

import pytest
import yaml

from stilts.files.fingerprint import ROOT

ASKED = {"scale": "smoke", "studies": ["multitask"]}
TOP = "smoke/multitask"


@pytest.fixture(scope="module")
def scored(source, tmp_path_factory):
    project = source.copy_to(tmp_path_factory.mktemp("several") / "project")
    outcome = project.snakemake(**ASKED)
    assert outcome.code == 0, outcome.text
    return project


def rows(project, file):
    with (project.folder / "results" / TOP / file).open() as stream:
        return list(csv.DictReader(stream))


def test_every_model_is_scored_on_every_task_and_no_target_is_trained(scored):
    found = {(row["chain"], row["target"]) for row in rows(scored, "scores.csv")}
    assert len(found) == 6 * 3 + 2
    assert all(row["new_heads"] == "0" for row in rows(scored, "scores.csv"))
    assert rows(scored, "runs.csv") == []
    assert not (scored.folder / "results" / TOP / "runs").exists()


def test_it_ends_in_tables_a_figure_and_a_page_and_there_is_nothing_left_to_do(scored):
    report = yaml.safe_load((ROOT / "studies/multitask/report.yaml").read_text())
    for part, ending in (("tables", "csv"), ("figures", "png")):
        made = {Path(file).stem for file in scored.files(f"{TOP}/{part}/*.{ending}")}
        assert made == set(report[part])
    page = (scored.folder / "results/smoke/report.html").read_text()
    assert "Fine-tuning minBERT" in page and "figure_s1" in page
    assert scored.snakemake(**ASKED).idle


def test_plan_and_status_tell_of_checkpoints_and_scores(scored):
    plan = scored.snakemake("plan", **ASKED).text
    assert "multitask fine-tunes no target: 8 checkpoints are trained and scored 20 times" in plan
    status = scored.snakemake("status", **ASKED).text
    assert "multitask: stages" in status and "20 of 20" in status


def test_a_deleted_score_comes_back_in_the_same_bytes(scored):
    files = scored.files(f"{TOP}/scores/**/*.json")
    assert len(files) == 20
    first = next(iter(files))
    (scored.folder / "results" / first).unlink()
    outcome = scored.snakemake(**ASKED)
    assert outcome.code == 0, outcome.text
    assert "train_stage" not in outcome.rules
    assert scored.files(f"{TOP}/scores/**/*.json") == files


def test_beside_another_study_what_only_narrows_that_one_leaves_this_one_out(scored):
    only = {"chains": ["none"], "targets": ["rte"], "grid": {"seed": [12]}}
    plan = scored.snakemake("-n", scale="smoke", studies=["rethinking", "multitask"], only=only)
    assert plan.code == 0, plan.text
    assert "note: config key 'only': nothing of study 'multitask' is left to run" in plan.text
    assert "finetune_targets_1" in plan.rules or "finetune_targets" in plan.rules
