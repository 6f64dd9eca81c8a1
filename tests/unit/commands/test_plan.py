import pytest

from stilts.commands.costs import lay_out
from stilts.commands.expected import expected_jobs
from stilts.commands.plan import estimate, plan_text
from stilts.files.store import Store
from stilts.question.ask import ask
from stilts.question.paths import Layout
from tests.toys.studies import write_study

SWEEPS = {
    "tied": {"chains": ["none", "cola"], "targets": ["rte"], "tie": "seed"},
    "once": {"chains": ["none"], "targets": ["wic"], "grid": {}},
}
SETTINGS = {"targets": {"lr": {"stated": 1e-5}, "seed": {"assumed": 3}}}


@pytest.fixture
def layout(own_root, config, monkeypatch):
    def build(**changes):
        study = write_study(own_root, **{"sweeps": SWEEPS, "settings": SETTINGS, **changes})
        return Layout(ask({**config, "studies": [study]}, own_root))

    monkeypatch.chdir(own_root)
    return build


@pytest.fixture
def store(own_root):
    return Store(own_root / "store")


def test_each_run_costs_what_its_own_point_says(layout, store):
    grid = {"epochs": {"stated": [1, 3]}, "max_tokens": {"stated": [10, 40]}}
    found = layout(grid=grid, sweeps={"main": {"chains": ["none"], "targets": ["rte"]}})
    (cell,) = lay_out(found)["cells"]
    rows = cell["rows"]["train"]
    assert estimate(cell, store, "cpu").tokens == rows * (10 + 40) * (1 + 3)
    assert estimate(cell, store, "cpu").to_train == 4


def test_a_plan_counts_the_points_of_each_cell(layout, store):
    text = plan_text(lay_out(layout()), store, "cpu")
    counts = {
        line.split()[2]: int(line.split()[3]) for line in text.splitlines() if "mine robe" in line
    }
    assert counts == {"none": 4 + 1, "cola^1": 2, "cola^2": 2}


def test_every_job_of_a_sweep_has_the_files_of_its_own_points(layout):
    found = layout(scores={"all": {"chains": ["cola^1"], "tasks": ["cola"]}})
    jobs = {job.log: job for job in expected_jobs(found)}
    # Walks that differ in their seed alone share a log: one job makes them.
    trained = [job for job in expected_jobs(found) if job.stage == "mine: trials"]
    files = [file for job in trained for file in job.files]
    plan = found.question.plans["mine"]
    assert sorted(files) == sorted(f for cell in plan.cells for f in found.cell_runs("mine", cell))
    assert all(job.cost > 0 for job in trained)
    scored = jobs["logs/mini/mine/score_checkpoint/roberta-large/cola^1/cola.log"]
    assert scored.files == ("results/mini/mine/scores/roberta-large/cola^1/cola.json",)


def test_a_plan_says_which_differences_could_be_found(layout, store):
    grid = {"seed": {"stated": [1, 2, 3, 4, 5]}}
    sweeps = {"main": {"chains": ["none", "cola"], "targets": ["rte", "wic"]}}
    text = plan_text(lay_out(layout(grid=grid, sweeps=sweeps)), store, "cpu")
    assert "Seen at 80 % in mine: differences of 1.7 with 5 seeds (4 means)" in text


def test_seeds_that_are_tied_count_once_and_crossed_ones_both_ways(layout, store):
    walks = [f"cola^{seed}" for seed in (1, 2, 3, 4, 5)]
    crossed = {"main": {"chains": ["none", *walks], "targets": ["rte"]}}
    grid = {"seed": {"stated": [1, 2, 3, 4, 5]}}
    text = plan_text(lay_out(layout(grid=grid, sweeps=crossed)), store, "cpu")
    assert "1.7 with 5 seeds (1 means)" in text and "with 5 × 5 seeds (1 means)" in text
    tied = {"main": {"chains": ["cola"], "targets": ["rte"], "tie": "seed"}}
    text = plan_text(lay_out(layout(grid=grid, sweeps=tied)), store, "cpu")
    assert "differences of 1.7 with 5 seeds (1 means)" in text
