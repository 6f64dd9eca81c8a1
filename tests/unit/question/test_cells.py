import pytest

from stilts.question.cells import Cell
from stilts.question.record import record

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


# Seeds of intermediate stages


WALKS = {"intermediate_seeds": {"assumed": [7, 8]}}


def test_a_sweep_may_walk_each_chain_once_for_each_of_its_seeds(plan):
    found = plan(paper(), sweeps={"main": MAIN | WALKS})
    assert [cell.chain for cell in found.cells if cell.target == "rte"] == [
        "none",
        "cola^7",
        "cola^8",
    ]
    assert len(names(found, "cola^7")) == 4
    assert found.stage("cola^8").recipe["seed"].value == 8


def test_a_study_may_say_so_for_all_of_its_sweeps(plan):
    found = plan(paper(), **WALKS)
    assert {cell.chain for cell in found.cells} == {"none", "cola^7", "cola^8"}


def test_the_readers_seeds_go_over_those_of_a_study_and_of_tied_sweeps(plan):
    for own in (WALKS, {"tie": "seed"}, {}):
        found = plan(paper() | {"intermediate_seeds": [1, 2]}, sweeps={"main": MAIN | own})
        chains = {cell.chain for cell in found.cells}
        assert chains == (
            {"none", "cola^7", "cola^8"} if own is WALKS else {"none", "cola^1", "cola^2"}
        )


def test_a_chain_with_a_seed_of_its_own_keeps_it(plan):
    main = {"chains": ["cola^3", "wic"], "targets": ["rte"]}
    found = plan(paper() | {"intermediate_seeds": [1, 2]}, sweeps={"main": main})
    assert [cell.chain for cell in found.cells] == ["cola^3", "wic^1", "wic^2"]


def test_checkpoints_that_are_scored_are_walked_from_the_same_seeds(plan):
    scores = {"of_cola": {"chains": ["none", "cola"], "tasks": ["cola"]}}
    found = plan(paper() | {"intermediate_seeds": [1, 2]}, scores=scores)
    assert [cell.chain for cell in found.scores] == ["none", "cola^1", "cola^2"]


def test_a_latin_square_meets_each_value_once_at_each_seed_of_either_stage(plan):
    axes = {"seed": {"stated": [5, 6, 9]}, "order_seed": {"stated": [5, 6, 9]}}
    walks = {"intermediate_seeds": {"assumed": [7, 8, 3]}, "grid": LR | axes}
    found = plan(paper(), sweeps={"main": MAIN | walks | {"square": "order_seed"}})
    of_none = found.points[Cell(MODEL, "none", "rte")].values()
    assert all(point["seed"] == point["order_seed"] for point in of_none) and len(of_none) == 3
    cells = (found.points[Cell(MODEL, f"cola^{seed}", "rte")] for seed in (7, 8, 3))
    square = [
        sorted((point["seed"], point["order_seed"]) for point in points.values())
        for points in cells
    ]
    orders = [[order for _, order in row] for row in square]
    assert orders == [[5, 6, 9], [6, 9, 5], [9, 5, 6]]
    assert all([seed for seed, _ in row] == [5, 6, 9] for row in square)


def test_what_stands_apart_is_trained_and_counted_by_itself(question):
    apart = MAIN | {"grid": LR | {"seed": {"stated": [2, 3]}}, "apart": True}
    found = question(paper(), sweeps={"main": MAIN, "more": apart})
    told = record(found)["studies"]["mine"]
    assert len(names(found.plans["mine"], "none")) == 5
    assert told["cells"][MODEL]["none"]["rte"] == 4 and told["runs"] == 4 * 4
    assert told["axes"]["seed"] == [1, 2]
    assert told["apart"]["more"][MODEL]["none"]["rte"] == ["lr1e-05_s2", "lr1e-05_s3"]
    assert told["hidden"][MODEL]["none"]["rte"] == ["lr1e-05_s3"]


def test_a_reader_who_narrows_a_study_has_what_stands_apart_by_its_name_only(plan):
    sweeps = {"main": MAIN, "more": MAIN | {"grid": LR | {"seed": {"stated": [3]}}, "apart": True}}
    whole, narrowed = (plan(paper(**only), sweeps=sweeps) for only in ({}, {"chains": ["none"]}))
    assert len(names(whole, "none")) == 5 and len(names(narrowed, "none")) == 4
    alone = plan(paper(sweeps=["more"], chains=["none"]), sweeps=sweeps)
    assert names(alone, "none") == ["lr1e-05_s3"] and not alone.shown and not alone.scores
    assert narrowed.apart == {"more": {}}


def test_a_sweep_that_no_study_has_is_refused(refused):
    assert "unknown sweep 'moor'" in refused(paper(sweeps=["moor"]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"apart": "yes"}, "sweeps.main.apart: expected true or false, found 'yes'"),
        ({"square": "ordre"}, "sweeps.main.square: unknown setting 'ordre'"),
        (WALKS | {"tie": "seed"}, "both say the seeds of the stages: drop one"),
        ({"intermediate_seeds": {"assumed": [-1]}}, "-1 is not a whole number"),
        ({"intermediate_seeds": [1]}, "sweeps.main.intermediate_seeds: write {<origin>: value}"),
    ],
)
def test_a_malformed_sweep_is_refused_in_one_line(refused, change, message):
    assert message in refused(paper(), sweeps={"main": MAIN | change})


def test_the_seeds_of_a_reader_are_whole_numbers_each_once(refused):
    for seeds in ([], [1, 1], [-1], 3):
        assert "intermediate_seeds" in refused(paper() | {"intermediate_seeds": seeds})
