import numpy as np
import pytest
import torch
from transformers import get_constant_schedule_with_warmup, get_linear_schedule_with_warmup

from stilts.errors import UserError
from stilts.question.recipe import complete
from stilts.training.steps import draw, rate, total_steps, windows

DEFAULTS = complete({})


def test_windows_weigh_examples_equally_even_in_an_incomplete_window():
    cut = windows("t", np.arange(21), DEFAULTS | {"batch": 8, "micro_batch": 2})
    assert [len(window.parts) for window in cut] == [4, 4, 3]
    assert all(window.stepped for window in cut)
    assert {window.task for window in cut} == {"t"}
    assert [weight for _, weight in cut[2].parts] == [1 / 5] * 3
    drawn = [part for window in cut for part, _ in window.parts]
    assert np.concatenate(drawn).tolist() == [*range(21)]


def test_a_carried_window_is_weighed_as_in_the_released_code_and_not_stepped():
    recipe = DEFAULTS | {"batch": 8, "micro_batch": 2, "last_window": "carry", "epochs": 3}
    cut = windows("t", np.arange(21), recipe)
    assert [window.stepped for window in cut] == [True, True, False]
    assert [weight for _, weight in cut[2].parts] == [1 / 8, 1 / 8, 1 / 4]
    assert total_steps({"t": 21}, recipe) == 6
    whole = DEFAULTS | {"batch": 8, "last_window": "carry", "epochs": 3}
    assert total_steps({"t": 21}, whole) == 9, "without accumulation every batch is stepped"


def test_the_schedule_by_hand():
    ten = DEFAULTS | {"warmup": 0.2}
    wanted = [0, 0.5, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]
    assert [rate(step, 10, ten) for step in range(10)] == wanted
    assert [rate(step, 4, DEFAULTS) for step in range(4)] == [1, 0.75, 0.5, 0.25]
    rounded_down = [rate(step, 7, DEFAULTS | {"warmup": 0.2}) for step in range(2)]
    assert rounded_down == [0, 1], "int(1.4) = 1 warmup step"


@pytest.mark.parametrize(
    ("schedule", "theirs"),
    [
        ("linear", get_linear_schedule_with_warmup),
        (
            "constant",
            lambda optimizer, warmup, _: get_constant_schedule_with_warmup(optimizer, warmup),
        ),
    ],
)
@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.33])
def test_the_schedule_equals_transformers(schedule, theirs, warmup):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    wanted = theirs(optimizer, int(warmup * 31), 31)
    recipe = {"warmup": warmup, "schedule": schedule}
    for step in range(31):
        assert rate(step, 31, recipe) == pytest.approx(wanted.get_last_lr()[0])
        optimizer.step()
        wanted.step()


# Several tasks


def turns(sizes, **recipe):
    """The windows of an epoch as (task, number of examples)."""
    drawn = draw(sizes, DEFAULTS | {"epochs": 1} | recipe, torch.Generator().manual_seed(0))
    return [(window.task, sum(len(part) for part, _ in window.parts)) for window in drawn]


def test_tasks_take_turns_until_the_longest_is_through():
    """Batches of 4: `a` has 3 steps, the last one of 2; `b` 1 of 3 and begins anew; `c` 2."""
    assert turns({"a": 10, "b": 3, "c": 8}, batch=4) == [
        *[("a", 4), ("b", 3), ("c", 4)],
        *[("a", 4), ("b", 3), ("c", 4)],
        *[("a", 2), ("b", 3), ("c", 4)],
    ]


@pytest.mark.parametrize(
    ("rounds", "wanted"),
    [
        (1, [("a", 4), ("b", 3)]),
        (2, [("a", 4), ("b", 3), ("a", 4), ("b", 3)]),
        (4, [("a", 4), ("b", 3), ("a", 4), ("b", 3), ("a", 2), ("b", 3), ("a", 4), ("b", 3)]),
    ],
)
def test_rounds_count_the_turns_of_each_task(rounds, wanted):
    assert turns({"a": 10, "b": 3}, batch=4, rounds=rounds) == wanted


def test_every_example_of_a_task_is_seen_once_before_one_is_seen_again():
    recipe = DEFAULTS | {"batch": 4, "epochs": 1}
    drawn = draw({"a": 20, "b": 6}, recipe, torch.Generator().manual_seed(3))
    seen = {task: [] for task in "ab"}
    for window in drawn:
        seen[window.task] += np.concatenate([part for part, _ in window.parts]).tolist()
    assert sorted(seen["a"]) == [*range(20)] and seen["a"] != sorted(seen["a"])
    passes = [seen["b"][start : start + 6] for start in (0, 6, 12)]
    assert [sorted(one) for one in passes[:2]] == [[*range(6)]] * 2
    assert passes[0] != passes[1], "it is shuffled anew"
    assert len(passes[2]) == 4 and set(passes[2]) <= {*range(6)}


def test_several_tasks_weigh_their_examples_as_one_does():
    recipe = DEFAULTS | {"batch": 4, "micro_batch": 2, "epochs": 1}
    for window in draw({"a": 5, "b": 3}, recipe, torch.Generator()):
        assert sum(len(part) * weight for part, weight in window.parts) == pytest.approx(1)
        assert window.stepped


@pytest.mark.parametrize(
    ("sizes", "change", "steps"),
    [
        ({"a": 10}, {}, 6),
        ({"a": 10, "b": 3}, {}, 12),
        ({"a": 10, "b": 3, "c": 9}, {}, 18),
        ({"a": 10, "b": 3}, {"rounds": 5}, 20),
        ({"a": 10, "b": 3}, {"micro_batch": 1}, 12),
    ],
)
def test_the_steps_of_a_run_by_hand(sizes, change, steps):
    recipe = DEFAULTS | {"batch": 4, "epochs": 2} | change
    assert total_steps(sizes, recipe) == steps


@pytest.mark.parametrize("micro_batch", [None, 2])
def test_windows_of_several_tasks_cannot_be_carried_over(micro_batch):
    recipe = DEFAULTS | {
        "batch": 4,
        "epochs": 1,
        "last_window": "carry",
        "micro_batch": micro_batch,
    }
    with pytest.raises(UserError, match="stage a~b: last_window carry .*: use last_window: step"):
        total_steps({"a": 10, "b": 3}, recipe)
