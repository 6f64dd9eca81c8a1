"""Lay out a question for `stilts.commands.plan`: what each cell reads, writes and weighs."""

from collections.abc import Callable, Mapping
from typing import Any

from stilts.files.asked import Wanted
from stilts.question.ask import Question
from stilts.question.cells import Cell
from stilts.question.chain import NONE
from stilts.question.paths import Layout
from stilts.question.resolve import StudyPlan

BYTES_PER_PARAMETER = 4  # checkpoints are fp32


def lay_out(layout: Layout, wanted: Callable[[], Mapping[str, Wanted]] = dict) -> dict[str, Any]:
    """Return the plan of a question as plain data; see `stilts.commands.plan.plan_text`.

    wanted: returns what is asked of records, by their path.
    """
    question, asked = layout.question, wanted()
    models = {name: _size(question, name) for name in question.models}
    stages = [cell for plan in question.plans.values() for cell in plan.checkpoints]
    kept = [models[model] for model in [*question.models, *(model for model, _ in stages)]]
    return {
        "title": f"{question.scale.name} scale, studies {', '.join(question.plans)},"
        f" protocol {question.config['protocol']}",
        "cells": [
            _cell(layout, plan, cell, asked)
            for plan in question.plans.values()
            for cell in plan.cells
        ],
        "checkpoints": len(kept),
        "weights": sum(size.get("total", 0) for size in kept) * BYTES_PER_PARAMETER,
        "folders": {
            "tasks": [layout.data_folder(task) for task in question.tasks],
            "models": [layout.checkpoint_folder("", name, NONE) for name in question.models],
            "checkpoints of chains": [
                layout.checkpoint_folder(study, *cell)
                for study, plan in question.plans.items()
                for cell in plan.checkpoints
            ],
        },
        "only_scored": {
            study: (len(plan.checkpoints), len(plan.scores))
            for study, plan in question.plans.items()
            if not plan.cells
        },
        "unavailable": question.unavailable(),
    }


def _cell(
    layout: Layout, plan: StudyPlan, cell: Cell, asked: Mapping[str, Wanted]
) -> dict[str, Any]:
    question, study = layout.question, plan.study.name
    task, runs = question.catalogue.tasks[cell.target], layout.cell_runs(study, cell)
    return {
        "spec": plan.target_spec(*cell),
        "runs": runs,
        "wanted": asked.get(runs[0]) if runs else None,
        "checkpoint": layout.checkpoint_folder(study, cell.model, cell.chain),
        "data": layout.data_folder(cell.target),
        "rows": question.rows(cell.target),
        "sequences": task.sequences,
        "body": _size(question, cell.model).get("layers"),
    }


def tokens_of(cell: Mapping[str, Any], recipe: Mapping[str, Any]) -> float:
    """Return the tokens that a run of a cell trains on, at the full length of every sequence."""
    per_epoch = cell["rows"]["train"] * cell["sequences"] * recipe["max_tokens"]
    return per_epoch * recipe["epochs"]


def _size(question: Question, name: str) -> dict[str, int]:
    """Return a model's parameters as the catalogue says, or as its pretraining recipe implies."""
    model = question.model(name)
    recipe = model.origin.get("pretrain")
    if not recipe:
        return dict(model.size)
    config = recipe["config"]
    width = config.get("hidden_size", config.get("n_embd", 0))
    inner = config.get("intermediate_size", config.get("n_inner", 4 * width))
    depth = config.get("num_hidden_layers", config.get("n_layer", 0))
    layers = depth * (4 * width**2 + 2 * width * inner)
    vocabulary = recipe["tokenizer"].get("train", {}).get("vocab_size", 50_000)
    return {"layers": layers, "total": layers + vocabulary * width}
