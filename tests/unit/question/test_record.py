import pytest
import yaml

from stilts.question.ask import ask
from stilts.question.record import record

MODEL = "roberta-large"


def stated(**settings):
    return {name: {"stated": value} for name, value in settings.items()}


@pytest.fixture
def recorded(question):
    return lambda *args, **changes: record(question(*args, **changes))["studies"]["mine"]


def test_the_record_tells_each_setting_with_its_origin(root, config, scale):
    found = record(ask({**config, "scale": scale}, root))
    text = yaml.safe_dump(found)
    assert found == yaml.safe_load(text) and "&id" not in text
    study = found["studies"]["rethinking"]
    assert study["runs"] == 1584 - 36 * len(study["unavailable"]) + 6 * 12
    assert [(grid["points"], grid["cells"]) for grid in study["grids"]] == [
        (36, 44 - len(study["unavailable"])),
        (6, 12),  # the controls
    ]
    settings = [*study["settings"]["targets"].values(), *study["settings"]["generators"].values()]
    settings += [
        stage["settings"] for chain in study["chains"].values() for stage in chain["stages"]
    ]
    origins = {"stated", "code", "assumed", "scale", "config", "chain"}
    for block in settings:
        assert all(len(set(item) - {"where"}) == 1 for item in block.values())
        assert all(set(item) & origins for item in block.values())
    (stage,) = study["chains"]["hellaswag"]["stages"]
    assert stage["settings"]["warmup"]["code"] == 0.1
    assert "top_p" in study["settings"]["generators"]["synthesis_gpt2"]


def test_what_changes_no_answer_is_not_recorded(root, config):
    handled = {"trials_per_job": 5, "trials_per_gpu": 3, "snapshot_minutes": 1}
    assert record(ask({**config, **handled}, root)) == record(ask(config, root))


def test_a_recorded_question_can_be_asked_again(root, config):
    question = ask({**config, "only": {"chains": ["none", "cola"], "targets": ["rte"]}}, root)
    again = ask({**config, **record(question)["config"]}, root)
    assert record(again) == record(question)


def test_tasks_are_titled_those_that_the_reader_leaves_out_included(root, config):
    only = {"chains": ["none"], "targets": ["rte"]}
    tasks = record(ask({**config, "scale": "paper", "only": only}, root))["tasks"]
    assert tasks["mednli"] == {"title": "MedNLI", "kind": "classification"}
    assert tasks["hellaswag-p"]["title"] == "HellaSwag-p"


def test_cells_say_how_many_points_they_should_have(recorded):
    sweeps = {
        "main": {"chains": ["none", "cola"], "targets": ["rte"], "tie": "seed"},
        "more": {
            "chains": ["none"],
            "targets": ["rte", "wic"],
            "grid": stated(seed=[2, 3], lr=[1e-5]),
        },
    }
    found = recorded({"scale": "paper"}, sweeps=sweeps)
    assert found["cells"] == {
        MODEL: {"none": {"rte": 5, "wic": 2}, "cola^1": {"rte": 2}, "cola^2": {"rte": 2}}
    }
    assert found["runs"] == 11
    assert found["axes"] == {"lr": [1e-5, 2e-5], "seed": [1, 2, 3]}
    assert found["grids"][0] == {"axes": found["axes"], "points": 5, "cells": 1}
    assert sum(grid["cells"] for grid in found["grids"]) == 4


def test_an_empty_grid_has_a_point_and_no_axes(recorded):
    found = recorded({"scale": "paper"}, grid={}, settings={"targets": stated(lr=1e-5, seed=1)})
    assert found["grids"] == [{"axes": {}, "points": 1, "cells": 4}]
    assert found["axes"] == {}


def test_chains_are_told_stage_by_stage(recorded):
    found = recorded(
        {"scale": "mini"},
        sweeps={"main": {"chains": ["cola~wic@1000=a+rte^7"], "targets": ["rte"]}},
        scores={"all": {"chains": ["none", "cola~wic@1000=a+rte^7"], "tasks": ["wic", "cola"]}},
        settings={"variants": {"a": stated(freeze="encoder", watch=["rte"])}},
    )
    assert list(found["chains"]) == ["none", "cola~wic@1000=a^7", "cola~wic@1000=a+rte^7"]
    assert found["chains"]["none"] == {"seed": None, "stages": []}
    first, second = found["chains"]["cola~wic@1000=a+rte^7"]["stages"]
    assert found["chains"]["cola~wic@1000=a^7"] == {"seed": 7, "stages": [first]}
    assert (first["tasks"], first["size"], first["variant"]) == (["cola", "wic"], 20, "a")
    assert (first["watch"], second["watch"]) == (["rte"], [])
    assert first["settings"]["freeze"] == {"stated": "encoder"}
    assert first["settings"]["seed"] == {"chain": 7, "where": "^7"}
    assert set(first["posed"]) == {"cola", "wic", "rte"}
    assert "max_tokens" not in first["settings"] and "max_tokens" in second["settings"]
    assert found["scores"] == {
        MODEL: {"none": ["wic", "cola"], "cola~wic@1000=a+rte^7": ["wic", "cola"]}
    }
