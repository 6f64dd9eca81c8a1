import pytest
import yaml

from stilts.question.recipe import READING

MODEL = "roberta-large"


def tagged(**settings):
    return {name: {"stated": value} for name, value in settings.items()}


@pytest.fixture
def study(plan):
    """Plan a study of some chains at paper scale, with `settings` laid over its own."""

    def build(*chains, scale="paper", config=None, **settings):
        sweeps = {"main": {"chains": list(chains), "targets": ["rte"]}}
        return plan({"scale": scale, **(config or {})}, sweeps=sweeps, settings=settings)

    return build


def recipe(plan, chain):
    return plan.stage_spec(MODEL, chain)["recipe"]


def test_a_stage_of_several_tasks_has_one_recipe_that_its_tasks_do_not_change(study):
    found = study(
        "cola~wic@100+rte",
        tasks={"cola": tagged(epochs=7, max_tokens=30), "wic": tagged(head="cosine", lr=1.0)},
        stages={"cola~wic": tagged(epochs=9, rounds=50)},
    )
    spec = found.stage_spec(MODEL, "cola~wic@100")
    assert (spec["recipe"]["epochs"], spec["recipe"]["rounds"], spec["recipe"]["lr"]) == (
        9,
        50,
        1e-5,
    )
    assert not {"max_tokens", "head", "metric"} & spec["recipe"].keys()
    for task, posed in (("cola", (30, None)), ("wic", (70, "cosine"))):
        assert (spec["posed"][task]["max_tokens"], spec["posed"][task]["head"]) == posed
        assert spec["posed"][task].keys() == {*READING, "head"}
    assert [task["name"] for task in spec["tasks"]] == ["cola", "wic"]
    assert spec["size"] == 100
    assert spec["origins"]["epochs"] == "stated"
    assert recipe(found, "cola~wic@100+rte")["max_tokens"] == 100


def test_the_closest_setting_of_a_stage_wins(study):
    said = {"intermediates": tagged(lr=1e-5, seed=4, epochs=1, clip=1, eps=1e-6, warmup=0.5)}
    said["tasks"] = {"cola": tagged(epochs=2, clip=2, eps=1e-7, warmup=0.4)}
    said["stages"] = {"cola": tagged(clip=3, eps=1e-8, warmup=0.3)}
    said["variants"] = {"long": tagged(eps=1e-9, warmup=0.2)}
    found = study("cola@5=long+cola", **said)
    varied, plain = recipe(found, "cola@5=long"), recipe(found, "cola@5=long+cola")
    keys = ("seed", "epochs", "clip", "eps", "warmup")
    assert [varied[key] for key in keys] == [4, 2, 3, 1e-9, 0.2]
    assert [plain[key] for key in keys] == [4, 2, 3, 1e-8, 0.3]


def test_a_variant_may_say_what_its_tasks_bring(study):
    found = study(
        "cola~wic=a+rte",
        "cola~wic=b+rte",
        tasks={"wic": tagged(head="linear")},
        variants={
            "a": {**tagged(freeze="encoder"), "tasks": {"wic": tagged(head="cosine")}},
            "b": tagged(freeze="encoder"),
        },
    )
    specs = [found.stage_spec(MODEL, f"cola~wic={variant}") for variant in "ab"]
    assert [spec["posed"]["wic"]["head"] for spec in specs] == ["cosine", "linear"]
    assert {spec["recipe"]["freeze"] for spec in specs} == {"encoder"}


def test_the_seed_of_a_chain_is_that_of_all_its_stages_whatever_settings_say(study):
    found = study("cola+wic^7", config={"settings": {"intermediates": {"seed": 3}}})
    for chain in ("cola^7", "cola+wic^7"):
        assert recipe(found, chain)["seed"] == 7
        assert found.stage_spec(MODEL, chain)["origins"]["seed"] == "chain"
    assert found.checkpoints == [(MODEL, "cola^7"), (MODEL, "cola+wic^7")]


def test_watched_tasks_are_posed_as_where_they_were_trained(study):
    found = study(
        "cola~wic=a+rte",
        variants={"a": {"tasks": {"wic": tagged(head="cosine")}, **tagged(epochs=9)}},
        stages={"rte": tagged(watch=["wic", "mednli", "rte", "cola"])},
    )
    spec = found.stage_spec(MODEL, "cola~wic=a+rte")
    # Its own task is scored anyway, and the files of MedNLI are not there.
    assert [task["name"] for task in spec["watch"]] == ["wic", "cola"]
    assert spec["posed"]["wic"]["head"] == "cosine"
    assert spec["recipe"]["epochs"] == 3
    assert "watch" not in spec["recipe"]
    assert {"wic", "cola"} <= set(found.tasks)


def test_a_checkpoint_is_scored_as_its_chain_posed_the_task(plan):
    found = plan(
        {"scale": "paper"},
        scores={"all": {"chains": ["none", "cola~wic=a^3"], "tasks": ["wic", "rte"]}},
        settings={
            "tasks": {"rte": tagged(max_tokens=44)},
            "variants": {"a": {"tasks": {"wic": tagged(head="cosine", max_tokens=33)}}},
        },
    )
    seen = found.score_spec(MODEL, "cola~wic=a^3", "wic")
    assert (seen["head"], seen["max_tokens"], seen["seed"]) == ("cosine", 33, 3)
    unseen = found.score_spec(MODEL, "cola~wic=a^3", "rte")
    assert (unseen["head"], unseen["max_tokens"], unseen["seed"]) == (None, 44, 3)
    start = found.score_spec(MODEL, "none", "wic")
    assert (start["head"], start["max_tokens"], start["seed"]) == (None, 70, 42)
    assert (start["target"], start["task"]["name"]) == ("wic", "wic")


def test_metric_and_splits_of_a_task_are_settings(study):
    found = study(
        "none",
        "cola",
        tasks={"rte": tagged(metric="matthews_correlation", scored=["validation", "test"])},
        intermediates=tagged(lr=1e-5, seed=4, scored=["dev"]),
    )
    target = found.target_spec(MODEL, "cola", "rte")["task"]
    assert (target["metric"], target["scored"]) == ("matthews_correlation", ["validation", "test"])
    (stage,) = found.stage_spec(MODEL, "cola")["tasks"]
    assert (stage["metric"], stage["scored"]) == ("matthews_correlation", ["dev"])
    assert found.splits == {"rte": ["validation", "test"], "cola": ["validation", "dev"]}


def test_facts_of_a_task_are_all_a_job_needs_of_its_block(study, question):
    facts = study("none").target_spec(MODEL, "none", "rte")["task"]
    assert facts == {
        "name": "rte",
        "kind": "classification",
        "labels": ["entailment", "not_entailment"],
        "range": None,
        "metric": "accuracy",
        "scored": ["validation"],
    }


def test_specs_are_plain_data(study):
    found = study("cola~wic=a+rte^2", variants={"a": tagged(betas=[0.9, 0.98], watch=["rte"])})
    for spec in (
        found.target_spec(MODEL, "cola~wic=a+rte^2", "rte"),
        found.stage_spec(MODEL, "cola~wic=a^2"),
        found.score_spec(MODEL, "cola~wic=a^2", "wic"),
    ):
        assert spec == yaml.safe_load(yaml.safe_dump(spec))


# Scales


def test_the_factor_of_a_scale_is_for_what_a_study_states_only(own_root, study):
    (own_root / "scales/tiny.yaml").write_text(
        """
lr_factor: 10
settings: {tasks: {wic: {lr: 0.5}}}
studies: {mine: {settings: {stages: {cola: {lr: 0.25}}}}}
"""
    )
    found = study(
        "cola=a+wic+socialiqa",
        scale="tiny",
        config={"settings": {"tasks": {"socialiqa": {"lr": 0.125}}}},
        variants={"a": tagged(eps=1e-6)},
        targets=tagged(warmup=0.1),
    )
    chains = ("cola=a", "cola=a+wic", "cola=a+wic+socialiqa")
    assert [recipe(found, chain)["lr"] for chain in chains] == [0.25, 0.5, 0.125]
    (points,) = {id(points): points for points in found.points.values()}.values()
    assert sorted({point["lr"] for point in points.values()}) == [1e-4, 2e-4]


def test_a_study_may_have_a_factor_of_its_own(own_root, study):
    text = "lr_factor: 100\nstudies: {mine: {lr_factor: 10, size_factor: 0.5}}\n"
    (own_root / "scales/tiny.yaml").write_text(text)
    found = study("cola@8=a", scale="tiny", variants={"a": tagged(lr=1e-3)})
    spec = found.stage_spec(MODEL, "cola@8=a")
    assert (spec["recipe"]["lr"], spec["size"]) == (1e-2, 4)
