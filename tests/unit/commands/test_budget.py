"""Hours before anything runs: what they stand on, and what fits into a budget."""

import pytest
import torch
import yaml
from safetensors.torch import save_file

from stilts.commands.budget import lay_out_within, within
from stilts.commands.costs import lay_out
from stilts.commands.plan import plan_text
from stilts.commands.rates import ASSUMED_RATE, Rates, Spent
from stilts.errors import UserError
from stilts.files.store import Store
from stilts.question.ask import ask
from stilts.question.config import hours_of
from stilts.question.paths import Layout
from tests.toys.studies import write_study

GRID = {"lr": {"stated": [1e-5, 2e-5, 3e-5]}, "seed": {"stated": [1, 2, 3, 4]}}
SWEEPS = {"main": {"chains": ["none", "cola"], "targets": ["rte"]}}  # 2 cells of 12 trials


@pytest.fixture
def layout(own_root, config, monkeypatch):
    def build(*, study=None, **changes):
        name = write_study(own_root, **{"grid": GRID, "sweeps": SWEEPS, **(study or {})})
        return Layout(ask({**config, "studies": [name], **changes}, own_root))

    monkeypatch.chdir(own_root)
    return build


@pytest.fixture
def told(layout):
    """Return the lines on a budget, where a trial takes an hour and a stage takes two."""

    def lines(budget, **changes):
        plan = lay_out_within(layout(budget=budget, **changes), dict)
        return list(within(plan, per_trial))

    return lines


def per_trial(part):
    return sum(len(cell["runs"]) for cell in part["cells"]) + 2 * len(part["stages"])


def pasted(lines):
    return yaml.safe_load(lines[2].strip(" '").removeprefix("only="))


def test_a_question_within_its_budget_fits(told):
    assert told("26h") == ["Budget of 26 hours: all of it fits (26 hours)."]


def test_whole_seeds_are_left_out_first(told):
    lines = told("15h")
    assert "all of it takes 26. This part fits:" in lines[0]
    assert lines[1].startswith("  12 trials, 14 hours.")
    assert pasted(lines) == {"grid": {"seed": [1, 2]}}
    assert "differences of 11.5 with 2 seeds" in lines[3]


def test_then_an_axis_keeps_its_middle_value(told):
    lines = told("4h")
    assert lines[1].startswith("  2 trials, 4 hours.")
    assert pasted(lines) == {"grid": {"lr": [2e-5], "seed": [1]}}


def test_a_budget_for_less_than_a_run_of_each_cell_says_so(told):
    (line,) = told("1h")
    assert "a single run of each cell 4: ask for fewer models, chains or targets (only)" in line


def test_what_is_printed_to_paste_asks_for_what_was_said(layout, told):
    lines = told("5h")
    cells = lay_out(layout(only=pasted(lines)))["cells"]
    runs = [run for cell in cells for run in cell["runs"]]
    assert lines[1].startswith(f"  {len(runs)} trials, ") and len(runs) == 2
    whole = [run for cell in lay_out(layout())["cells"] for run in cell["runs"]]
    assert set(runs) < set(whole), "of the same learning rates"


def test_what_is_asked_for_already_stays(told):
    lines = told("5h", only={"chains": ["none"], "grid": {"seed": [4, 3]}})
    assert pasted(lines) == {"chains": ["none"], "grid": {"seed": [4]}}


def test_stages_of_seeds_that_are_left_out_are_left_out_too(told):
    sweeps = {"main": {"chains": ["cola"], "targets": ["rte"], "tie": "seed"}}
    lines = told("12h", study={"sweeps": sweeps})
    assert "all of it takes 20. " in lines[0], "12 trials and a stage a seed"
    assert lines[1].startswith("  6 trials, 10 hours.")


@pytest.mark.parametrize(("text", "hours"), [("90m", 1.5), ("2h", 2), ("1.5d", 36), (None, None)])
def test_a_budget_is_a_time(text, hours):
    assert hours_of(text) == hours


@pytest.mark.parametrize("text", ["2", 2, "2 h", "0h", "-1h", "soon"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(UserError, match="config key 'budget': .* is no time: write one such as"):
        hours_of(text)


def test_the_rate_is_that_of_the_trials_most_alike():
    measured = [
        ({"model": "a", "target": "rte"}, Spent(2, 20)),
        ({"model": "a", "target": "wic"}, Spent(1, 40)),
        ({"model": "b", "target": "rte"}, Spent(1, 4)),
    ]
    rates = Rates(measured, "cpu")
    assert rates.of("a", "rte") == 10
    assert rates.of("a", "cola") == rates.of("a") == 20
    assert rates.of("c", "rte") == rates.overall == 16
    assert Rates([], "cpu").of("a", "rte") == ASSUMED_RATE["cpu"]


def test_a_model_of_a_folder_is_as_large_as_its_weights(layout, own_root):
    folder = own_root / "own-model"
    folder.mkdir()
    (folder / "config.json").write_text('{"num_hidden_layers": 2, "model_type": "bert"}')
    weights = {f"encoder.layer.{n}.weight": torch.zeros(10, 20) for n in range(2)}
    save_file({**weights, "embeddings.weight": torch.zeros(7, 20)}, folder / "model.safetensors")
    models = {"roberta-large": {"path": str(folder)}}
    found = lay_out(layout(models=models))
    assert {cell["body"] for cell in found["cells"]} == {400}
    assert found["weights"] == (400 + 140) * 4 * 2  # the model, and the checkpoint after CoLA
    assert "Hours leave out" not in plan_text(found, Store(own_root / "store"), "cpu")


def test_rows_that_nobody_knows_yet_are_said_to_be_left_out(layout, own_root):
    block = {"kind": "classification", "first": ["{a}"], "labels": ["no", "yes"]}
    block |= {"source": {"files": {"train": "train.csv", "validation": "dev.csv"}}}
    study = {"sweeps": {"main": {"chains": ["none"], "targets": ["own"]}}}
    found = lay_out(layout(study=study, tasks={"own": block}))
    text = plan_text(found, Store(own_root / "store"), "cpu")
    assert "Hours leave out own: their rows are known once fetched." in text


def test_what_fits_is_not_said_of_a_question_whose_hours_nobody_knows(layout, own_root):
    models = {"roberta-large": {"path": str(own_root / "not-there-yet")}}
    found = lay_out_within(layout(models=models, budget="1m"), dict)
    text = plan_text(found, Store(own_root / "store"), "cpu")
    assert "Budget of 0.0167 hours: what fits is known once that is fetched" in text
    assert "all of it fits" not in text
