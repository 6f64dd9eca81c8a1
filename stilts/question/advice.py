"""What advice on a study's chains stands on: what each checkpoint makes of each target's texts."""

from typing import Any

from stilts.question.cells import Cell
from stilts.question.chain import NONE, chain_tasks, parse_chain
from stilts.question.recipe import READING
from stilts.question.resolve import StudyPlan


def candidates(plan: StudyPlan) -> list[Cell]:
    """Return the chains that could be taken for each target: those that do not train on it."""
    return [
        cell
        for cell in plan.cells
        if cell.chain != NONE and cell.target not in chain_tasks(cell.chain)
    ]


def compared(cell: Cell) -> list[Cell]:
    """Return whose texts say how alike a candidate's last stage and its target are.

    Last the target, before it the tasks of the stage; the model without a stage reads all.
    """
    tasks = (*parse_chain(cell.chain)[-1].tasks, cell.target)
    return [Cell(cell.model, NONE, task) for task in tasks]


def featured(plan: StudyPlan) -> list[Cell]:
    """Return every checkpoint and task whose features are asked for."""
    cells = candidates(plan)
    found = [each for cell in cells for each in (cell, *compared(cell))]
    return list(dict.fromkeys(found))


def feature_spec(plan: StudyPlan, cell: Cell) -> dict[str, Any]:
    """Return what a job needs to extract the features of a checkpoint on a task."""
    spec = plan.target_spec(*cell)
    return spec | {"recipe": {name: spec["recipe"][name] for name in (*READING, "head")}}
