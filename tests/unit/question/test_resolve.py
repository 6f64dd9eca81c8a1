import pytest

from stilts.errors import UserError
from stilts.question.ask import ask
from stilts.question.grid import parse_point
from stilts.question.recipe import TRAINING
from stilts.question.settings import ORIGINS

WIC_OF_THE_HUB = {"wic": {"source": {"hub": "aps/super_glue", "config": "wic"}}}
MODEL = "roberta-large"
OTHERS = {"precision", "metric", "scored"}


@pytest.fixture
def flagship(root, config):
    def build(**changes):
        return ask({**config, **changes}, root).plans["rethinking"]

    return build


def test_the_flagship_has_1584_runs_at_every_scale(flagship, scale):
    found = flagship(scale=scale)
    sizes = [len(points) for points in found.shown.values()]
    assert {*sizes} == {3 * 3 * 2 * 2, 3 * 2}, "the grid, and that of the controls"
    assert sizes.count(6) == 4 * 3
    cells = sizes.count(36) + len(found.unavailable)
    assert cells == 4 * 8 + 2 * 3 + 2 * 3  # Figure 2, Table 3, Figure 3
    assert cells * 36 == 1152 + 216 + 216 == 1584
    assert len(set(found.cells)) == len(found.cells)


def test_210_runs_of_the_supplement_stand_apart_at_every_scale(flagship, scale):
    found = flagship(scale=scale)
    sizes = {name: sum(map(len, cells.values())) for name, cells in found.apart.items()}
    assert sizes.pop("seeds") == 2 * 5 * 5 * 3 + 5 * 3 == 165
    assert sum(sizes.values()) == 3 * 5 * 3, "three negative controls, three targets, five seeds"
    shown, every = (sum(map(len, cells.values())) for cells in (found.shown, found.points))
    assert every == shown + 210


def test_a_miniature_lacks_nothing(flagship, scale):
    found = flagship(scale=scale)
    if found.scale.miniature:
        assert found.unavailable == ()


def test_restricted_data_that_are_not_there_cost_their_cells_only(flagship):
    found = flagship(scale="paper")
    assert {cell.target for cell in found.unavailable} == {"mednli"}
    assert len(found.unavailable) == 4 + 2
    assert "mednli" not in found.tasks
    assert len(found.shown) == 44 - 6 + 12


def test_restricted_data_that_are_there_are_used(own_root, config):
    for split in ("train", "dev"):
        path = own_root / f"data/mednli/mli_{split}_v1.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = ask({**config, "scale": "paper"}, own_root).plans["rethinking"]
    assert (found.unavailable, len(found.shown)) == ((), 44 + 12)


def test_what_is_derived_from_missing_data_is_missing_too(root, config):
    tasks = {
        "shuffled": {
            "kind": "classification",
            "labels": ["a", "b"],
            "derive": {"parent": "mednli", "generator": "hella_sh"},
        }
    }
    only = {"chains": ["none", "shuffled"], "targets": ["rte"]}
    question = ask({**config, "scale": "paper", "tasks": tasks, "only": only}, root)
    found = question.plans["rethinking"]
    assert [cell.chain for cell in found.cells] == ["none"]
    assert [cell.chain for cell in found.unavailable] == ["shuffled"]


def test_learning_rates_of_the_points_follow_the_scale(flagship, scale):
    found = flagship(scale=scale)
    factor = found.scale.lr_factor
    for points in {id(points): points for points in found.shown.values()}.values():
        rates = sorted({point["lr"] for point in points.values()})
        assert rates == pytest.approx([5e-6 * factor, 1e-5 * factor, 2e-5 * factor], rel=1e-12)
        assert all(parse_point(name) == point for name, point in points.items())
    stage = found.stage_spec(MODEL, "hellaswag-p")["recipe"]
    assert stage["lr"] == pytest.approx(1e-5 * factor)


def test_every_setting_of_every_task_has_an_origin(flagship, scale):
    found = flagship(scale=scale)
    targets = [found.target(cell.target) for cell in found.cells]
    stages = [found.stage(chain).recipe for chain in found.chains]
    of_stages = {"pass_head": found.stage("hellaswag").recipe["pass_head"]}
    for settings in (*(target | of_stages for target in targets), *stages):
        assert {item.origin for item in settings.values()} <= {*ORIGINS, "scale", "chain"}
        axes = {"lr", "batch", "warmup", "seed", "pass_head"}
        assert settings.keys() | axes == {field.name for field in TRAINING} | OTHERS | {"pass_head"}


# Facts of the paper and of its code, by hand

BASES = ("hellaswag", "hellaswag-p", "synthesis-gpt2", "cola", "hella-sh")


@pytest.mark.parametrize(
    ("task", "role", "epochs", "max_tokens"),
    [
        ("rte", "targets", 5, 100),
        ("wic", "targets", 5, 70),
        ("cola", "targets", 5, 50),
        ("mednli", "targets", 5, 80),
        ("socialiqa", "targets", 3, 70),
        ("winogrande-xs", "targets", 10, 50),
        ("winogrande-m", "targets", 5, 50),
        ("winogrande-l", "targets", 4, 50),
        ("hellaswag", "intermediates", 3, 120),
        ("hellaswag-p", "intermediates", 3, 50),
        ("synthesis-gpt2", "intermediates", 2, 60),
    ],
)
def test_lengths_are_those_of_the_released_code(flagship, task, role, epochs, max_tokens):
    for protocol in ("paper", "released"):
        found = flagship(scale="paper", protocol=protocol)
        settings = found.target(task) if role == "targets" else found.stage(task).recipe
        assert (settings["epochs"].value, settings["max_tokens"].value) == (epochs, max_tokens)


def test_intermediates_train_as_the_paper_says(flagship):
    found = flagship(scale="paper")
    for chain in BASES:
        recipe = found.stage_spec(MODEL, chain)["recipe"]
        assert (recipe["lr"], recipe["batch"], recipe["seed"]) == (1e-5, 16, 42)
        assert (recipe["warmup"], recipe["weight_decay"], recipe["eps"]) == (0.1, 0, 1e-8)
        assert recipe["select"] == "last"


def test_precision_is_what_the_study_says_and_the_readers_key_goes_over_it(flagship):
    cell = (MODEL, "hellaswag-p", "rte")
    for changes, value, origin in (
        ({}, "auto", "assumed"),
        ({"protocol": "released"}, "fp32", "code"),
        ({"protocol": "released", "precision": "bf16"}, "bf16", "config"),
        ({"precision": "auto", "protocol": "released"}, "auto", "config"),
        ({"precision": "bf16", "settings": {"tasks": {"rte": {"precision": "fp32"}}}}, "fp32", 0),
    ):
        found = flagship(scale="paper", **changes)
        specs = [found.target_spec(*cell), found.score_spec(MODEL, "none", "socialiqa")]
        specs.append(found.stage_spec(MODEL, "hellaswag-p"))
        assert specs[0]["precision"] == value
        if origin:
            assert {spec["precision"] for spec in specs} == {value}
            assert found.target("rte")["precision"].origin == origin
        assert all("precision" not in spec.get("recipe", {}) for spec in specs)


def test_two_keys_that_say_different_precisions_are_refused(flagship):
    with pytest.raises(UserError, match="precision is fp32, but config key 'precision' is bf16"):
        flagship(precision="bf16", settings={"all": {"precision": "fp32"}})


def test_settings_of_a_stage_at_one_size_go_over_those_of_the_stage(flagship):
    settings = {"stages": {"hellaswag-p": {"batch": 4}, "hellaswag-p@2000": {"batch": 2}}}
    found = flagship(settings=settings)
    batches = [
        found.stage(chain).recipe["batch"].value
        for chain in ("hellaswag-p", "hellaswag-p@10000", "hellaswag-p@2000")
    ]
    assert batches == [4, 4, 2]


# What jobs are told


def test_a_chain_is_trained_after_the_chains_it_grows_out_of(flagship):
    only = {"chains": ["cola+wic+rte"], "targets": ["rte"]}
    chains = [chain for _, chain in flagship(only=only).checkpoints]
    assert chains == ["cola", "cola+wic", "cola+wic+rte"]


def test_the_size_of_a_stage_follows_the_scale(flagship, scale):
    found = flagship(scale=scale)
    factor = found.scale.size_factor
    assert found.stage_spec(MODEL, "hellaswag-p@2000")["size"] == round(2000 * factor)
    assert found.stage_spec(MODEL, "hellaswag-p")["size"] is None


def test_the_specs_of_a_cell_do_not_depend_on_the_rest_of_the_question(flagship):
    cell = (MODEL, "hellaswag-p", "rte")
    whole = flagship(scale="paper").target_spec(*cell)
    assert whole["task"]["labels"] == ["entailment", "not_entailment"]
    part = flagship(
        scale="paper", trials_per_job=5, only={"targets": ["rte"], "grid": {"seed": [7]}}
    )
    assert part.target_spec(*cell) == whole


# Narrowing and widening


def test_only_narrows_chains_targets_and_grid(flagship):
    only = {"chains": ["none"], "targets": ["rte", "wic"], "grid": {"lr": [1e-5], "seed": [42]}}
    found = flagship(only=only)
    assert {(cell.chain, cell.target) for cell in found.cells} == {("none", "rte"), ("none", "wic")}
    assert {len(points) for points in found.points.values()} == {1 * 3 * 2 * 1}
    assert found.checkpoints == [] and set(found.tasks) == {"rte", "wic"}


def test_a_chain_that_the_study_lacks_is_crossed_with_the_targets(flagship):
    found = flagship(only={"chains": ["none", "cola+rte"], "targets": ["rte", "wic"]})
    assert ("cola+rte", "wic") in {(cell.chain, cell.target) for cell in found.cells}
    assert len(found.cells) == 4


def test_a_new_seed_adds_points_and_keeps_the_others(flagship):
    before, after = flagship(), flagship(only={"grid": {"seed": [12, 42, 7]}})
    assert list(before.shown) == list(after.cells)
    for cell in after.cells:
        assert len(after.points[cell]) == len(before.shown[cell]) * 3 // 2
        assert before.shown[cell].items() <= after.points[cell].items()


def test_the_readers_settings_win_and_say_so(flagship):
    settings = {"all": {"epochs": 7}, "targets": {"clip": 2.0}, "tasks": {"rte": {"epochs": 8}}}
    found = flagship(settings=settings)
    assert tuple(found.target("rte")["epochs"][:2]) == (8, "config")
    assert tuple(found.target("wic")["epochs"][:2]) == (7, "config")
    assert found.target("wic")["clip"].value == 2.0
    assert found.stage("hellaswag").recipe["clip"].value == 1.0


@pytest.mark.parametrize("protocol", ["paper", "released"])
def test_what_a_control_changes_holds_under_every_protocol_and_scale(flagship, scale, protocol):
    found = flagship(scale=scale, protocol=protocol, tasks=WIC_OF_THE_HUB)
    assert found.stage_spec(MODEL, "synthesis-gpt2=new-head")["pass_head"] == "none"
    assert found.stage_spec(MODEL, "synthesis-gpt2")["pass_head"] != "none"
    if scale != "smoke":  # where a stage is one epoch, whatever it is
        for size, variant in (("2000", "equal-2k"), ("10000", "equal-10k")):
            usual, changed = (
                found.stage_spec(MODEL, f"hellaswag-p@{size}{end}")["recipe"]["epochs"]
                for end in ("", f"={variant}")
            )
            assert changed > 3 * usual
