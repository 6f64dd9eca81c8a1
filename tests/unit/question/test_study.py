import pytest
import yaml

from stilts.errors import UserError
from stilts.files.fingerprint import ROOT
from stilts.question.study import ORIGINS, Setting, Sweep, load_study, read_layer

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
PATHS = sorted(ROOT.glob("studies/*/study.yaml"))


@pytest.fixture
def load(tmp_path):
    def write_and_load(protocol="paper", **changes):
        (tmp_path / "mine").mkdir(exist_ok=True)
        content = {key: item for key, item in (STUDY | changes).items() if item != "left out"}
        (tmp_path / "mine/study.yaml").write_text(yaml.safe_dump(content))
        return load_study(tmp_path / "mine", protocol)

    return write_and_load


def test_a_study_is_read_with_the_origin_of_each_setting(load):
    study = load()
    assert (study.name, study.title, study.models) == ("mine", "A study", ("m",))
    assert study.grid["lr"] == Setting([1e-5], "stated", "Table 9")
    assert study.sweeps["main"] == Sweep(("none", "a"), ("b", "c"))


def test_a_sweep_crosses_chains_with_targets():
    cells = Sweep(("none", "a"), ("b", "c")).cells()
    assert cells == [("none", "b"), ("none", "c"), ("a", "b"), ("a", "c")]


def test_the_closest_setting_wins_and_the_protocol_after_that(load):
    study = load()
    assert study.recipe("a", "intermediates")["epochs"] == Setting(3, "assumed")
    assert study.recipe("a", "targets")["epochs"] == Setting(4, "stated")
    assert study.recipe("b", "targets")["epochs"] == Setting(5, "code")
    assert load("released").recipe("b", "targets")["epochs"] == Setting(9, "code")


def test_the_names_of_all_settings_are_known(load):
    assert load().setting_names() == {"epochs", "clip", "lr", "max_tokens"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"grids": {}}, "study.yaml: unknown key 'grids'; allowed: cite, claim, grid"),
        ({"sweeps": "left out"}, "study.yaml: 'sweeps' is missing"),
        ({"grid": {"lr": [1e-5]}}, "grid.lr: write {<origin>: value} with an origin of stated"),
        ({"grid": {"lr": {"guessed": [1]}}}, "grid.lr: write {<origin>: value}"),
        ({"settings": {"all": {"clip": 1.0}}}, "settings.all.clip: write {<origin>: value}"),
        ({"settings": {"every": {}}}, "settings: unknown part 'every'; allowed: all, generators"),
        ({"settings": {"all": 3}}, "settings.all: expected a block of settings, found 3"),
        ({"sweeps": {"main": {"chains": ["a"]}}}, "sweeps.main: give 'chains' and 'targets'"),
        ({"sweeps": {"main": {"chains": ["A b"], "targets": ["b"]}}}, "'A b' is malformed"),
    ],
)
def test_a_wrong_study_is_refused_in_one_line(load, changes, said):
    with pytest.raises(UserError) as caught:
        load(**changes)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_an_unknown_study_or_protocol_is_refused_with_the_known_ones(load, tmp_path):
    with pytest.raises(UserError, match="config key 'protocol': unknown protocol 'x'; .* paper, r"):
        load("x")
    with pytest.raises(UserError, match="config key 'studies': unknown study 'you'; allowed: mine"):
        load_study(tmp_path / "you", "paper")


def test_plain_values_take_the_origin_of_their_layer():
    layer = read_layer({"tasks": {"b": {"epochs": 2}}}, "here", "config")
    assert layer == {"tasks": {"b": {"epochs": Setting(2, "config")}}}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.parent.name)
def test_every_setting_of_every_study_has_an_origin(path):
    protocols = yaml.safe_load(path.read_text())["protocols"]
    for protocol in protocols:
        study = load_study(path.parent, protocol)
        settings = list(study.grid.values())
        for layer in study.layers:
            parts = [layer.get(part, {}) for part in ("all", "intermediates", "targets")]
            parts += [*layer.get("tasks", {}).values(), *layer.get("generators", {}).values()]
            settings += [setting for part in parts for setting in part.values()]
        assert len(settings) > 10
        assert all(setting.origin in ORIGINS for setting in settings)
