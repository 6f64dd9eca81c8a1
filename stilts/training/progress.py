"""One live line per job: what it trains, how far it is, loss, speed and time left.

`status` reads the same from the job's sign of life, where there is no terminal.
"""

import time
from typing import Self

from torch import Tensor
from tqdm import tqdm

from stilts.machine.heartbeat import update
from stilts.training.history import History

SECONDS = 1.0  # between two looks at the loss: a look waits for the device


class Progress:
    """A line on the terminal for `runs` runs in a row; nothing where there is no terminal.

    Use it as a context around the runs, give `step` to `train`, and call `finish_run` after each.
    """

    def __init__(self, name: str, runs: int = 1):
        self._name = name
        self._finished = 0
        self._due = 0.0
        self._began, self._tokens = time.monotonic(), 0
        self._bar = tqdm(
            total=runs,
            desc=name,
            disable=None,
            leave=False,
            bar_format="{desc} {percentage:3.0f}%|{bar:20}| {elapsed}<{remaining}{postfix}",
        )

    def __enter__(self) -> Self:
        """Show the line."""
        return self

    def __exit__(self, *_: object) -> None:
        """Clear the line."""
        self._bar.close()

    def step(self, history: History, total: int, step_loss: Tensor) -> None:
        """Take in one optimiser step of a run of `total`: its history so far and its loss."""
        now = time.monotonic()
        if now < self._due:
            return
        rate = (history.tokens - self._tokens) / (now - self._began)
        self._began, self._tokens, self._due = now, history.tokens, now + SECONDS
        loss, epoch = step_loss.item(), len(history.epochs) + 1
        place = f"run {self._finished + 1}/{self._bar.total}, " if self._bar.total > 1 else ""
        self._bar.set_postfix_str(
            f"{place}epoch {epoch}, step {history.steps}/{total}, loss {loss:.3f},"
            f" {rate:,.0f} tokens/s",
            refresh=False,
        )
        update(
            doing=f"{place}{self._name}",
            epoch=epoch,
            step=history.steps,
            steps=total,
            loss=loss,
            tokens_per_second=rate,
        )
        self._show(self._finished + history.steps / total)

    def finish_run(self) -> None:
        """Count a run as done, however it ended."""
        self._finished += 1
        self._tokens = 0
        self._show(self._finished)

    def _show(self, done: float) -> None:
        self._bar.n = done
        self._bar.refresh()
