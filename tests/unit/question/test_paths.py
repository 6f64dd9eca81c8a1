import shutil

import pytest

from stilts.files.fingerprint import ROOT
from stilts.question.ask import ask
from stilts.question.paths import NOTHING, Layout

STUDY = "rethinking"


@pytest.fixture
def layout(root, config):
    return lambda **changes: Layout(ask({**config, **changes}, root), ROOT)


def test_artefacts_lie_where_the_contract_says(layout):
    found = layout(scale="mini")
    top, model = "results/mini", "roberta-large"
    assert found.data_folder("rte") == f"{top}/data/rte"
    assert found.checkpoint(STUDY, model, "none") == f"{top}/models/{model}/manifest.json"
    chain = "hellaswag-p@2000"
    folder = f"{top}/{STUDY}/checkpoints/{model}/{chain}"
    assert found.checkpoint(STUDY, model, chain) == f"{folder}/manifest.json"
    assert f"{folder}/model.safetensors" in found.checkpoints()
    assert f"{top}/data/rte/manifest.json" in found.data()
    assert found.question_file() == f"{top}/config.yaml"
    assert f"{top}/{STUDY}/tables/table_2.csv" in found.tables()
    assert f"{top}/{STUDY}/figures/figure_2.png" in found.figures()
    assert f"{top}/{STUDY}/runs.csv" in found.runs()


def test_a_run_file_is_named_by_model_chain_target_and_point(layout):
    found = layout(scale="paper", only={"chains": ["none"], "targets": ["rte"]})
    folder = f"results/paper/{STUDY}/runs/roberta-large/none/rte"
    (cell,) = found.question.plans[STUDY].cells
    files = found.cell_runs(STUDY, cell)
    assert found.run_folders(STUDY) == [folder]
    assert len(files) == 36
    assert f"{folder}/lr5e-06_bs8_wu0_s12.json" in files
    assert all(file.startswith(folder) for file in files)


def test_a_stage_starts_from_the_checkpoint_before_it(layout):
    found = layout()
    first = found.parent_checkpoint(STUDY, "roberta-large", "cola")
    assert first == "results/mini/models/roberta-large/manifest.json"
    second = found.parent_checkpoint(STUDY, "roberta-large", "cola+rte")
    assert second == found.checkpoint(STUDY, "roberta-large", "cola")
    assert found.stage_data("cola+hellaswag-p@2000") == [
        "results/mini/data/hellaswag-p/manifest.json"
    ]


@pytest.mark.parametrize("size", [1, 5, 36, 100])
def test_shards_cover_every_point_once(layout, size):
    found = layout(trials_per_job=size)
    parts = list(found.parts())
    points = [point for part in parts for point in part.points]
    assert points == list(found.question.plans[STUDY].points)
    assert all(0 < len(part.points) <= size for part in parts)
    assert len({part.rule for part in parts}) == len(parts) == -(-36 // size)
    assert (parts[0].rule == "finetune_targets") == (len(parts) == 1)


@pytest.mark.parametrize("gone", ["runs/{}.json", "predictions/{}.parquet"])
def test_a_target_asks_for_one_file_of_each_job_and_for_a_missing_one(
    layout, tmp_path, monkeypatch, gone
):
    monkeypatch.chdir(tmp_path)
    only = {"chains": ["none"], "targets": ["rte"]}
    found = layout(only=only, trials_per_job=12)
    first, second, third = (part.points for part in found.parts())
    cell = f"results/mini/{STUDY}/{{}}/roberta-large/none/rte/{{}}"
    assert found.asked_runs(STUDY) == [
        cell.format("runs", f"{part[0]}.json") for part in (first, second, third)
    ]
    for point in (*first, *second):
        for kind, ending in (("runs", "json"), ("predictions", "parquet")):
            file = tmp_path / cell.format(kind, f"{point}.{ending}")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
    kind, name = gone.format(second[7]).split("/")
    (tmp_path / cell.format(kind, name)).unlink()
    assert found.asked_runs(STUDY) == [
        cell.format("runs", f"{first[0]}.json"),
        cell.format(kind, name),
        cell.format("runs", f"{third[0]}.json"),
    ]


def test_two_studies_have_rules_of_their_own(own_root, config):
    shutil.copytree(own_root / "studies/rethinking", own_root / "studies/mine")
    question = ask({**config, "studies": [STUDY, "mine"], "trials_per_job": 20}, own_root)
    rules = [part.rule for part in Layout(question, own_root).parts()]
    assert len(set(rules)) == len(rules) == 4


def test_every_target_lists_what_it_stands_on_once(layout, scale):
    found = layout(scale=scale)
    plan = found.question.plans[STUDY]
    files = [*found.data(), *found.checkpoints(), *found.runs(), *found.tables(), *found.figures()]
    assert len(set(files)) == len(files)
    assert len(found.asked_runs(STUDY)) == len(found.run_folders(STUDY)) == len(plan.cells)
    # Manifest and weights of both models and of each chain's checkpoint.
    assert len(found.checkpoints()) == 2 * (2 + len(plan.checkpoints))
    assert len(plan.checkpoints) == 7


def test_every_task_and_model_is_made_by_the_rule_whose_pattern_has_it(layout, scale):
    found = layout(scale=scale)
    rules = ("fetch_task", "make_task", "derive_task", "generate_synthesis")
    made = [task for rule in rules for task in found.tasks_made_by(rule).split("|")]
    made = [task.replace("\\", "") for task in made if task != NOTHING]
    assert sorted(made) == sorted(found.question.tasks)
    models = [found.models_made_by(rule) for rule in ("fetch_model", "pretrain_model")]
    assert sorted(models) == sorted([NOTHING, r"roberta\-large|gpt2\-medium"])


def test_a_narrowed_question_shows_what_it_has_something_for(layout):
    found = layout(only={"chains": ["none", "hellaswag"], "targets": ["rte"]})
    assert "figure_2" in found.shown(STUDY, "figures")
    assert "figure_4" not in found.shown(STUDY, "figures")
    assert "table_3" not in found.shown(STUDY, "tables")


def test_a_whole_question_shows_every_table_and_figure_of_the_paper(layout, scale):
    found = layout(scale=scale)
    for kind in ("tables", "figures"):
        assert list(found.shown(STUDY, kind)) == list(found.reports[STUDY][kind])
    assert {"figure_2", "figure_3", "figure_4"} <= set(found.shown(STUDY, "figures"))
    tables = {"table_1", "table_2", "table_3", "table_4", "section_4_2", "paper_vs_ours"}
    assert tables <= set(found.shown(STUDY, "tables"))


def test_every_table_and_figure_names_a_module_that_is_there(layout):
    found = layout()
    for study, report in found.reports.items():
        modules = [found.table_module(study, name) for name in report["tables"]]
        modules += [found.figure_module(study, name) for name in report["figures"]]
        for module in modules:
            assert ROOT.joinpath(*module.split(".")).with_suffix(".py").is_file(), module


def test_every_theme_and_generator_is_a_module_that_is_there(layout):
    found = layout(scale="mini")
    for task in found.question.tasks:
        derived = found.question.catalogue.tasks[task].derive
        module = found.generator_module(task) if derived else found.theme_module(task)
        assert ROOT.joinpath(*module.split(".")).with_suffix(".py").is_file(), module
