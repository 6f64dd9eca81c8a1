import pytest

MAIN = {"chains": ["none", "cola"], "targets": ["rte"]}


def stated(**settings):
    return {name: {"stated": value} for name, value in settings.items()}


def chains(*names):
    return {"main": {"chains": list(names), "targets": ["rte"]}}


WRONG = {
    "an unknown variant": (
        {
            "sweeps": chains("cola=icy"),
            "settings": {"variants": {"frozen": stated(freeze="encoder")}},
        },
        "chain 'cola=icy': unknown variant 'icy'; allowed: frozen",
    ),
    "a stage that no chain has": (
        {"sweeps": chains("cola~wic"), "settings": {"stages": {"wic~cola": stated(epochs=1)}}},
        "study.yaml, settings.stages: unknown stage 'wic~cola'; allowed: cola~wic",
    ),
    "a stage with a size": (
        {"settings": {"stages": {"cola@5": stated(epochs=1)}}},
        "study.yaml, settings.stages: unknown stage 'cola@5'; allowed: cola",
    ),
    "a stage of an unknown task": (
        {"settings": {"stages": {"colla": stated(epochs=1)}}},
        "study.yaml, settings.stages: unknown task 'colla'; allowed: ag-news",
    ),
    "an unknown task": (
        {"settings": {"tasks": {"rt": stated(epochs=1)}}},
        "study.yaml, settings.tasks: unknown task 'rt'; allowed: ag-news",
    ),
    "an unknown task of a variant": (
        {
            "sweeps": chains("cola=x"),
            "settings": {"variants": {"x": {"tasks": {"rt": stated(head="cosine")}}}},
        },
        "study.yaml, settings.variants.x.tasks: unknown task 'rt'; allowed: ag-news",
    ),
    "an unknown task to watch": (
        {"settings": {"stages": {"cola": stated(watch=["rt"])}}},
        "unknown task 'rt'; allowed: ag-news",
    ),
    "a corpus to watch": (
        {"settings": {"stages": {"cola": stated(watch=["wikitext"])}}},
        "chain 'cola', watch: 'wikitext' is a corpus, which has no answers to score",
    ),
    "an unknown metric": (
        {"settings": {"tasks": {"rte": stated(metric="bleu")}}},
        "target 'rte', metric: unknown metric 'bleu'; allowed: accuracy",
    ),
    "an unknown metric to select by": (
        {"settings": {"tasks": {"rte": stated(select="best:rte.bleu")}}},
        "target 'rte', select: unknown metric 'bleu'; allowed: accuracy",
    ),
    "a task to select by that is not scored": (
        {"settings": {"tasks": {"cola": stated(select="best:rte.accuracy")}}},
        "chain 'cola', select: unknown task 'rte'; allowed: cola",
    ),
    "a best epoch where only the last is scored": (
        {"settings": {"tasks": {"rte": stated(select="best:rte.accuracy", evaluate="last")}}},
        "target 'rte': select is 'best:rte.accuracy', and evaluate is 'last', which scores no",
    ),
    "a setting that a stage needs": (
        {"settings": {"intermediates": stated(lr=1e-5)}},
        "chain 'cola': its last stage has no 'seed': state it below settings.intermediates",
    ),
    "a setting that a target needs": (
        {"grid": {"seed": {"stated": [1]}}},
        "target 'rte' has no 'lr': state it below settings.targets",
    ),
    "a setting that a score needs": (
        {
            "sweeps": chains("none"),
            "settings": {"intermediates": {}},
            "scores": {"x": {"chains": ["none"], "tasks": ["wic"]}},
        },
        "score of 'wic' has no 'seed': state it below settings.intermediates",
    ),
    "a seed for no stage": (
        {"sweeps": chains("none^7")},
        "chain 'none^7' is malformed: 'none' has no stages to seed",
    ),
    "a corpus in a chain": (
        {"sweeps": chains("cola~wikitext")},
        "chain 'cola~wikitext': 'wikitext' is a corpus, which has no answers to learn",
    ),
}


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_in_a_study_is_refused_in_one_line(refused, mistake):
    changes, said = WRONG[mistake]
    assert said in refused({"scale": "paper"}, **{"sweeps": {"main": MAIN}, **changes})


def test_a_task_to_select_by_may_be_watched(plan):
    settings = {"stages": {"cola": stated(select="best:rte.accuracy", watch=["rte"])}}
    found = plan({"scale": "paper"}, settings=settings)
    assert found.stage("cola").recipe["select"].value == "best:rte.accuracy"


def test_a_variant_of_the_reader_is_one_of_a_study(refused):
    own = {"settings": {"variants": {"x": {"epochs": 1}}}}
    said = "config key 'settings'.variants: unknown variant 'x'; allowed: frozen"
    variants = {"variants": {"frozen": stated(freeze="encoder")}}
    assert said in refused(own, settings=variants)


def test_a_stage_of_the_reader_may_be_in_a_chain_of_the_readers(plan):
    config = {
        "scale": "paper",
        "only": {"chains": ["wic~cola"]},
        "settings": {"stages": {"wic~cola": {"epochs": 9}}},
    }
    assert plan(config).stage("wic~cola").recipe["epochs"].value == 9


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("settings: {tasks: {rt: {epochs: 1}}}", "settings.tasks: unknown task 'rt'"),
        ("settings: {stages: {rt: {epochs: 1}}}", "settings.stages: unknown task 'rt'"),
        ("studies: {mine: {settings: {stages: {rte: {epochs: 1}}}}}", "unknown stage 'rte'"),
        ("studies: {yours: {lr_factor: 1}}", "odd.yaml, studies: unknown study 'yours'; allowed: "),
    ],
)
def test_names_that_a_scale_makes_up_are_refused(own_root, refused, text, said):
    (own_root / "scales/odd.yaml").write_text(text)
    assert said in refused({"scale": "odd"})


def test_a_scale_may_speak_of_stages_of_studies_that_are_not_asked(own_root, plan):
    (own_root / "scales/odd.yaml").write_text("settings: {stages: {rte~wic: {epochs: 1}}}")
    assert plan({"scale": "odd"}).cells
