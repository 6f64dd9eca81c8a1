"""The real thing, as far as it can be seen before anything is fetched."""

import pytest

RUN = "results/paper/rethinking/runs/"
SEEDS = 2 * 3  # two chains and three targets: five walks of five runs each, one job
APART = SEEDS + 3 * 3 + 3  # intermediate seeds, negative controls, and more of none


@pytest.fixture(scope="module")
def without(source):
    return source.snakemake("--dry-run", scale="paper", studies=["rethinking"])


@pytest.fixture(scope="module")
def complete(source, tmp_path_factory):
    project = source.copy_to(tmp_path_factory.mktemp("paper") / "project")
    folder = project.folder / "data/mednli"
    folder.mkdir(parents=True)
    for name in ("mli_train_v1.jsonl", "mli_dev_v1.jsonl"):
        (folder / name).write_text("{}\n")
    return project.snakemake("--dry-run", scale="paper", studies=["rethinking"])


def runs(plan):
    jobs = [job for job in plan.jobs if job.rule.startswith("finetune_targets")]
    return jobs, {path for job in jobs for path in job.outputs if path.startswith(RUN)}


def test_the_whole_study_is_1584_runs_in_44_jobs_and_more_of_controls_and_seeds(complete):
    assert complete.code == 0, complete.text
    jobs, files = runs(complete)
    assert len(jobs) == 44 + 12 + APART
    assert len(files) == 1584 + 72 + 210
    assert "not available" not in complete.text


def test_without_its_files_mednli_is_left_out_and_the_reader_told_how_to_supply_them(without):
    assert without.code == 0, without.text
    told = [line for line in without.text.splitlines() if line.startswith("not available:")]
    assert told == [
        "not available: MedNLI: ask for access at physionet.org/content/mednli and put "
        "mli_train_v1.jsonl and mli_dev_v1.jsonl into data/mednli/"
    ]
    jobs, files = runs(without)
    assert len(jobs) == 44 - 6 + 12 + APART
    assert len(files) == 1584 - 6 * 36 + 72 + 210
    assert "mednli" not in {job.wildcards["target"] for job in jobs}
    assert "mednli" not in without.made_by("fetch_task", "task")


def test_every_stage_is_trained_once(complete):
    assert complete.made_by("train_stage", "chain") == [
        "cola",
        "hella-sh",
        "hellaswag",
        "hellaswag-p",
        "hellaswag-p@10000",
        "hellaswag-p@10000=equal-10k",
        "hellaswag-p@2000",
        "hellaswag-p@2000=equal-2k",
        *(f"hellaswag-p^{seed}" for seed in (1, 2, 3, 4, 42)),
        "rte=equal-rte",
        "synthesis-gpt2",
        "synthesis-gpt2=new-head",
        "synthesis-gpt2=random",
        *(f"synthesis-gpt2^{seed}" for seed in (1, 2, 3, 4, 42)),
        "synthesis-shuffled",
        "synthesis-text",
        "wic=equal-wic",
        "winogrande-m=equal-m",
    ]


def test_smaller_jobs_are_more_jobs_for_the_same_files(source, without):
    cut = source.snakemake("--dry-run", scale="paper", studies=["rethinking"], trials_per_job=12)
    jobs = [job for job in cut.jobs if job.rule.startswith("finetune_targets_")]
    assert len(jobs) == 3 * 38 + 12 + APART + 2 * SEEDS
    files = {path for job in jobs for path in job.outputs if path.startswith(RUN)}
    assert files == runs(without)[1]


def test_studies_without_their_files_are_left_out_with_the_way_to_have_them(source):
    plan = source.snakemake("--dry-run", scale="paper", studies=["rethinking", "multitask"])
    assert plan.code == 0, plan.text
    assert "multitask" not in plan.made_by("train_stage", "study")
    (note,) = [line for line in plan.text.splitlines() if line.startswith("note: nothing of study")]
    assert "'multitask' is left to run, as files of quora-course, sst-course, sts-course" in note
    assert "put the course's files into data/minbert, or take study multitask with" in note
    alone = source.snakemake("--dry-run", scale="paper", studies=["multitask"])
    assert alone.code == 1 and len(alone.errors) == 1
    assert alone.errors[0].endswith(note.removeprefix("note: "))
    hub = source.snakemake("--dry-run", scale="paper", studies=["multitask"], protocol="hub")
    assert hub.code == 0, hub.text
    assert hub.made_by("fetch_task", "task") == ["quora-course", "sst-course", "sts-course"]
