"""Chains of stages: `hellaswag-p@2000`, `mnli+squad`, `mnli~rte+rte`, or `none`."""

import re
from dataclasses import dataclass

from stilts.errors import UserError

NONE = "none"
_TASK = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_SIZE = re.compile(r"[1-9][0-9]*")


@dataclass(frozen=True)
class Stage:
    """One fine-tuning step of a chain: a set of tasks, and how many examples of them.

    Several tasks train together, one batch per task in turn; `size` caps the training examples
    of each task by a seeded sample (None: all of them).
    """

    tasks: tuple[str, ...]
    size: int | None = None

    @property
    def name(self) -> str:
        """The stage as it stands in a chain's name and path."""
        return "~".join(self.tasks) + (f"@{self.size}" if self.size else "")


def parse_stage(text: str) -> Stage:
    """Read one stage, such as `mnli~rte` or `hellaswag-p@2000`.

    Raises:
        UserError: a malformed task name or size.
    """
    names, at, size = text.partition("@")
    tasks = tuple(names.split("~"))
    if not all(_TASK.fullmatch(task) for task in tasks) or (at and not _SIZE.fullmatch(size)):
        raise UserError(
            f"chain stage {text!r} is malformed: write task, task~task (together) or task@2000"
            " (that many examples); names are lower-case letters, digits, '-', '_' and '.'"
        )
    return Stage(tasks, int(size) if size else None)


def parse_chain(text: str) -> tuple[Stage, ...]:
    """Read a chain's name; `none` is the empty chain.

    Raises:
        UserError: a malformed stage.
    """
    return () if text == NONE else tuple(parse_stage(stage) for stage in text.split("+"))


def chain_name(stages: tuple[Stage, ...]) -> str:
    """Return the name of a chain; inverse of `parse_chain`."""
    return "+".join(stage.name for stage in stages) or NONE


def parent_chain(text: str) -> str:
    """Return the chain without its last stage: where that stage starts from."""
    return chain_name(parse_chain(text)[:-1])


def prefixes(text: str) -> list[str]:
    """Return the chain and every chain it grows out of, shortest first, without `none`."""
    stages = parse_chain(text)
    return [chain_name(stages[: end + 1]) for end in range(len(stages))]
