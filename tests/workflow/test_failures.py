import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.workflow.project import with_only

RUNS = "smoke/rethinking/runs/roberta-large/none/rte/*_bs8_*"
DAMAGED = "results/smoke/data/rte/train.parquet"
CHANGED = {
    "settings": {"targets": {"epochs": 10}, "tasks": {"rte": {"clip": 2.0}}},
    **with_only(chains=["none"], grid={"batch": [8]}),
}


@pytest.fixture(scope="module")
def failed(finished, tmp_path_factory):
    """The finished project, in which a changed setting met damaged data; and what was printed."""
    project = finished.copy_to(tmp_path_factory.mktemp("failed") / "project")
    path = project.folder / DAMAGED
    path.write_bytes(path.read_bytes()[:-1] + b"?")  # behind the back of the manifest
    return project, project.ask(**CHANGED)


def test_damaged_data_fail_in_one_line_with_the_file_and_the_remedy(failed):
    project, outcome = failed
    log = "logs/smoke/rethinking/finetune_targets/roberta-large/none/rte.log"
    assert outcome.code == 1
    assert outcome.errors == [
        f"error: {DAMAGED} was changed after its manifest: delete the folder and rerun (log: {log})"
    ]
    assert "Traceback" not in outcome.text
    assert "Traceback" in (project.folder / log).read_text()


def test_a_failed_job_leaves_nothing_half_written(failed):
    project, _ = failed
    assert project.files(RUNS) == {}
    assert project.litter() == []


@pytest.mark.parametrize("target", ["all", "figures", "tables"])
def test_after_a_failed_job_no_figure_or_table_passes_for_current(failed, target):
    project, _ = failed
    assert project.files("smoke/rethinking/figures/figure_2.png")
    plan = project.plan(target, **CHANGED)
    assert plan.made_by("finetune_targets", "chain") == ["none"]
    assert plan.rules >= ({"make_table"} if target == "tables" else {"draw_figure"})


def test_the_remedy_that_an_error_names_works(failed, tmp_path):
    project = failed[0].copy_to(tmp_path / "project")
    shutil.rmtree((project.folder / DAMAGED).parent)
    outcome = project.ask("runs", **CHANGED)
    assert outcome.code == 0
    assert outcome.made_by("make_task", "task") == ["rte"]
    assert len(project.files(RUNS)) == 2


def test_a_file_of_the_mirror_that_is_cut_short_fails_in_one_line(fresh, tmp_path):
    folder = tmp_path / "hub/aps/super_glue/rte"
    folder.mkdir(parents=True)
    rows = [{"premise": "a", "hypothesis": "b", "label": 0}] * 8
    for split in ("train", "validation"):
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{split}-00000-of-00001.parquet")
    file = folder / "validation-00000-of-00001.parquet"
    file.write_bytes(file.read_bytes()[:-20])
    task = "results/paper/data/rte"
    outcome = fresh.snakemake(f"{task}/manifest.json", scale="paper", mirror=str(tmp_path / "hub"))
    assert outcome.code == 1
    (error,) = outcome.errors
    assert error.startswith(f"error: {file} is not a whole parquet file")
    assert "fetch it again (log: logs/paper/fetch_task/rte.log)" in error
    assert fresh.files("paper/data/rte/*") == {}
    assert fresh.litter() == []


def test_a_mirror_without_the_data_set_says_which_it_has(fresh, tmp_path):
    (tmp_path / "hub/nyu-mll/glue").mkdir(parents=True)
    outcome = fresh.snakemake(
        "results/paper/data/rte/manifest.json", scale="paper", mirror=str(tmp_path / "hub")
    )
    assert outcome.code == 1
    (error,) = outcome.errors
    assert "has no data set 'aps/super_glue'; it has: nyu-mll/glue" in error
