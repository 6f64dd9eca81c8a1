import pytest

from stilts.question.cells import Cell

MODEL = "roberta-large"
MAIN = {"chains": ["none", "cola"], "targets": ["rte", "wic"]}
LR = {"lr": {"stated": [1e-5]}}
SEEDS = {"seed": {"stated": [1, 2]}}
# A grid without seeds leaves them to the settings.
SEEDED = {"targets": {"seed": {"assumed": 5}, "lr": {"assumed": 1e-5}}}


def names(plan, chain, target="rte", model=MODEL):
    return list(plan.points[Cell(model, chain, target)])


def paper(**only):
    return {"scale": "paper", "only": only}


def test_models_chains_and_targets_are_crossed(plan):
    found = plan(paper(), models=[MODEL, "gpt2-medium"])
    assert len(found.cells) == 2 * 2 * 2
    assert [cell.model for cell in found.cells] == [MODEL] * 4 + ["gpt2-medium"] * 4
    assert len({id(points) for points in found.points.values()}) == 1
    assert names(found, "none") == ["lr1e-05_s1", "lr1e-05_s2", "lr2e-05_s1", "lr2e-05_s2"]


def test_a_sweep_is_for_its_own_models_on_its_own_grid(plan):
    own = {"chains": ["wic"], "targets": ["rte"], "models": ["gpt2-medium"], "grid": LR | SEEDS}
    found = plan(paper(), models=[MODEL, "gpt2-medium"], sweeps={"main": MAIN, "own": own})
    assert len(found.cells) == 8 + 1
    assert names(found, "wic", model="gpt2-medium") == ["lr1e-05_s1", "lr1e-05_s2"]
    assert len(names(found, "none", model="gpt2-medium")) == 4


def test_a_model_may_have_a_grid_of_its_own(plan):
    grids = {"gpt2-medium": LR | SEEDS}
    found = plan(paper(), models=[MODEL, "gpt2-medium"], grids=grids)
    assert len(names(found, "none")) == 4
    assert names(found, "none", model="gpt2-medium") == ["lr1e-05_s1", "lr1e-05_s2"]


def test_an_empty_grid_is_one_point(plan):
    found = plan(paper(), grid={}, settings=SEEDED)
    assert set(map(tuple, found.points.values())) == {("one",)}


def test_a_cell_of_two_sweeps_has_the_points_of_both(plan):
    more = {"chains": ["none"], "targets": ["rte"], "grid": LR | {"seed": {"stated": [2, 3]}}}
    found = plan(paper(), sweeps={"main": MAIN, "more": more})
    assert sorted(names(found, "none")) == [
        "lr1e-05_s1",
        "lr1e-05_s2",
        "lr1e-05_s3",
        "lr2e-05_s1",
        "lr2e-05_s2",
    ]
    assert len(names(found, "none", "wic")) == 4
    assert len(found.cells) == 4


def test_a_tied_target_follows_stages_of_its_own_seed(plan):
    found = plan(paper(), sweeps={"main": MAIN | {"tie": "seed"}})
    assert {cell.chain for cell in found.cells} == {"none", "cola^1", "cola^2"}
    assert names(found, "cola^1") == ["lr1e-05_s1", "lr2e-05_s1"]
    assert names(found, "cola^2") == ["lr1e-05_s2", "lr2e-05_s2"]
    assert len(names(found, "none")) == 4
    assert found.checkpoints == [(MODEL, "cola^1"), (MODEL, "cola^2")]
    seeds = [found.stage_spec(MODEL, chain)["recipe"]["seed"] for chain in found.chains]
    assert seeds == [1, 2]


def test_ties_follow_the_readers_seeds_and_names_without_one(plan):
    only = {"chains": ["cola"], "grid": {"seed": [7, 8, 9]}}
    found = plan(paper(**only), sweeps={"main": MAIN | {"tie": "seed"}})
    assert {cell.chain for cell in found.cells} == {"cola^7", "cola^8", "cola^9"}


def test_one_shared_stage_can_be_asked_for_in_place_of_a_tie(plan):
    found = plan(paper(chains=["cola^1"]), sweeps={"main": MAIN | {"tie": "seed"}})
    assert {cell.chain for cell in found.cells} == {"cola^1"}
    assert len(names(found, "cola^1")) == 4


def test_a_tie_without_seeds_is_refused(refused):
    tied = MAIN | {"tie": "seed", "grid": LR}
    said = "studies/mine/study.yaml: a sweep with 'tie: seed' needs the axis 'seed' in its grid"
    assert refused(paper(), sweeps={"main": tied}, settings=SEEDED) == said


def test_the_readers_axes_go_over_the_grids_that_have_them(plan):
    sweeps = {"main": MAIN, "once": {"chains": ["wic"], "targets": ["rte"], "grid": {}}}
    found = plan(paper(grid={"seed": [3]}), sweeps=sweeps, settings=SEEDED)
    assert names(found, "none") == ["lr1e-05_s3", "lr2e-05_s3"]
    assert names(found, "wic") == ["one"]


def test_a_new_axis_of_the_reader_goes_over_every_grid(plan):
    sweeps = {"main": MAIN, "once": {"chains": ["wic"], "targets": ["rte"], "grid": {}}}
    found = plan(paper(grid={"clip": ["null", 1]}), sweeps=sweeps, settings=SEEDED)
    assert names(found, "wic") == ["cl-none", "cl1"]
    assert len(names(found, "none")) == 8
    assert found.axes == ["lr", "seed", "clip"]


def test_models_can_be_left_out(plan, refused):
    models = {"models": [MODEL, "gpt2-medium"]}
    found = plan(paper(models=["gpt2-medium"]), **models)
    assert {cell.model for cell in found.cells} == {"gpt2-medium"}
    said = "config key 'only': unknown model 'bert'; allowed: gpt2-medium, roberta-large"
    assert refused(paper(models=["bert"]), **models) == said


@pytest.mark.parametrize(
    ("only", "kept"),
    [
        ({}, {"none rte", "none cola", "cola rte", "cola cola"}),
        ({"chains": ["none", "wic"]}, {"none rte", "none cola"}),
        ({"targets": ["rte", "wic"]}, {"none rte", "cola rte"}),
    ],
)
def test_what_is_scored_is_narrowed_and_never_widened(plan, only, kept):
    scores = {"one": {"chains": ["none", "cola"], "tasks": ["rte", "cola"]}}
    found = plan(paper(**only), scores=scores)
    assert {f"{cell.chain} {cell.target}" for cell in found.scores} == kept
