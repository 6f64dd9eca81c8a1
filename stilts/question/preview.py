"""Which task a reader wants to see as a model reads it, and what that stands on."""

from typing import Any

from stilts.errors import UserError
from stilts.question.cells import Cell
from stilts.question.chain import NONE
from stilts.question.paths import Layout


def preview_inputs(layout: Layout) -> list[str]:
    """Return the manifests of the task's data and of the model whose tokenizer reads them."""
    found = _cell(layout)
    if found is None:
        return []
    study, cell = found
    data = f"{layout.data_folder(cell.target)}/manifest.json"
    return [data, layout.checkpoint(study, cell.model, NONE)]


def preview_spec(layout: Layout) -> dict[str, Any]:
    """Return the names of all tasks and, where one is named, how it is posed as a target.

    Raises:
        UserError: the catalogue has no such task.
    """
    tasks = sorted(layout.question.catalogue.tasks)
    found = _cell(layout)
    if found is None:
        return {"tasks": tasks}
    study, cell = found
    spec = layout.question.plans[study].target_spec(*cell)
    return {"tasks": tasks, **{key: spec[key] for key in ("model", "target", "task", "recipe")}}


def _cell(layout: Layout) -> tuple[str, Cell] | None:
    """Return the first study with the task as a target of its first model without a stage."""
    question = layout.question
    name = question.config.get("task")
    if name is None:
        return None
    question.catalogue.task(name, "config key 'task'")
    for study, plan in question.plans.items():
        for cell in (*plan.cells, *plan.scores):
            return study, Cell(cell.model, NONE, name)
    raise UserError("config key 'only': no model is left that could read the task")
