"""The question written down: everything that a reader, a table or a later run must know of it."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from stilts.question.ask import Question
from stilts.question.cells import Cell, Points
from stilts.question.chain import NONE, chain_seed, chain_tasks, parse_chain, prefixes
from stilts.question.data import with_parents
from stilts.question.resolve import StudyPlan
from stilts.question.settings import Settings
from stilts.question.study import Study

# Config keys that change no answer, so that they rerun nothing.
HANDLING = ("trials_per_job", "trials_per_gpu", "snapshot_minutes", "cuda_graphs", "task")


def record(question: Question) -> dict[str, Any]:
    """Return the question as it is run, as plain data: config, cells, chains, all settings.

    A setting is written `{<origin>: value}`, with `where` beside it if that is known.
    """
    known, plans = question.catalogue.tasks, question.plans
    named = [name for plan in plans.values() for name in _named(plan.study) if name in known]
    return {
        "config": {key: value for key, value in question.config.items() if key not in HANDLING},
        "scale": {"name": question.scale.name, "label": question.scale.label},
        "models": {name: dict(question.model(name).origin) for name in question.models},
        "tasks": {
            name: {"title": known[name].title, "kind": known[name].kind}
            for name in dict.fromkeys([*question.tasks, *named])
        },
        "studies": {name: _study(plan) | _shapes(question, plan) for name, plan in plans.items()},
    }


def _shapes(question: Question, plan: StudyPlan) -> dict[str, Any]:
    """Return how large each model of a study is, as far as the catalogue or a recipe says."""
    return {"shapes": {model: dict(question.model(model).shape) for model in _models(plan)}}


def _models(plan: StudyPlan) -> list[str]:
    return list(dict.fromkeys(cell.model for cell in (*plan.cells, *plan.scores)))


def _named(study: Study) -> Iterable[str]:
    """Return the tasks of a study, those that the reader leaves out included."""
    for sweep in (*study.sweeps.values(), *study.scores.values()):
        yield from sweep.targets
        for chain in sweep.chains:
            yield from chain_tasks(chain)


def _study(plan: StudyPlan) -> dict[str, Any]:
    generators = {plan.catalogue.tasks[task].derive.get("generator") for task in plan.tasks}
    targets = sorted({cell.target for cell in plan.cells})
    return {
        "title": plan.study.title,
        "cite": plan.study.cite,
        "claim": plan.study.claim,
        "protocol": plan.study.protocol,
        "label": plan.label,
        "models": _models(plan),
        "models_left_out": [name for name in plan.study.models if name not in _models(plan)],
        "runs": sum(map(len, plan.shown.values())),
        "unavailable": ["/".join(cell) for cell in plan.unavailable],
        "axes": _axes(plan.shown.values()),
        "grids": _grids(plan),
        "cells": _nested({cell: len(points) for cell, points in plan.shown.items()}),
        "apart": {
            sweep: _nested({cell: list(points) for cell, points in cells.items()})
            for sweep, cells in plan.apart.items()
        },
        "hidden": _nested(_hidden(plan)),
        "scores": _scores(plan.scores),
        "chains": {NONE: {"seed": None, "stages": []}}
        | {chain: _chain(plan, chain) for chain in plan.chains},
        "settings": {
            "targets": {task: _tagged(plan.target(task)) for task in targets},
            "generators": {name: _generator(plan, name) for name in sorted(generators - {None})},
            "data": {task: _tagged(plan.data(task)) for task in _read(plan) if plan.data(task)},
        },
    }


def _generator(plan: StudyPlan, name: str) -> dict[str, Any]:
    """Return the settings of a generator, and those that hold for one of its tasks alone."""
    shared = plan.generator(name)
    made = (
        task for task in plan.tasks if plan.catalogue.tasks[task].derive.get("generator") == name
    )
    told = {task: plan.generator(name, task) for task in made}
    own = {
        task: _tagged({key: item for key, item in found.items() if shared.get(key) != item})
        for task, found in sorted(told.items())
    }
    tasks = {task: found for task, found in own.items() if found}
    return _tagged(shared) | ({"tasks": tasks} if tasks else {})


def _read(plan: StudyPlan) -> list[str]:
    """Return the tasks whose data a study reads, parents of derived ones included."""
    return sorted(with_parents([*plan.tasks, *_named(plan.study)], plan.catalogue))


def _axes(grids: Iterable[Points]) -> dict[str, list[Any]]:
    """Return the values of each axis over some grids, sorted as far as they have an order."""
    found: dict[str, dict[str, Any]] = {}
    for values in {name: point for points in grids for name, point in points.items()}.values():
        for axis, value in values.items():
            found.setdefault(axis, {})[repr(value)] = value
    return {axis: sorted(values.values(), key=_order) for axis, values in found.items()}


def _order(value: Any) -> tuple[bool, Any]:
    return (False, value) if isinstance(value, int | float) else (True, repr(value))


def _grids(plan: StudyPlan) -> list[dict[str, Any]]:
    sets: dict[tuple[str, ...], list[Points]] = {}
    for points in plan.shown.values():
        sets.setdefault(tuple(points), []).append(points)
    return [
        {"axes": _axes(alike[:1]), "points": len(names), "cells": len(alike)}
        for names, alike in sets.items()
    ]


def _hidden(plan: StudyPlan) -> dict[Cell, list[str]]:
    """Return the points of each cell that only sweeps have which stand apart."""
    found = {
        cell: [point for point in points if point not in plan.shown.get(cell, ())]
        for cell, points in plan.points.items()
    }
    return {cell: points for cell, points in found.items() if points}


def _nested(cells: Mapping[Cell, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for cell, count in cells.items():
        found.setdefault(cell.model, {}).setdefault(cell.chain, {})[cell.target] = count
    return found


def _scores(cells: Iterable[Cell]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for cell in cells:
        found.setdefault(cell.model, {}).setdefault(cell.chain, []).append(cell.target)
    return found


def _chain(plan: StudyPlan, chain: str) -> dict[str, Any]:
    stages = []
    for walked, stage in zip(prefixes(chain), parse_chain(chain), strict=True):
        settings = plan.stage(walked)
        stages.append(
            {
                "tasks": list(stage.tasks),
                "size": plan.scale.size(stage.size),
                "variant": stage.variant,
                "watch": list(settings.watch),
                "settings": _tagged(settings.recipe),
                "posed": {task: _tagged(posed) for task, posed in settings.posed.items()},
            }
        )
    return {"seed": chain_seed(chain), "stages": stages}


def _tagged(settings: Settings) -> dict[str, Any]:
    return {
        name: {item.origin: deepcopy(item.value), **({"where": item.where} if item.where else {})}
        for name, item in sorted(settings.items())
    }
