import pytest

from stilts.errors import UserError
from stilts.question.settings import Setting, merge, read_layer, values

BLOCK = {
    "all": {"epochs": {"assumed": 3}, "clip": {"code": 1.0}},
    "targets": {"epochs": {"stated": 4}},
    "intermediates": {"watch": {"assumed": ["a"]}},
    "tasks": {"b": {"epochs": {"code": 5, "where": "run.py"}, "metric": {"stated": "accuracy"}}},
    "stages": {"a~b": {"epochs": {"stated": 6}, "tasks": {"a": {"head": {"stated": "cosine"}}}}},
    "variants": {"frozen": {"freeze": {"stated": "encoder"}}},
    "generators": {"shuffle": {"anything": {"code": ["goes"]}}},
}


def test_a_layer_holds_settings_by_their_place():
    layer = read_layer(BLOCK, "here")
    assert layer["tasks", "b"]["epochs"] == Setting(5, "code", "run.py")
    assert layer["stages", "a~b", "tasks", "a"] == {"head": Setting("cosine", "stated")}
    assert layer["stages", "a~b"] == {"epochs": Setting(6, "stated")}
    assert layer["generators", "shuffle"] == {"anything": Setting(["goes"], "code")}


def test_plain_values_take_the_origin_of_their_layer():
    layer = read_layer({"tasks": {"b": {"lr": "1e-5"}}}, "here", "config")
    assert layer == {("tasks", "b"): {"lr": Setting(1e-5, "config")}}


def test_a_later_place_wins_and_a_later_layer_over_all_its_places():
    low, high = read_layer(BLOCK, "here"), read_layer({"all": {"epochs": 9}}, "here", "config")
    places = [("all",), ("targets",), ("tasks", "b"), ("tasks", "nobody")]
    assert values(merge([low], places))["epochs"] == 5
    assert values(merge([low], places[::-1]))["epochs"] == 3
    assert merge([low, high], places)["epochs"] == Setting(9, "config")
    assert values(merge([low, high], places)) == {"clip": 1.0, "epochs": 9, "metric": "accuracy"}


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"every": {}}, "here: unknown part 'every'; allowed: all, data, generators, intermediat"),
        ({"all": 3}, "here.all: expected a block, found 3"),
        ({"tasks": {"b": 3}}, "here.tasks.b: expected a block, found 3"),
        ({"tasks": [1]}, "here.tasks: expected a block, found [1]"),
        ({"stages": {"a": {"tasks": 3}}}, "here.stages.a.tasks: expected a block, found"),
        ({"stages": {"a": None}}, "here.stages.a: expected a block, found None"),
        ({"all": {"epoch": 3}}, "here.all: unknown setting 'epoch'; allowed: "),
        ({"targets": {"watch": ["a"]}}, "here.targets: unknown setting 'watch'; allowed: "),
        ({"variants": {"x": {"epochs": "lots"}}}, "here.variants.x.epochs: 'lots' is not a whole"),
        (
            {"stages": {"a": {"tasks": {"a": {"lr": 1}}}}},
            "here.stages.a.tasks.a: unknown setting 'lr'; allowed: ",
        ),
    ],
)
def test_a_wrong_layer_is_refused_by_place_and_value(block, said):
    with pytest.raises(UserError) as caught:
        read_layer(block, "here", "config")
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [3, {"guessed": 3}, {"stated": 3, "code": 3}, {"where": "x"}])
def test_a_setting_of_a_study_needs_one_origin(value):
    with pytest.raises(UserError, match="here.all.epochs: write {<origin>: value} with an origin"):
        read_layer({"all": {"epochs": value}}, "here")
