"""Whether the splits that a question scores are there, as far as planning can see."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stilts.errors import UserError, shortened
from stilts.files.manifest import read_manifest
from stilts.tasks.make import TRAIN
from stilts.tasks.sources.read import splits_there

if TYPE_CHECKING:
    from stilts.question.ask import Question


def demand_splits(question: "Question") -> None:
    """Refuse a split that is scored, or trained on, and that a task does not have.

    Those of the hub are not known before they are fetched.

    Raises:
        UserError: names task, split and those there are.
    """
    for plan in question.plans.values():
        for name, scored in plan.splits.items():
            known = _known(question, name)
            lacking = [split for split in (TRAIN, *scored) if split not in (known or {split})]
            if lacking:
                raise UserError(
                    f"study '{plan.study.name}': task '{name}' has no split"
                    f" '{shortened(lacking[0])}' to {'train' if lacking[0] == TRAIN else 'score'};"
                    f" it has: {', '.join(known) or 'none'}. Change 'scored' in its settings or in"
                    " its block, or its 'source'"
                )


def _known(question: "Question", name: str) -> list[str] | None:
    """Return the splits that a task has; None where nobody can know yet."""
    task = question.catalogue.tasks[name]
    if question.task_rule(name) == "fetch_task":
        there = splits_there(task.source, question.config["mirror"])
        if there is None or "files" in task.source:
            return there
        return [*there, *_fetched(question, name)]
    if task.derive and "model" not in task.derive:  # made of those of its parent that are made
        return question.splits(task.derive["parent"])
    return list(question.rows(name))


def _fetched(question: "Question", name: str) -> list[str]:
    """Return the splits that were fetched before: a mirror out of reach takes nothing away."""
    try:
        origin = read_manifest(Path("results", question.scale.name, "data", name))["origin"]
    except (OSError, ValueError, KeyError):  # not there, or damaged, which is made anew
        return []
    return [split for split, told in origin.items() if isinstance(told, Mapping)]
