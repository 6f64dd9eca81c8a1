import re
import shutil

import pytest

from stilts.question.ask import ask
from stilts.question.cells import Cell
from stilts.question.parts import ANY
from stilts.question.paths import NOTHING, Layout
from tests.toys.studies import write_study

STUDY = "rethinking"


@pytest.fixture
def layout(root, config):
    return lambda **changes: Layout(ask({**config, **changes}, root))


def test_artefacts_lie_where_the_contract_says(layout):
    found = layout(scale="mini")
    top, model = "results/mini", "roberta-large"
    assert found.data_folder("rte") == f"{top}/data/rte"
    assert found.checkpoint(STUDY, model, "none") == f"{top}/models/{model}/manifest.json"
    chain = "hellaswag-p@2000"
    folder = f"{top}/{STUDY}/checkpoints/{model}/{chain}"
    assert found.checkpoint(STUDY, model, chain) == f"{folder}/manifest.json"
    assert found.question_file() == f"{top}/config.yaml"
    assert f"{top}/{STUDY}/scores/{model}/none/socialiqa.json" in found.scores(STUDY)


def test_a_run_file_is_named_by_model_chain_target_and_point(layout):
    found = layout(scale="paper", only={"chains": ["none"], "targets": ["cola"]})
    folder = f"results/paper/{STUDY}/runs/roberta-large/none/cola"
    (cell,) = found.question.plans[STUDY].cells
    files = found.cell_runs(STUDY, cell)
    assert found.run_folder(STUDY, cell) == folder
    assert found.collected_runs(STUDY) == [
        {"folders": [folder], "points": list(found.question.plans[STUDY].points[cell])}
    ]
    assert len(files) == 36
    assert f"{folder}/lr5e-06_bs8_wu0_s12.json" in files
    assert all(file.startswith(folder) for file in files)


def test_a_stage_starts_from_the_checkpoint_before_it(layout):
    found = layout()
    first = found.parent_checkpoint(STUDY, "roberta-large", "cola")
    assert first == "results/mini/models/roberta-large/manifest.json"
    second = found.parent_checkpoint(STUDY, "roberta-large", "cola+rte")
    assert second == found.checkpoint(STUDY, "roberta-large", "cola")
    assert found.stage_data(STUDY, "cola+hellaswag-p@2000") == [
        "results/mini/data/hellaswag-p/manifest.json"
    ]


@pytest.mark.parametrize("size", [1, 5, 36, 100])
def test_shards_cover_every_point_once(layout, size):
    found = layout(trials_per_job=size)
    parts, plan = found.parts, found.question.plans[STUDY]
    for cell, points in plan.points.items():
        made = [point for part in parts if cell in part.cells for point in part.points(cell)]
        assert made == list(points)
    assert all(0 < len(part.runs) <= size for part in parts)
    # The grid, with what of none stands apart, and by itself; the controls; a square, whose five
    # walks differ in their seed alone; a row of it for chains without a seed of their own.
    counts = [36 + 5, 36, 6, 5 * 5, 5]
    assert len({part.rule for part in parts}) == len(parts) == sum(-(-n // size) for n in counts)
    assert (parts[0].rule == "finetune_targets") == (len(parts) == 1)


def test_two_studies_have_rules_of_their_own(own_root, config):
    shutil.copytree(own_root / "studies/rethinking", own_root / "studies/mine")
    question = ask({**config, "studies": [STUDY, "mine"], "trials_per_job": 20}, own_root)
    rules = [part.rule for part in Layout(question).parts]
    assert len(set(rules)) == len(rules) == 2 * (3 + 2 + 1 + 2 + 1)


def test_each_cell_is_made_by_the_rules_of_its_own_points_alone(own_root, config):
    sweeps = {
        "tied": {"chains": ["none", "cola", "wic@5"], "targets": ["rte", "wic"], "tie": "seed"},
        "more": {"chains": ["none"], "targets": ["rte"], "grid": {"seed": {"stated": [3]}}},
    }
    settings = {"targets": {"lr": {"stated": 1e-5}}}
    models = ["roberta-large", "gpt2-medium"]
    study = write_study(own_root, sweeps=sweeps, settings=settings, models=models)
    question = ask({**config, "studies": [study], "trials_per_job": 3}, own_root)
    layout, plan = Layout(question), question.plans[study]
    # `none` on RTE has a point more than on WiC; the walks of both seeds are cut as one set.
    assert len({part.rule for part in layout.parts}) == len(layout.parts) == 2 + 2 + 2
    made = {cell: [] for cell in plan.cells}
    for part in layout.parts:
        marks = "|".join(map(re.escape, part.marks))
        form = f"(?P<model>{part.model})/(?P<chain>{ANY}(?:{marks}))/(?P<target>{ANY})/x.json"
        found = [cell for cell in plan.cells if re.fullmatch(form, "/".join((*cell, "x.json")))]
        assert set(found) == set(part.cells)
        for cell in found:
            match = re.fullmatch(form, "/".join((*cell, "x.json")))
            assert Cell(**match.groupdict()) == cell
            made[cell] += part.points(cell)
    assert made == {cell: list(points) for cell, points in plan.points.items()}


@pytest.mark.parametrize(("size", "jobs"), [(36, 1), (2, 2), (1, 3)])
def test_walks_that_differ_in_their_seed_alone_are_one_job(own_root, config, size, jobs):
    sweeps = {"tied": {"chains": ["none", "cola"], "targets": ["rte"], "tie": "seed"}}
    settings = {"targets": {"lr": {"stated": 1e-5}}}
    grid = {"seed": {"stated": [1, 2, 3]}}
    study = write_study(own_root, sweeps=sweeps, settings=settings, grid=grid)
    layout = Layout(ask({**config, "studies": [study], "trials_per_job": size}, own_root))
    parts = [part for part in layout.parts if part.marks != [""]]
    assert len(parts) == jobs
    files = [file for part in parts for file in part.files("{chain}<mark>/{target}/<point>.json")]
    assert files == [f"{{chain}}^{seed}/{{target}}/s{seed}.json" for seed in (1, 2, 3)]
    for part in parts:
        assert [cell.chain for cell in part.cells] == [f"cola{mark}" for mark in part.marks]


def test_cells_of_one_set_of_points_have_rules_that_look_at_nothing(layout):
    found = layout(trials_per_job=12, only={"chains": ["none", "hellaswag"]})
    assert {part.model for part in found.parts} == {ANY}


def test_every_task_and_model_is_made_by_the_rule_whose_pattern_has_it(layout, scale):
    found = layout(scale=scale)
    rules = ("fetch_task", "make_task", "derive_task", "generate_synthesis")
    made = [task for rule in rules for task in found.tasks_made_by(rule).split("|")]
    made = [task.replace("\\", "") for task in made if task != NOTHING]
    assert sorted(made) == sorted(found.question.tasks)
    models = [found.models_made_by(rule) for rule in ("fetch_model", "pretrain_model")]
    assert sorted(models) == sorted([NOTHING, r"roberta\-large|gpt2\-medium"])
