import pytest

from stilts.question.ask import ask
from stilts.question.paths import Layout
from stilts.question.targets import Targets
from tests.toys.studies import write_study

STUDY = "rethinking"


@pytest.fixture
def targets(root, config):
    return lambda **changes: Targets(Layout(ask({**config, **changes}, root)))


def test_targets_ask_for_what_the_contract_names(targets):
    found = targets(scale="mini")
    top = "results/mini"
    folder = f"{top}/{STUDY}/checkpoints/roberta-large/hellaswag-p@2000"
    assert {f"{folder}/manifest.json", f"{folder}/model.safetensors"} <= {*found.checkpoints()}
    assert f"{top}/data/rte/manifest.json" in found.data()
    assert f"{top}/{STUDY}/tables/table_2.csv" in found.tables()
    assert f"{top}/{STUDY}/figures/figure_2.png" in found.figures()
    assert {f"{top}/{STUDY}/runs.csv", f"{top}/{STUDY}/scores.csv"} <= {*found.runs()}
    assert {f"{top}/config.yaml", f"{top}/report.html"} <= {*found.everything()}


@pytest.mark.parametrize("gone", ["runs/{}.json", "predictions/{}.parquet"])
def test_a_target_asks_for_one_file_of_each_job_and_for_a_missing_one(
    targets, tmp_path, monkeypatch, gone
):
    monkeypatch.chdir(tmp_path)
    only = {"chains": ["none"], "targets": ["rte"]}
    found = targets(only=only, trials_per_job=12)
    (only_cell,) = found.question.plans[STUDY].cells
    first, second, third = (part.points(only_cell) for part in found.layout.parts)
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


def test_every_target_lists_what_it_stands_on_once(targets, scale):
    found = targets(scale=scale)
    plan = found.question.plans[STUDY]
    files = [*found.data(), *found.checkpoints(), *found.runs(), *found.tables(), *found.figures()]
    assert len(set(files)) == len(files)
    more = 3  # of none there are 36 runs and 5 that stand apart: a second job
    assert len(found.asked_runs(STUDY)) == len(plan.cells) + more
    # Manifest and weights of both models and of each chain's checkpoint.
    assert len(found.checkpoints()) == 2 * (2 + len(plan.checkpoints))
    assert len(plan.checkpoints) == 7 + 4 + 2 * 5 + 5, "of the paper, its controls and seeds"


def test_a_narrowed_question_shows_what_it_has_something_for(targets):
    found = targets(only={"chains": ["none", "hellaswag"], "targets": ["rte"]})
    assert "figure_2" in found.shown(STUDY, "figures")
    assert "figure_4" not in found.shown(STUDY, "figures")
    assert "table_3" not in found.shown(STUDY, "tables")


def test_what_stands_apart_is_shown_where_it_is_asked_for(targets):
    narrowed, alone = (
        targets(only=only).shown(STUDY, "tables")
        for only in ({"chains": ["none", "synthesis-gpt2"]}, {"sweeps": ["seeds"]})
    )
    assert "stability" in narrowed and "variance" not in narrowed
    assert "variance" in alone and "stability" not in alone


def test_a_whole_question_shows_every_table_and_figure_of_the_paper(targets, scale):
    found = targets(scale=scale)
    for kind in ("tables", "figures"):
        assert list(found.shown(STUDY, kind)) == list(found.layout.reports[STUDY][kind])
    assert {"figure_2", "figure_3", "figure_4"} <= set(found.shown(STUDY, "figures"))
    tables = {"table_1", "table_2", "table_3", "table_4", "section_4_2", "paper_vs_ours"}
    assert tables <= set(found.shown(STUDY, "tables"))


def test_what_shows_a_chain_shows_it_under_each_of_its_seeds(own_root, config):
    tied = {"main": {"chains": ["none", "cola"], "targets": ["rte"], "tie": "seed"}}
    study = write_study(own_root, sweeps=tied)
    layout = Layout(ask({**config, "studies": [study]}, own_root))
    layout.reports[study]["tables"] = {
        "shown": {"chains": ["cola"], "targets": ["rte"]},
        "not": {"chains": ["wic"], "targets": ["rte"]},
    }
    assert list(Targets(layout).shown(study, "tables")) == ["shown"]


def test_what_shows_a_model_that_is_left_out_is_not_shown(own_root, config):
    models = ["roberta-large", "gpt2-medium"]
    sweeps = {"main": {"chains": ["none", "cola"], "targets": ["rte"]}}
    study = write_study(own_root, sweeps=sweeps, models=models)
    only = {"models": ["roberta-large"]}
    layout = Layout(ask({**config, "studies": [study], "only": only}, own_root))
    layout.reports[study]["tables"] = {
        "of_all": {},
        "of_one": {"model": "roberta-large"},
        "of_the_other": {"model": "gpt2-medium"},
        "of_both": {"models": models},
        "misspelt": {"model": "roberta-lrage"},  # the table says so
    }
    assert list(Targets(layout).shown(study, "tables")) == ["of_all", "of_one", "misspelt"]
