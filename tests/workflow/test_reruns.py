import os
import time

import pytest

from tests.workflow.project import point, with_only

CHAINS = ["hellaswag-p", "none"]
RUN = f"smoke/rethinking/runs/roberta-large/hellaswag-p/rte/{point(16, 42)}.json"
# From the runs on: what any change above them reaches.
COLLECTED = {"collect_runs", "make_table", "draw_figure", "write_report"}


def test_a_second_run_has_nothing_to_do(finished):
    assert finished.ask().idle


def test_moving_the_folder_reruns_nothing(project):
    assert project.plan().idle


def test_touching_every_file_reruns_nothing(project):
    for path in sorted(project.folder.rglob("*")):
        if path.is_file() and ".snakemake" not in path.parts:
            path.touch()
    assert project.plan().idle


def test_touching_weights_too_large_to_be_digested_reruns_nothing(project):
    later = time.time() + 10
    for path in project.folder.glob("results/**/model.safetensors"):
        assert path.stat().st_size > 10_000
        os.utime(path, (later, later))
    assert project.plan("--max-checksum-file-size", "10000").idle


def test_comments_docstrings_and_blank_lines_rerun_nothing(project):
    training = project.folder / "stilts/training/loop.py"
    text = training.read_text()
    assert text.startswith('"""')
    training.write_text('"""Another docstring.\n\n' + text[3:] + "\n\n# Another comment\n")
    violins = project.folder / "stilts/evidence/figures/violins.py"
    violins.write_text("# A comment above all\n\n" + violins.read_text())
    assert project.plan().idle


def test_code_of_a_figure_redraws_that_figure_alone(project):
    tables = project.files("smoke/rethinking/tables/*")
    project.add_code("stilts/evidence/figures/violins.py")
    outcome = project.ask()
    assert outcome.code == 0
    assert outcome.made_by("draw_figure", "figure") == ["figure_2"]
    assert outcome.rules == {"draw_figure", "write_report"}
    assert project.files("smoke/rethinking/tables/*") == tables
    assert project.plan().idle


def test_code_of_a_table_rebuilds_that_table_alone(project):
    project.add_code("stilts/evidence/tables/best_of.py")
    plan = project.plan()
    assert plan.made_by("make_table", "table") == ["table_2"]
    assert plan.rules == {"make_table", "write_report"}


def test_code_of_training_reruns_training_and_what_stands_on_it(project):
    project.add_code("stilts/training/loop.py")
    plan = project.plan()
    assert plan.made_by("train_stage", "chain") == ["hellaswag-p"]
    assert plan.made_by("finetune_targets", "chain") == CHAINS
    assert plan.rules == {"train_stage", "finetune_targets", *COLLECTED}


def test_code_of_one_theme_poses_its_task_again_and_trains_no_checkpoint(project):
    project.add_code("stilts/tasks/miniature/themes/entailment.py")
    plan = project.plan()
    assert plan.made_by("make_task", "task") == ["rte"]
    assert plan.rules == {"make_task", "finetune_targets", *COLLECTED}


def test_code_of_one_generator_derives_its_task_again_and_spares_the_other_chain(project):
    project.add_code("stilts/tasks/generators/hellaswag_p.py")
    plan = project.plan()
    assert plan.made_by("derive_task", "task") == ["hellaswag-p"]
    assert plan.made_by("finetune_targets", "chain") == ["hellaswag-p"]
    assert plan.rules == {"derive_task", "train_stage", "finetune_targets", *COLLECTED}


def test_a_setting_of_one_target_reruns_its_runs_alone(project):
    plan = project.plan(settings={"targets": {"epochs": 10}, "tasks": {"rte": {"clip": 2.0}}})
    assert plan.made_by("finetune_targets", "chain") == CHAINS
    assert plan.rules == {"finetune_targets", "record_question", *COLLECTED}


def test_a_setting_of_the_study_reruns_the_runs_it_reaches(project):
    project.edit("studies/rethinking/study.yaml", "lr: {stated: 1.0e-5", "lr: {stated: 2.0e-5")
    plan = project.plan()
    assert plan.made_by("train_stage", "chain") == ["hellaswag-p"]
    assert plan.made_by("finetune_targets", "chain") == ["hellaswag-p"]
    assert plan.rules == {"train_stage", "finetune_targets", "record_question", *COLLECTED}


def test_the_protocol_of_the_released_code_reruns_training_but_neither_data_nor_models(project):
    plan = project.plan(protocol="released")
    assert plan.made_by("train_stage", "chain") == ["hellaswag-p"]
    assert plan.made_by("finetune_targets", "chain") == CHAINS
    assert plan.rules == {"train_stage", "finetune_targets", "record_question", *COLLECTED}
    assert "'clip_each': 'micro_batch'" in plan.text
    assert "'last_window': 'carry'" in plan.text


@pytest.mark.parametrize(
    "key, value", [("trials_per_job", 3), ("trials_per_gpu", 3), ("cuda_graphs", "never")]
)
def test_another_way_to_the_same_numbers_reruns_nothing(project, key, value):
    assert project.plan(**{key: value}).idle


def test_a_new_target_brings_its_own_data_and_runs_alone(project):
    plan = project.plan(**with_only(targets=["rte", "wic"]))
    assert plan.made_by("make_task", "task") == ["wic"]
    assert plan.made_by("finetune_targets", "target") == ["wic", "wic"]
    assert plan.rules == {"make_task", "finetune_targets", "record_question", *COLLECTED}


def test_a_new_seed_trains_the_new_points_alone(project):
    before, runs = project.stored(), project.files("smoke/rethinking/runs/**/*.json")
    assert len(before) == 8
    seeds = with_only(grid={"batch": [8], "seed": [12, 42, 7]})
    outcome = project.ask("runs", **seeds)
    assert outcome.code == 0
    after = project.stored()
    assert {key: after[key] for key in before} == before
    assert len(after) == 8 + 2
    now = project.files("smoke/rethinking/runs/**/*.json")
    assert {path: now[path] for path in runs} == runs
    assert sorted(set(now) - set(runs)) == [
        f"smoke/rethinking/runs/roberta-large/{chain}/rte/{point(8, 7)}.json" for chain in CHAINS
    ]


def test_a_deleted_run_is_restored_to_the_same_bytes_and_nothing_is_trained(project):
    before, runs = project.stored(), project.files("smoke/rethinking/runs/**/*.json")
    (project.folder / "results" / RUN).unlink()
    outcome = project.ask("runs")
    assert outcome.code == 0
    assert outcome.rules == {"finetune_targets", "collect_runs"}
    assert outcome.made_by("finetune_targets", "chain") == ["hellaswag-p"]
    assert project.files("smoke/rethinking/runs/**/*.json") == runs
    assert project.stored() == before
    log = "logs/smoke/rethinking/finetune_targets/roberta-large/hellaswag-p/rte.log"
    assert "4 of 4 trials are in the store" in (project.folder / log).read_text()


def test_any_deleted_run_is_restored_for_the_table_of_runs_and_leaves_nothing_to_do(project):
    folder = project.folder / "results/smoke/rethinking/runs/roberta-large/none/rte"
    table = project.folder / "results/smoke/rethinking/runs.csv"
    for file in [table, *sorted(folder.iterdir())[2:]]:
        file.unlink()
    outcome = project.ask("results/smoke/rethinking/runs.csv")
    assert outcome.rules == {"finetune_targets", "collect_runs"}
    assert len(list(folder.iterdir())) == 4
    assert project.ask().code == 0
    assert project.plan().idle


def test_fewer_seeds_collect_fewer_runs_and_train_nothing(project):
    fewer = with_only(grid={"batch": [8, 16], "seed": [12]})
    plan = project.plan(**fewer)
    assert plan.rules == {"record_question", *COLLECTED}
    assert project.ask("runs", **fewer).code == 0
    rows = (project.folder / "results/smoke/rethinking/runs.csv").read_text().splitlines()
    assert len(rows) == 1 + 2 * 2


def test_a_deleted_figure_is_drawn_again_to_the_same_bytes(project):
    figures = project.files("smoke/rethinking/figures/*")
    (project.folder / "results/smoke/rethinking/figures/figure_3.png").unlink()
    outcome = project.ask()
    assert outcome.made_by("draw_figure", "figure") == ["figure_3"]
    assert outcome.rules == {"draw_figure", "write_report"}
    assert project.files("smoke/rethinking/figures/*") == figures


def test_a_stage_trained_again_to_the_same_bytes_trains_no_run_again(project):
    before, runs = project.stored(), project.files("smoke/rethinking/runs/**/*.json")
    outcome = project.ask("runs", "--forcerun", "train_stage")
    assert outcome.code == 0
    assert outcome.rules == {"train_stage", "finetune_targets", "collect_runs"}
    assert project.stored() == before
    assert project.files("smoke/rethinking/runs/**/*.json") == runs
