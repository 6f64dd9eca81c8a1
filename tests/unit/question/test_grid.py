import math

import pytest

from stilts.errors import UserError
from stilts.question.grid import grid_points, parse_point, point_name


def test_a_point_is_named_by_its_values():
    values = {"lr": 5e-6, "batch": 8, "warmup": 0, "seed": 12}
    assert point_name(values) == "lr5e-06_bs8_wu0_s12"
    assert point_name(values | {"lr": 0.0005, "warmup": 0.2}) == "lr0.0005_bs8_wu0.2_s12"


def test_a_point_is_read_back_from_its_name():
    grid = {"lr": [5e-6, 0.001, 1, 1e-10], "batch": [8], "warmup": [0, 0.2, 1], "seed": [0, 42]}
    points = grid_points(grid | {"epochs": [3]}, "here")
    assert len(points) == 24
    assert all(parse_point(name) == values for name, values in points.items())


def test_a_number_that_yaml_takes_for_text_is_a_number():
    assert list(grid_points({"lr": ["1e-5"]}, "here")) == ["lr1e-05"]


def test_a_value_given_twice_is_one_point():
    assert list(grid_points({"seed": [1, 1.0, 1]}, "here")) == ["s1"]


@pytest.mark.parametrize(
    ("grid", "said"),
    [
        ({}, "the grid is empty"),
        ({"lr": []}, "axis 'lr' is empty"),
        ({"lr": 1e-5}, "axis 'lr' is empty: list at least one value"),
        ({"dropout": [0.1]}, "unknown grid axis 'dropout'; allowed: batch, epochs, lr, seed, wa"),
        ({"lr": ["big"]}, "axis 'lr': 'big' is not a number"),
        ({"lr": [True]}, "axis 'lr': True is not a number"),
        ({"lr": [math.nan]}, "axis 'lr': nan is not a number"),
        ({"lr": [0]}, "axis 'lr': 0 is too small"),
        ({"batch": [8, 0]}, "axis 'batch': 0 is too small"),
        ({"batch": [8, 2.5]}, "axis 'batch': [8, 2.5] are not all whole numbers"),
        ({"warmup": [-0.1]}, "axis 'warmup': -0.1 is too small"),
    ],
)
def test_a_wrong_grid_is_refused_by_axis_and_value(grid, said):
    with pytest.raises(UserError) as caught:
        grid_points(grid, "here")
    message = str(caught.value)
    assert message.startswith("here") and said in message and "\n" not in message
