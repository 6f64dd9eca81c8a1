"""Chains of stages: `hellaswag-p@2000`, `mnli+squad^7`, `mnli~rte=frozen+rte`, or `none`.

A chain is `none` or `stage(+stage)*[^seed]`, a stage `task(~task)*[@size][=variant]`.
"""

import functools
import re
from dataclasses import dataclass

from stilts.errors import UserError, shown

NONE = "none"
LONGEST = 240  # bytes: a name of a folder has 255 at most, and logs add an ending
_NAME = "[a-z0-9][a-z0-9_.-]*"
_STAGE = re.compile(rf"({_NAME}(?:~{_NAME})*)(?:@([1-9][0-9]*))?(?:=({_NAME}))?", re.ASCII)
_SEEDED = re.compile(r"([^^]*)\^(0|[1-9][0-9]*)", re.ASCII)


@dataclass(frozen=True)
class Stage:
    """One fine-tuning step of a chain: a set of tasks, how many examples of them, and how.

    Several tasks train together, one batch per task in turn; `size` caps the training examples
    of each task by a seeded sample (None: all of them); `variant` names settings of the study.
    """

    tasks: tuple[str, ...]
    size: int | None = None
    variant: str | None = None

    @property
    def base(self) -> str:
        """The tasks alone: how settings of the stage are named, whatever its size."""
        return "~".join(self.tasks)

    @property
    def sized(self) -> str:
        """The tasks and the size: how settings of the stage at that size are named."""
        return self.base + (f"@{self.size}" if self.size else "")

    @property
    def name(self) -> str:
        """The stage as it stands in a chain's name and path."""
        return self.sized + (f"={self.variant}" if self.variant else "")


def parse_stage(text: str) -> Stage:
    """Read one stage, such as `mnli~rte` or `hellaswag-p@2000=frozen`.

    Raises:
        UserError: a malformed task name, size or variant, or a task that is named twice.
    """
    found = _STAGE.fullmatch(text)
    if not found:
        raise UserError(
            f"chain stage {text!r} is malformed: write task, task~task (together), task@2000 (that"
            " many examples) or task=name (a variant of its settings), and ^7 for the seed of"
            " all stages at the chain's end; names are lower-case letters, digits, '-', '_', '.'"
        )
    tasks = tuple(found[1].split("~"))
    if len(set(tasks)) < len(tasks):
        raise UserError(f"chain stage {text!r} names a task twice: name each once")
    return Stage(tasks, int(found[2]) if found[2] else None, found[3])


@functools.cache
def parse_chain(text: str) -> tuple[Stage, ...]:
    """Read the stages of a chain's name; `none` is the empty chain.

    Raises:
        UserError: a malformed stage, or a seed for no stage.
    """
    stages, seed = _cut(text)
    if len(text.encode()) > LONGEST:
        raise UserError(
            f"chain {shown(text)} has {len(text.encode())} bytes, and a folder bears its name:"
            f" at most {LONGEST} are possible; take shorter names, or a variant (task=name)"
        )
    if stages != NONE:
        return tuple(parse_stage(stage) for stage in stages.split("+"))
    if seed is not None:
        raise UserError(f"chain {text!r} is malformed: '{NONE}' has no stages to seed")
    return ()


def chain_seed(text: str) -> int | None:
    """Return the seed of a chain's stages, or None where their settings say it."""
    return _cut(text)[1]


def seeded(text: str, seed: int | None) -> str:
    """Return a chain with its stages seeded anew, or as their settings say; `none` stays."""
    return _join(parse_chain(text), seed)


def unseeded(text: str) -> str:
    """Return a chain without its seed: what the chains of a tied sweep have in common."""
    return seeded(text, None)


def seed_mark(text: str) -> str:
    """Return what `seeded` puts behind a chain, such as `^7`; of a chain without a seed nothing."""
    seed = chain_seed(text)
    return "" if seed is None else f"^{seed}"


def chain_tasks(text: str) -> tuple[str, ...]:
    """Return every task that a chain trains on, each once."""
    return tuple(dict.fromkeys(task for stage in parse_chain(text) for task in stage.tasks))


def parent_chain(text: str) -> str:
    """Return the chain without its last stage: where that stage starts from."""
    return _join(parse_chain(text)[:-1], chain_seed(text))


def prefixes(text: str) -> list[str]:
    """Return the chain and every chain it grows out of, shortest first, without `none`."""
    stages, seed = parse_chain(text), chain_seed(text)
    return [_join(stages[: end + 1], seed) for end in range(len(stages))]


def _cut(text: str) -> tuple[str, int | None]:
    found = _SEEDED.fullmatch(text)
    return (found[1], int(found[2])) if found else (text, None)


def _join(stages: tuple[Stage, ...], seed: int | None) -> str:
    name = "+".join(stage.name for stage in stages)
    return name + (f"^{seed}" if seed is not None else "") if name else NONE
