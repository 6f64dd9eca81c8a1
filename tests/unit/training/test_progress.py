import io
import re
import sys

import pytest
import torch

from stilts.training import progress as module
from stilts.training.history import History
from stilts.training.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only when the test says so; tqdm keeps its own."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def capture(monkeypatch, stream):
    """Redirect the terminal within a test; pytest would undo it between fixture and test."""
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("COLUMNS", "200")
    return stream


def last_line(stream):
    return re.split(r"[\r\n]+", stream.getvalue().strip())[-1]


def test_the_line_tells_run_epoch_step_loss_and_speed(monkeypatch, clock):
    terminal = capture(monkeypatch, Terminal())
    with Progress("roberta none rte", 4) as progress:
        progress.finish_run()
        clock[0] += 2
        history = History(steps=30, tokens=5000, epochs=[{"epoch": 1}])
        progress.step(history, 60, torch.tensor(0.51234))
        line = last_line(terminal)
    assert line.startswith("roberta none rte  38%|")  # one run and a half of four
    assert line.endswith("run 2/4, epoch 2, step 30/60, loss 0.512, 2,500 tokens/s")


def test_a_single_run_is_not_counted(monkeypatch, clock):
    terminal = capture(monkeypatch, Terminal())
    with Progress("roberta hellaswag") as progress:
        clock[0] += 2
        progress.step(History(steps=1, tokens=10), 4, torch.tensor(1.0))
        assert "| 00:00" in last_line(terminal) and "run 1" not in last_line(terminal)


def test_the_loss_is_looked_at_once_a_second_at_most(monkeypatch, clock):
    capture(monkeypatch, Terminal())
    looks = []

    class Loss:
        def item(self):
            looks.append(clock[0])
            return 1.0

    with Progress("x") as progress:
        for step in range(1, 51):
            clock[0] += 0.1
            progress.step(History(steps=step, tokens=step), 50, Loss())
    assert len(looks) == pytest.approx(5, abs=1)


def test_a_log_file_gets_no_line(monkeypatch, clock):
    stream = capture(monkeypatch, io.StringIO())
    with Progress("x", 2) as progress:
        clock[0] += 2
        progress.step(History(steps=1, tokens=1), 2, torch.tensor(1.0))
        progress.finish_run()
    assert stream.getvalue() == ""
