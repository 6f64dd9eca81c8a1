import pytest

MISTAKES = {
    "an unknown key": (
        {"nonsense": 1},
        "config: unknown key 'nonsense'; allowed: budget, cuda_graphs, device, ",
    ),
    "a key of one letter too many": (
        {"limits": {"trains": 5}},
        "config key 'limits': unknown key 'trains'; allowed: train, validation",
    ),
    "an unknown scale": (
        {"scale": "huge"},
        "config key 'scale': unknown scale 'huge'; allowed: mini, paper, smoke",
    ),
    "an unknown target": ({"only": {"targets": ["nobody"]}}, "unknown task 'nobody'; allowed: "),
    "an empty axis": ({"only": {"grid": {"lr": []}}}, "config key 'only.grid.lr': [] should be"),
    "an empty grid": ({"only": {"grid": {}}}, "config key 'only.grid': {} should be non-empty"),
    "no number": ({"only": {"grid": {"lr": ["fast"]}}}, "'fast' is not a number"),
    "a setting of another type": (
        {"settings": {"tasks": {"rte": {"epochs": "lots"}}}},
        "config key 'settings'.tasks.rte.epochs: 'lots' is not a whole number from 1",
    ),
    "a setting that the grid would override": (
        {"settings": {"targets": {"lr": 0.001}}},
        "config key 'settings'.targets: lr is an axis of the grid of study 'rethinking'",
    ),
    "an unknown setting": (
        {"settings": {"targets": {"epoch": 3}}},
        "config key 'settings'.targets: unknown setting 'epoch'",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_config_is_told_in_one_line(source, mistake):
    config, told = MISTAKES[mistake]
    outcome = source.snakemake("--dry-run", **{"scale": "smoke", **config})
    assert outcome.code == 1
    (error,) = outcome.errors
    assert told in error
    assert error == outcome.text.rstrip().splitlines()[-1]
    assert "Traceback" not in outcome.text


def test_numbers_inside_a_block_of_the_command_line_are_numbers(source):
    settings = {"targets": {"epochs": 7}, "all": {"lr": 3e-5}}
    plan = source.snakemake(
        "--dry-run",
        "results/smoke/rethinking/checkpoints/roberta-large/hellaswag-p/manifest.json",
        scale="smoke",
        settings=settings,
        limits={"train": 8},
    )
    assert plan.code == 0
    assert plan.rules == {"make_task", "derive_task", "pretrain_model", "train_stage"}
