import pytest

from stilts.files.digests import Digests
from stilts.question.advice import candidates, compared, feature_spec, featured
from stilts.question.advise import advise_spec
from stilts.question.artefacts import Artefacts
from stilts.question.cells import Cell
from stilts.question.outside import Outside
from stilts.question.paths import Layout
from stilts.question.rule_code import RuleCode
from stilts.question.targets import Targets

CHAINS = ["none", "cola", "mnli+wic^7", "rte"]
MODEL = "roberta-large"


@pytest.fixture
def asked(question):
    """A study of four chains on two targets, two of which train on one of them."""
    sweeps = {"main": {"chains": CHAINS, "targets": ["rte", "wic"]}}
    return lambda config=None: question(config, sweeps=sweeps)


def test_a_chain_that_trains_on_a_target_is_no_candidate_for_it(asked):
    found = [(cell.chain, cell.target) for cell in candidates(asked().plans["mine"])]
    assert found == [("cola", "rte"), ("cola", "wic"), ("mnli+wic^7", "rte"), ("rte", "wic")]


def test_texts_are_compared_of_the_last_stage_and_the_target_read_without_a_stage(asked):
    cell = Cell(MODEL, "mnli+wic^7", "rte")
    assert compared(cell) == [Cell(MODEL, "none", "wic"), Cell(MODEL, "none", "rte")]


def test_each_checkpoint_is_looked_at_once_for_each_target(asked):
    found = featured(asked().plans["mine"])
    assert len(found) == len(set(found)) == 4 + 3, "four candidates; cola, wic and rte as texts"
    assert {cell.target for cell in found if cell.chain == "none"} == {"cola", "rte", "wic"}


def test_features_depend_on_how_a_task_is_read_and_not_on_how_it_is_trained(asked):
    cell = Cell(MODEL, "cola", "rte")

    def spec(**settings):
        return feature_spec(asked({"settings": {"targets": settings}}).plans["mine"], cell)

    assert spec(epochs=9, batch=4) == spec()
    assert spec(max_tokens=77) != spec()


def test_estimates_stand_on_no_run(asked):
    layout = Layout(asked())
    files = [file for told in layout.estimated("mine") for file in told["compared"]]
    files += [told["features"] for told in layout.estimated("mine")]
    assert set(files) == set(layout.all_features("mine"))
    assert all("/features/" in file for file in files)
    assert not any("/runs/" in file for file in Targets(layout).estimates())


def test_records_of_features_are_asked_for_as_others_are(asked):
    question = asked()
    layout = Layout(question)
    artefacts = Artefacts(layout, RuleCode(question), Outside(question, Digests()))
    for cell in featured(question.plans["mine"]):
        wanted = artefacts.wanted[layout.features("mine", cell)]
        assert wanted.checkpoint == layout.checkpoint_folder("mine", MODEL, cell.chain)
        assert wanted.data == (layout.data_folder(cell.target),)


def test_advice_is_told_of_every_run_that_may_be_there(asked):
    question = asked()
    layout = Layout(question)
    artefacts = Artefacts(layout, RuleCode(question), Outside(question, Digests()))
    told = advise_spec(layout, artefacts)["mine"]
    assert len(told["runs"]) == len(CHAINS) * 2
    assert told["estimates"] == layout.estimates("mine")
    assert told["titles"]["rte"] == "RTE"
