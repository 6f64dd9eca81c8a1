import math
import re

import pytest

from stilts.errors import UserError
from stilts.question.grid import ONE, cross, parse_point, point_name, read_axes


def test_a_point_is_named_by_its_values():
    values = {"lr": 5e-6, "batch": 8, "warmup": 0, "seed": 12}
    assert point_name(values) == "lr5e-06_bs8_wu0_s12"
    assert point_name(values | {"lr": 0.0005, "warmup": 0.2}) == "lr0.0005_bs8_wu0.2_s12"


def test_what_is_no_number_stands_after_a_dash():
    values = {"optimizer": "adamw_uncorrected", "clip": None, "betas": [0.9, 0.999], "eps": 1e-6}
    assert point_name(values) == "opt-adamw-uncorrected_cl-none_be-0.9x0.999_eps1e-06"


AXES = {
    "lr": [5e-6, 0.001, 1, 1e-10],
    "batch": [8],
    "warmup": [0, 0.2, 1],
    "seed": [0, 42],
    "epochs": [3],
    "micro_batch": [None, 4],
    "max_tokens": [128],
    "weight_decay": [0, 0.01],
    "eps": [1e-6, 1e-8],
    "betas": [[0.9, 0.999], [0, 0.98], [1e-9, 0.5]],
    "clip": [None, 1, 0.5],
    "clip_each": ["step", "micro_batch"],
    "clip_over": ["all", "each"],
    "last_window": ["carry"],
    "select": ["last", "best:sst-5.macro_f1", "best:commonsense_qa.1.exact"],
    "optimizer": ["adamw", "adamw_uncorrected"],
    "schedule": ["constant"],
    "freeze": [None, "encoder"],
    "head": [None, "two_layers"],
    "dropout": [None, 0, 0.3],
    "subset_seed": [7],
    "rounds": [None, 100],
}


@pytest.mark.parametrize("axis", AXES)
def test_a_point_of_any_axis_is_read_back_from_its_name(axis):
    points = cross(read_axes({"seed": [3], axis: AXES[axis]}, "here"))
    assert len(points) == len(AXES[axis])
    for name, values in points.items():
        assert re.fullmatch(r"[A-Za-z0-9._+-]+", name)
        assert repr(parse_point(name)) == repr(values)


def test_a_point_of_many_axes_is_read_back_from_its_name():
    grid = {axis: values[:2] for axis, values in AXES.items() if len(values) > 1}
    points = cross(read_axes(grid, "here"))
    assert len(points) == math.prod(map(len, grid.values()))
    assert all(parse_point(name) == values for name, values in points.items())


def test_an_empty_grid_has_one_point():
    assert cross({}) == {ONE: {}} == {"one": {}}
    assert parse_point("one") == {}


def test_a_number_that_yaml_takes_for_text_is_a_number():
    assert list(cross(read_axes({"lr": ["1e-5"]}, "here"))) == ["lr1e-05"]


def test_a_value_given_twice_is_one_point():
    assert list(cross(read_axes({"seed": [1, 1.0, 1]}, "here"))) == ["s1"]


@pytest.mark.parametrize("name", ["", "lr", "lrx", "xx5", "s1_", "s1__wu0", "notes"])
def test_a_name_that_is_no_points_is_refused(name):
    with pytest.raises(UserError, match="names no grid point"):
        parse_point(name)


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ({"lr": []}, "axis 'lr' is empty"),
        ({"lr": 1e-5}, "axis 'lr' is empty: list at least one value"),
        ({"gamma": [0.1]}, "unknown setting 'gamma'; allowed: "),
        ({"metric": ["accuracy"]}, "unknown setting 'metric'; allowed: "),
        ({"lr": ["big"]}, "axis 'lr': 'big' is not a number"),
        ({"lr": [True]}, "axis 'lr': True is not a number"),
        ({"lr": [math.nan]}, "axis 'lr': nan is not a number"),
        ({"lr": [0]}, "axis 'lr': 0 is not a number above 0"),
        ({"batch": [8, 0]}, "axis 'batch': 0 is not a whole number from 1"),
        ({"batch": [8, 2.5]}, "axis 'batch': 2.5 is not a whole number from 1"),
        ({"warmup": [-0.1]}, "axis 'warmup': -0.1 is not a number from 0 to 1"),
        ({"warmup": [100]}, "axis 'warmup': 100 is not a number from 0 to 1"),
    ],
)
def test_a_wrong_grid_is_refused_by_axis_and_value(grid, said):
    with pytest.raises(UserError) as caught:
        read_axes(grid, "here")
    message = str(caught.value)
    assert message.startswith("here") and said in message and "\n" not in message
