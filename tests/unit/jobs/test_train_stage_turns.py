"""Stages of tasks in turn, step by step: whose turn it is, how far the optimiser is, and kills."""

import pytest

from stilts.files.manifest import read_manifest
from stilts.training.workspace import Workspace
from tests.toys.tiny_jobs import A, B, K, X, posed_as

SHORT = {"max_tokens": 40, "stride": 3, "decode": "independent"}
SPANS = {"posed": {"k": posed_as(**SHORT), "x": posed_as(**SHORT)}, "lr": 4e-3}


@pytest.fixture
def told(monkeypatch):
    """What is seen of every optimiser step: the task, its examples, the rate, the steps before."""
    steps, seen = [], []
    accumulate, step = Workspace.accumulate, Workspace.step

    def watched(self, batch, weight, task):
        seen.append(round(1 / weight))
        return accumulate(self, batch, weight, task)

    def stepped(self, optimizer, task):
        taken = [int(moments["step"]) for moments in optimizer.state.values()]
        rate = round(optimizer.param_groups[0]["lr"] / 5e-3, 4)
        steps.append((task, seen.pop(), rate, max(taken, default=0)))
        step(self, optimizer, task)

    monkeypatch.setattr(Workspace, "accumulate", watched)
    monkeypatch.setattr(Workspace, "step", stepped)
    return steps


# Batches of 4 of 10 rows of `a` and 7 of `b`, two epochs, a warmup of 0.3.
TOGETHER = [  # three rounds, as `a` has the most steps; `b` begins anew; int(0.3 * 12) = 3
    *[("a", 4, 0.0, 0), ("b", 4, 0.3333, 1)],
    *[("a", 4, 0.6667, 2), ("b", 3, 1.0, 3)],
    *[("a", 2, 0.8889, 4), ("b", 4, 0.7778, 5)],
    *[("a", 4, 0.6667, 6), ("b", 4, 0.5556, 7)],
    *[("a", 4, 0.4444, 8), ("b", 3, 0.3333, 9)],
    *[("a", 2, 0.2222, 10), ("b", 4, 0.1111, 11)],
]
THEN_B = [  # int(0.3 * 4) = 1, and the optimiser has taken no step
    *[("b", 4, 0.0, 0), ("b", 3, 1.0, 1)],
    *[("b", 4, 0.6667, 2), ("b", 3, 0.3333, 3)],
]


def test_turns_steps_and_new_optimisers_of_a_chain_are_those_worked_out_by_hand(make_stage, told):
    make_stage("a~b", A, B)
    make_stage("a~b+b", B, on="a~b")
    assert told == TOGETHER + THEN_B


def test_rounds_cut_the_turns_of_every_epoch(make_stage, told):
    make_stage("a~b", A, B, rounds=1)
    assert told == [("a", 4, 0.0, 0), ("b", 4, 1.0, 1), ("a", 4, 0.6667, 2), ("b", 4, 0.3333, 3)]


@pytest.mark.parametrize("calls", [1, 4, 9, 12])
def test_tasks_that_share_a_head_and_are_killed_end_with_the_same_bytes(
    calls, make_stage, tmp_path, stop, monkeypatch
):
    """Two epochs of three turns: a batch of classes, a batch of questions."""
    wanted = make_stage("whole", K, X, on="bert", **SPANS)
    whole = {path.name: path.read_bytes() for path in wanted.iterdir()}
    assert list(read_manifest(wanted)["heads"]) == ["source_span"]
    (tmp_path / "store").rename(tmp_path / "store-of-the-first")
    stop("pack", calls)
    with pytest.raises(SystemExit):
        make_stage("killed", K, X, on="bert", **SPANS)
    monkeypatch.undo()
    assert len([*(tmp_path / "store/snapshots").iterdir()]) == 1
    killed = make_stage("killed", K, X, on="bert", **SPANS)
    assert {path.name: path.read_bytes() for path in killed.iterdir()} == whole
    assert [*(tmp_path / "store/snapshots").iterdir()] == []
