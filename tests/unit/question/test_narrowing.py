"""What `only` asks of each of several studies."""

import pytest

from stilts.errors import UserError
from stilts.question.ask import ask

FOUR = ["rethinking", "multitask", "qa_transfer", "span_extraction"]


@pytest.fixture
def cells(own_root, config):
    def cells(studies, **only):
        question = ask({**config, "studies": studies, "only": only}, own_root)
        return {
            name: {(cell.chain, cell.target) for cell in plan.cells}
            for name, plan in question.plans.items()
        }

    return cells


def test_a_pair_of_one_study_asks_nothing_of_the_others(cells):
    found = cells(FOUR, chains=["none", "cola"], targets=["wic"])
    assert found == {"rethinking": {("none", "wic"), ("cola", "wic")}}


def test_a_chain_of_one_study_is_not_laid_before_the_targets_of_another(cells):
    found = cells(FOUR, chains=["none", "hellaswag-p"], targets=["rte"])
    assert found["rethinking"] == {("none", "rte"), ("hellaswag-p", "rte")}
    assert found["qa_transfer"] == {("none", "rte")}, "which is its own"


def test_a_study_that_is_asked_alone_may_be_given_anything(cells):
    found = cells(["qa_transfer"], chains=["none", "hellaswag-p"], targets=["rte"])
    assert found == {"qa_transfer": {("none", "rte"), ("hellaswag-p", "rte")}}


def test_a_target_that_no_study_has_is_that_of_the_studies_with_the_chains_named(cells):
    found = cells(["rethinking", "qa_transfer"], chains=["hellaswag-p"], targets=["mrpc-1k"])
    assert found == {"rethinking": {("hellaswag-p", "mrpc-1k")}}


def test_a_walk_of_a_chain_is_known_where_the_chain_is(cells):
    found = cells(FOUR, chains=["none", "squad-v2^1"], targets=["boolq"])
    assert found == {"qa_transfer": {("none", "boolq"), ("squad-v2^1", "boolq")}}


def test_names_that_no_study_has_are_refused_with_the_remedy(cells):
    with pytest.raises(UserError) as caught:
        cells(["rethinking", "qa_transfer"], targets=["mrpc-1k"])
    assert str(caught.value) == (
        "config key 'only': no study of rethinking, qa_transfer has any of mrpc-1k: ask one study"
        " for it, as in studies=[rethinking]"
    )
    assert cells(["rethinking"], targets=["mrpc-1k"])["rethinking"], "alone it takes all chains"


@pytest.mark.parametrize("only", [{"targets": ["rtee"]}, {"chains": ["none", "rtee+cola"]}])
def test_a_name_of_no_task_is_told_as_such(cells, only):
    with pytest.raises(UserError, match="config key 'only': unknown task 'rtee'; allowed: "):
        cells(FOUR, **only)


def test_a_grid_alone_narrows_no_names(cells):
    assert set(cells(FOUR, grid={"seed": [1]})) == set(FOUR)
