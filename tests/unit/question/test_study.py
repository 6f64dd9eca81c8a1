import pytest
import yaml

from stilts.errors import UserError
from stilts.files.fingerprint import ROOT
from stilts.question.settings import ORIGINS, Setting
from stilts.question.study import Sweep, load_study
from stilts.question.study_file import StudyFile

STUDY = {
    "title": "A study",
    "models": ["m"],
    "grid": {"lr": {"stated": [1e-5], "where": "Table 9"}},
    "sweeps": {"main": {"chains": ["none", "a"], "targets": ["b", "c"]}},
    "settings": {
        "all": {"epochs": {"assumed": 3}, "clip": {"code": 1.0}},
        "targets": {"epochs": {"stated": 4}},
        "tasks": {"b": {"epochs": {"code": 5}}},
    },
    "protocols": {"paper": None, "released": {"all": {"epochs": {"code": 9}}}},
}
MAIN = STUDY["sweeps"]["main"]
PATHS = sorted(ROOT.glob("studies/*/study.yaml"))


@pytest.fixture
def load(tmp_path):
    def write_and_load(protocol="paper", **changes):
        (tmp_path / "mine").mkdir(exist_ok=True)
        content = {key: item for key, item in (STUDY | changes).items() if item != "left out"}
        (tmp_path / "mine/study.yaml").write_text(yaml.safe_dump(content))
        path = tmp_path / "mine/study.yaml"
        return load_study(StudyFile("mine", path, path.parent, own=False), protocol)

    return write_and_load


def test_a_study_is_read_with_the_origin_of_each_setting(load):
    study = load()
    assert (study.name, study.title, study.models) == ("mine", "A study", ("m",))
    assert study.grid["lr"] == Setting([1e-5], "stated", "Table 9")
    assert study.sweeps["main"] == Sweep(("none", "a"), ("b", "c"))


def test_a_sweep_crosses_chains_with_targets():
    pairs = Sweep(("none", "a"), ("b", "c")).pairs()
    assert pairs == [("none", "b"), ("none", "c"), ("a", "b"), ("a", "c")]


def test_the_protocol_is_a_layer_over_the_settings(load):
    places = ("all",), ("targets",), ("tasks", "b")
    assert [load("released").layers[1].get(place) for place in places] == [
        {"epochs": Setting(9, "code")},
        None,
        None,
    ]
    assert load("paper").layers[1] == {}


def test_a_study_without_the_protocol_runs_the_papers(load):
    study = load("joint")
    assert (study.protocol, study.protocols) == ("paper", ("paper", "released"))


def test_a_sweep_may_have_models_a_grid_and_a_tie_of_its_own(load):
    tied = STUDY["sweeps"]["main"] | {"tie": "seed", "models": ["n"], "grid": {}}
    found = load(models=["m", "n"], sweeps=STUDY["sweeps"] | {"tied": tied})
    assert (found.sweeps["tied"].models, found.sweeps["tied"].grid) == (("n",), {})
    assert (found.sweeps["tied"].tied, found.sweeps["main"].tied) == (True, False)


def test_the_grid_of_a_sweep_goes_before_that_of_a_model_and_of_the_study(load):
    seeds = {"seed": {"stated": [1, "2"]}}
    own = STUDY["sweeps"]["main"] | {"grid": seeds}
    found = load(models=["m", "n"], grids={"n": {}}, sweeps=STUDY["sweeps"] | {"own": own})
    main, own = found.sweeps["main"], found.sweeps["own"]
    assert found.grid_of(main, "m") == found.grid
    assert found.grid_of(main, "n") == {}
    for model in ("m", "n"):
        assert found.grid_of(own, model) == {"seed": Setting([1, 2], "stated")}


def test_what_is_scored_names_chains_and_tasks(load):
    found = load(scores={"seen": {"chains": ["none", "a"], "tasks": ["a"], "models": ["m"]}})
    assert found.scores["seen"] == Sweep(("none", "a"), ("a",), ("m",))


def test_a_study_that_only_scores_checkpoints_has_neither_sweeps_nor_a_grid(load):
    scores = {"all": {"chains": ["a~b"], "tasks": ["a", "b"]}}
    found = load(sweeps="left out", grid="left out", scores=scores)
    assert (found.sweeps, found.grid, found.every_grid()) == ({}, {}, [])
    assert found.scores["all"].pairs() == [("a~b", "a"), ("a~b", "b")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"gird": {}}, "study.yaml: unknown key 'gird'; allowed: cite, claim, grid, grids"),
        ({"protocols": {"released": {}}}, "study.yaml, protocols: 'paper' is missing"),
        ({"sweeps": "left out"}, "study.yaml: 'sweeps' is missing"),
        ({"grid": "left out"}, "study.yaml: 'grid' is missing"),
        ({"grid": {"lr": [1e-5]}}, "grid.lr: write {<origin>: value} with an origin of stated"),
        ({"grid": {"lr": {"guessed": [1]}}}, "grid.lr: write {<origin>: value}"),
        ({"settings": {"all": {"clip": 1.0}}}, "settings.all.clip: write {<origin>: value}"),
        (
            {"settings": {"every": {}}},
            "settings: unknown part 'every'; allowed: all, data",
        ),
        ({"settings": {"all": 3}}, "settings.all: expected a block, found 3"),
        ({"settings": {"all": {"lr": {"code": "x"}}}}, "settings.all.lr: 'x' is not a number"),
        ({"settings": {"all": {"epoch": {"code": 1}}}}, "settings.all: unknown setting 'epoch'; a"),
        ({"settings": {"all": {"epochs": {"code": "lots"}}}}, "settings.all.epochs: 'lots' is not"),
        ({"grid": {"gamma": {"stated": [1]}}}, "study.yaml, grid: unknown setting 'gamma'; allow"),
        ({"grid": {"warmup": {"stated": [100]}}}, "study.yaml, grid, axis 'warmup': 100 is not a"),
        ({"grids": {"x": {}}}, "study.yaml, grids: unknown model 'x'; allowed: m"),
        ({"sweeps": {"main": {"chains": ["a"]}}}, "sweeps.main: give a block with 'chains' and 't"),
        ({"sweeps": 5}, "study.yaml, sweeps: expected a block, found 5"),
        ({"protocols": ["paper"]}, "study.yaml, protocols: expected a block, found ['paper']"),
        ({"models": "m"}, "study.yaml, models: expected a list of names, found 'm'"),
        ({"sweeps": {"s": MAIN | {"chains": "a"}}}, "sweeps.s.chains: expected a list of names"),
        ({"sweeps": {"s": MAIN | {"targets": [8]}}}, "sweeps.s.targets: expected a list of names"),
        ({"sweeps": {"main": 5}}, "sweeps.main: give a block with 'chains' and 'targets'"),
        ({"sweeps": {"s": MAIN | {"chains": ["A b"]}}}, "'A b' is malformed"),
        ({"sweeps": {"s": MAIN | {"model": ["m"]}}}, "sweeps.s: unknown key 'model'; allowed: a"),
        ({"sweeps": {"s": MAIN | {"models": ["x"]}}}, "sweeps.s.models: unknown model 'x'; allo"),
        ({"sweeps": {"s": MAIN | {"tie": "lr"}}}, "sweeps.s.tie: unknown tie 'lr'; allowed: seed"),
        ({"sweeps": {"s": MAIN | {"tie": "seed", "chains": ["a^1"]}}}, "chain 'a^1' has a seed"),
        ({"scores": {"s": MAIN}}, "scores.s: give a block with 'chains' and 'tasks'"),
        ({"scores": {"s": {"chains": ["a"], "tasks": ["b"], "tie": "seed"}}}, "unknown key 'tie'"),
    ],
)
def test_a_wrong_study_is_refused_in_one_line(load, changes, said):
    with pytest.raises(UserError) as caught:
        load(**changes)
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.parent.name)
def test_every_setting_of_every_study_has_an_origin(path):
    protocols = yaml.safe_load(path.read_text())["protocols"]
    for protocol in protocols:
        place = StudyFile(path.parent.name, path, path.parent, own=False)
        study = load_study(place, protocol)
        blocks = [study.grid, *(block for layer in study.layers for block in layer.values())]
        settings = [setting for block in blocks for setting in block.values()]
        assert len(settings) > 10
        assert all(setting.origin in ORIGINS for setting in settings)
