import shutil

import pytest
import yaml

from stilts.errors import UserError
from stilts.files.fingerprint import ROOT
from stilts.question.ask import ask
from stilts.question.config import check_config
from tests.toys.studies import write_study


@pytest.fixture
def refused(root, config):
    def message(changes, folder=None):
        with pytest.raises(UserError) as caught:
            ask({**config, **changes}, folder or root)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return message


WIDE = {"kind": "classification", "labels": ["a", "b"]}
WRONG = [
    (
        {"scael": "mini"},
        "config: unknown key 'scael'; allowed: budget, cuda_graphs, device, facts, intermediate",
    ),
    ({"scale": "huge"}, "config key 'scale': unknown scale 'huge'; allowed: mini, paper"),
    ({"scale": 5}, "config key 'scale': 5 is not of type 'string'"),
    ({"scale": "../scales/mini"}, "config key 'scale': '../scales/mini' does not match"),
    ({"studies": ["nobody"]}, "config key 'studies': unknown study 'nobody'; allowed: "),
    ({"studies": "nobody"}, "config key 'studies': unknown study 'nobody'"),
    ({"studies": []}, "config key 'studies': [] should be non-empty"),
    (
        {"studies": ["../studies/rethinking"]},
        "config key 'studies': '../studies/rethinking' is neither a YAML file, nor a folder",
    ),
    ({"protocol": "mine"}, "config key 'protocol': unknown protocol 'mine'; allowed: paper, rele"),
    ({"trials_per_job": 0}, "config key 'trials_per_job': 0 is less than the minimum of 1"),
    ({"snapshot_minutes": 0}, "config key 'snapshot_minutes': 0 is less than or equal to the min"),
    ({"trials_per_job": "all"}, "config key 'trials_per_job': 'all' is not of type 'integer'"),
    (
        {"precision": "fp16"},
        "config key 'precision': 'fp16' is not one of [None, 'auto', 'fp32', 'bf16']",
    ),
    ({"device": "tpu"}, "config key 'device': 'tpu' is not one of ['auto', 'cpu', 'cuda']"),
    ({"mirror": 5}, "config key 'mirror': 5 is not of type 'string', 'null'"),
    ({"limits": {"dev": 5}}, "config key 'limits': unknown key 'dev'; allowed: train, validation"),
    ({"limits": {"train": 0}}, "config key 'limits.train': 0 is less than the minimum of 1"),
    (
        {"only": {"chain": []}},
        "config key 'only': unknown key 'chain'; allowed: chains, grid, mode",
    ),
    ({"only": {"chains": ["foo"]}}, "unknown task 'foo'; allowed: ag-news, boolq"),
    ({"only": {"chains": ["Foo bar"]}}, "chain stage 'Foo bar' is malformed: write task"),
    ({"only": {"chains": ["wikitext"]}}, "chain 'wikitext': 'wikitext' is a corpus"),
    ({"only": {"targets": ["foo"]}}, "config key 'only': unknown task 'foo'; allowed: ag-news"),
    ({"only": {"targets": ["wikitext"]}}, "target: 'wikitext' is a corpus"),
    ({"only": {"grid": {"lr": []}}}, "config key 'only.grid.lr': [] should be non-empty"),
    ({"only": {"grid": {"gamma": [1]}}}, "unknown setting 'gamma'; allowed: "),
    ({"only": {"grid": {"batch": [2.5]}}}, "axis 'batch': 2.5 is not a whole number from 1"),
    (
        {"models": {"roberta-large": {"hub": "a/b", "path": "c"}}},
        "config key 'models', model 'roberta-large': give exactly one origin of hub, path",
    ),
    ({"models": {"../x": {"path": "c"}}}, "config key 'models': '../x' does not match"),
    ({"tasks": {"rte": {"kinds": "x"}}}, "config key 'tasks', task 'rte': unknown field 'kinds'"),
    ({"tasks": {"rte": 5}}, "config key 'tasks.rte': 5 is not of type 'object'"),
    ({"tasks": {"../x": WIDE}}, "config key 'tasks': '../x' does not match"),
    (
        {
            "tasks": {
                "synthesis-gpt2": {"derive": {"parent": "rte", "generator": "a", "model": "z"}}
            }
        },
        "unknown model 'z'; allowed: ",
    ),
    (
        {"settings": {"target": {}}},
        "config key 'settings': unknown part 'target'; allowed: all, da",
    ),
    ({"settings": {"targets": {"epoch": 1}}}, "unknown setting 'epoch'; allowed: "),
    ({"settings": {"targets": 5}}, "config key 'settings.targets': 5 is not of type 'object'"),
    (
        {"settings": {"all": {"epochs": "lots"}}},
        "config key 'settings'.all.epochs: 'lots' is not a",
    ),
    ({"settings": {"all": {"select": "best"}}}, "'best' is not last or best:<task>.<metric>"),
    ({"settings": {"tasks": {"rt": {"epochs": 1}}}}, "unknown task 'rt'; allowed: ag-news"),
    ({"settings": {"tasks": {"rte": {"epoch": 1}}}}, "tasks.rte: unknown setting 'epoch'; allowed"),
]


@pytest.mark.parametrize(
    ("changes", "said"), WRONG, ids=[str(number) for number in range(len(WRONG))]
)
def test_a_wrong_config_is_one_line_with_key_value_and_what_is_allowed(refused, changes, said):
    assert said in refused(changes)


def test_a_missing_key_is_named(root, config):
    del config["protocol"]
    with pytest.raises(UserError, match="config: 'protocol' is a required property"):
        ask(config, root)


def test_an_axis_without_values_is_refused(own_root, refused):
    path = own_root / "studies/rethinking/study.yaml"
    content = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(content | {"grid": {"seed": {"stated": []}}}))
    message = refused({}, own_root)
    assert "studies/rethinking/study.yaml, grid: axis 'seed' is empty: list at least" in message


def test_a_model_that_the_catalogue_lacks_is_refused(own_root, refused):
    path = own_root / "studies/rethinking/study.yaml"
    path.write_text(path.read_text().replace("[roberta-large]", "[roberta-huge]"))
    assert "unknown model 'roberta-huge'; allowed: " in refused({}, own_root)


def test_a_wrong_setting_of_a_scale_is_refused_by_its_file(own_root, refused):
    (own_root / "scales/odd.yaml").write_text("settings: {all: {epoch: 1}}\n")
    message = refused({"scale": "odd"}, own_root)
    assert "scales/odd.yaml, settings.all: unknown setting 'epoch'; allowed:" in message


def test_a_question_that_only_restricted_data_could_answer_says_so(refused):
    message = refused({"scale": "paper", "only": {"targets": ["mednli"]}})
    assert "nothing of study 'rethinking' is left to run, as files of mednli are missing" in message


def test_one_study_can_be_given_without_a_list(root, config):
    question = ask({**config, "studies": "rethinking"}, root)
    assert list(question.plans) == ["rethinking"]
    assert question.config["studies"] == ["rethinking"]


def test_blocks_that_are_left_out_or_empty_are_the_same(root, config):
    short = {key: config[key] for key in config if config[key] != {}}
    assert check_config(short, root) == check_config(config, root)
    assert check_config({**config, "only": None, "limits": None}, root) == check_config(
        config, root
    )


def test_the_projects_config_answers_at_every_scale(root, config, scale):
    question = ask({**config, "scale": scale}, root)
    assert {len(points) for points in question.plans["rethinking"].shown.values()} == {36, 6}
    assert set(question.models) == {"roberta-large", "gpt2-medium"}


def test_parents_of_derived_tasks_and_corpora_are_asked_for_too(root, config, scale):
    question = ask({**config, "scale": scale, "only": {"chains": ["synthesis-gpt2"]}}, root)
    assert {"synthesis-gpt2", "squad-contexts"} <= set(question.tasks)
    assert "hellaswag" not in {cell.chain for cell in question.plans["rethinking"].cells}
    if question.scale.models:
        assert "wikitext" in question.tasks
    assert len(question.tasks) == len(set(question.tasks))


def test_each_task_and_model_has_one_rule(root, config):
    mini, paper = (ask({**config, "scale": name}, root) for name in ("mini", "paper"))
    assert (mini.task_rule("rte"), paper.task_rule("rte")) == ("make_task", "fetch_task")
    for question in (mini, paper):
        assert question.task_rule("hella-sh") == "derive_task"
        assert question.task_rule("synthesis-gpt2") == "generate_synthesis"
    assert mini.model_rule("roberta-large") == "pretrain_model"
    assert paper.model_rule("roberta-large") == "fetch_model"


def test_the_readers_own_data_and_models_replace_the_miniature(root, config):
    question = ask(
        {
            **config,
            "tasks": {"rte": {"source": {"files": {"train": "a.csv", "validation": "b.csv"}}}},
            "models": {"roberta-large": {"path": "models/mine"}},
        },
        root,
    )
    assert question.task_rule("rte") == "fetch_task" and question.task_rule("wic") == "make_task"
    assert question.model_spec("roberta-large")["origin"] == {"path": "models/mine"}


def test_a_restricted_task_with_another_length_stays_in_the_miniature(root, config):
    question = ask({**config, "tasks": {"mednli": {"max_tokens": 90}}}, root)
    assert question.plans["rethinking"].unavailable == ()
    assert question.task_rule("mednli") == "make_task"


def test_limits_and_mirror_reach_the_jobs_that_fetch(root, config):
    changes = {"scale": "paper", "mirror": "/data/hub", "limits": {"train": 100}}
    question = ask({**config, **changes}, root)
    assert question.task_spec("rte")["limits"] == {"train": 100, "validation": None}
    assert question.task_spec("rte")["mirror"] == "/data/hub"
    assert question.task_spec("squad-contexts")["limits"]["train"] is None
    assert "mirror" not in question.task_spec("hella-sh")


def test_every_task_and_model_can_be_described_to_its_job(root, config, scale):
    question = ask({**config, "scale": scale}, root)
    for name in question.tasks:
        spec = question.task_spec(name)
        assert spec == yaml.safe_load(yaml.safe_dump(spec))
        assert spec["task"]["name"] == name and spec["note"] == question.scale.label
    for name in question.models:
        assert question.model_spec(name)["name"] == name


def test_the_schema_describes_every_key_of_config_yaml(config):
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
    assert set(schema["properties"]) == set(config)


def test_a_study_is_added_by_adding_a_folder(own_root, config):
    shutil.copytree(own_root / "studies/rethinking", own_root / "studies/mine")
    question = ask({**config, "studies": ["rethinking", "mine"]}, own_root)
    assert list(question.plans) == ["rethinking", "mine"]


def test_a_study_without_the_protocol_that_is_asked_for_runs_the_papers_and_says_so(
    own_root, config
):
    studies = ["rethinking", write_study(own_root)]
    question = ask({**config, "studies": studies, "protocol": "released"}, own_root)
    assert [plan.study.protocol for plan in question.plans.values()] == ["released", "paper"]
    assert question.remarks() == ["study 'mine' has no protocol 'released' and runs 'paper'"]
    assert ask({**config, "studies": studies}, own_root).remarks() == []


def test_a_protocol_that_no_study_has_is_refused(own_root, config):
    write_study(own_root)
    with pytest.raises(UserError, match="unknown protocol 'released'; allowed: paper$"):
        ask({**config, "studies": "mine", "protocol": "released"}, own_root)


def test_a_chain_of_several_tasks_lacks_what_any_of_them_lacks(root, config):
    only = {"chains": ["none", "mednli~rte+wic"], "targets": ["rte"]}
    question = ask({**config, "scale": "paper", "only": only}, root)
    assert [cell.chain for cell in question.plans["rethinking"].unavailable] == ["mednli~rte+wic"]
    (line,) = question.unavailable()
    assert line.startswith("MedNLI: ask for access at physionet.org")


def test_data_have_every_split_that_some_study_scores(own_root, config):
    scored = {"tasks": {"rte": {"scored": {"stated": ["validation", "test"]}}}}
    studies = ["rethinking", write_study(own_root, settings=scored)]
    limits = {"limits": {"train": 9, "validation": 5}}
    question = ask({**config, "scale": "paper", "studies": studies, **limits}, own_root)
    assert question.splits("rte") == ["train", "validation", "test"]
    spec = question.task_spec("rte")
    assert spec["task"]["scored"] == ["validation", "test"]
    assert spec["limits"] == {"train": 9, "validation": 5, "test": 5}
    assert question.task_spec("wic")["limits"] == {"train": 9, "validation": 5}


@pytest.mark.parametrize(("seed", "agree"), [(42, True), (43, False)])
def test_studies_agree_how_a_derived_task_is_made(own_root, config, seed, agree):
    settings = {"generators": {"hella_sh": {"seed": {"stated": seed}}}}
    studies = ["rethinking", write_study(own_root, settings=settings)]
    if agree:
        assert ask({**config, "studies": studies}, own_root).task_spec("hella-sh")
    else:
        with pytest.raises(UserError, match="'rethinking' and 'mine' do not agree how 'hella-sh'"):
            ask({**config, "studies": studies}, own_root)


def test_a_model_that_is_only_scored_is_asked_for_too(own_root, config):
    models = ["roberta-large", "gpt2-medium"]
    main = {"chains": ["none"], "targets": ["rte"], "models": models[:1]}
    scores = {"all": {"chains": ["none"], "tasks": ["rte"], "models": models[1:]}}
    study = write_study(own_root, models=models, sweeps={"main": main}, scores=scores)
    assert ask({**config, "studies": [study]}, own_root).models == models
