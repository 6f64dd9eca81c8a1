"""Lay out a question for `stilts.commands.plan`: what each cell reads, writes and weighs."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stilts.files.asked import Wanted
from stilts.files.manifest import MANIFEST, read_manifest
from stilts.files.weights import parameters
from stilts.question.cells import Cell
from stilts.question.chain import NONE, parse_chain
from stilts.question.paths import Layout
from stilts.question.resolve import StudyPlan
from stilts.tasks.make import TRAIN

BYTES_PER_PARAMETER = 4  # checkpoints are fp32


def lay_out(layout: Layout, wanted: Callable[[], Mapping[str, Wanted]] = dict) -> dict[str, Any]:
    """Return the plan of a question as plain data; see `stilts.commands.plan.plan_text`.

    wanted: returns what is asked of records, by their path.
    """
    question, asked = layout.question, wanted()
    models = {name: size_of(layout, name) for name in question.models}
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
        "stages": [
            _stage(layout, plan, *stage)
            for plan in question.plans.values()
            for stage in plan.checkpoints
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
        "rows": _rows(layout, cell.target),
        "sequences": task.sequences,
        "body": size_of(layout, cell.model).get("layers"),
    }


def _stage(layout: Layout, plan: StudyPlan, model: str, chain: str) -> dict[str, Any]:
    """Describe the last stage of a chain: what it reads, and whether it is there."""
    question, study = layout.question, plan.study.name
    spec, stage = plan.stage_spec(model, chain), parse_chain(chain)[-1]
    sequences = {task: question.catalogue.tasks[task].sequences for task in stage.tasks}
    cap = spec["size"]
    rows = {task: _rows(layout, task).get(TRAIN, 0) for task in stage.tasks}
    rows = {task: min(count, cap) if cap else count for task, count in rows.items()}
    turns = max(rows.values()) if len(rows) > 1 else 0
    if rounds := spec["recipe"].get("rounds"):
        turns = rounds * spec["recipe"]["batch"]
    tokens = sum(
        (turns or rows[task]) * sequences[task] * spec["posed"][task]["max_tokens"]
        for task in stage.tasks
    )
    return {
        "study": study,
        "model": model,
        "chain": chain,
        "done": Path(layout.checkpoint(study, model, chain)).is_file(),
        "rows": rows,
        "flops": flops(size_of(layout, model).get("layers"), tokens * spec["recipe"]["epochs"]),
    }


def _rows(layout: Layout, task: str) -> dict[str, int]:
    """Return the rows of a task's splits: those that are there, or what the catalogue says."""
    stated = layout.question.rows(task)
    folder = Path(layout.data_folder(task))
    if not (folder / MANIFEST).is_file():
        return stated
    found = {split: told["rows"] for split, told in read_manifest(folder)["splits"].items()}
    return {**stated, **found}


def flops(weights: int | None, tokens: float) -> float:
    """Return the operations of training: forward 2, backward 4 a parameter and token.

    Kaplan et al. 2020, section 2.1; embeddings apart. 0 where the weights are not counted.
    """
    return 6 * (weights or 0) * tokens


def tokens_of(cell: Mapping[str, Any], recipe: Mapping[str, Any]) -> float:
    """Return the tokens that a run of a cell trains on, at the full length of every sequence."""
    per_epoch = cell["rows"]["train"] * cell["sequences"] * recipe["max_tokens"]
    return per_epoch * recipe["epochs"]


def size_of(layout: Layout, name: str) -> dict[str, int]:
    """Return a model's parameters: `layers` and `total`, as far as they are known.

    The catalogue says so, or the recipe of pretraining implies it, or the weights that lie in the
    reader's folder, or were fetched, are counted.
    """
    model = layout.question.model(name)
    recipe = model.origin.get("pretrain")
    if not recipe and model.size:
        return dict(model.size)
    if not recipe:
        own = [model.origin["path"]] if "path" in model.origin else []
        folders = [*own, layout.checkpoint_folder("", name, NONE)]
        counted = (parameters(Path(folder).expanduser()) for folder in folders)
        return next(filter(None, counted), {})
    config = recipe["config"]
    width = config.get("hidden_size", config.get("n_embd", 0))
    inner = config.get("intermediate_size", config.get("n_inner", 4 * width))
    depth = config.get("num_hidden_layers", config.get("n_layer", 0))
    layers = depth * (4 * width**2 + 2 * width * inner)
    vocabulary = recipe["tokenizer"].get("train", {}).get("vocab_size", 50_000)
    return {"layers": layers, "total": layers + vocabulary * width}
