"""Which part of a question fits into a budget of hours, and what that part could still find."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import yaml

from stilts.commands.costs import lay_out
from stilts.commands.power import seen
from stilts.files.asked import Wanted
from stilts.question.ask import Question
from stilts.question.config import hours_of
from stilts.question.narrowing import narrowed
from stilts.question.paths import Layout
from stilts.question.resolve import resolve
from stilts.question.study import SEED

Grid = dict[str, list[Any]]


def lay_out_within(layout: Layout, wanted: Callable[[], Mapping[str, Wanted]]) -> dict[str, Any]:
    """Return the plan of a question, and, for a reader with a `budget`, of its parts.

    Args:
        layout: of the whole question.
        wanted: returns what is asked of records, by their path.

    Returns:
        What `lay_out` does; with a budget also `budget` in hours, and `parts`: the `only` that asks
        for a part, and the `cells` and `stages` that it comes to, largest first.
    """
    budget, asked = hours_of(layout.question.config.get("budget")), wanted()
    plan = lay_out(layout, lambda: asked)
    if budget is None:
        return plan
    parts = []
    for grid in smaller_grids(layout.question):
        only = {**layout.question.config["only"]}
        only["grid"] = {**only.get("grid", {}), **grid}
        part = lay_out(Layout(_narrowed(layout.question, only)), lambda: asked)
        parts.append({"only": only, "cells": part["cells"], "stages": part["stages"]})
    return {**plan, "budget": budget, "parts": parts}


def within(plan: Mapping[str, Any], hours: Callable[[Mapping[str, Any]], float]) -> Iterator[str]:
    """Yield lines: whether all of a question fits, or the largest part of it that does.

    Args:
        plan: with a budget, see `lay_out_within`.
        hours: what the cells and stages of a part still take.
    """
    budget, whole = plan["budget"], hours(plan)
    if whole <= budget:
        yield f"Budget of {budget:.3g} hours: all of it fits ({whole:.3g} hours)."
        return
    least = whole
    for part in plan["parts"]:
        least = hours(part)
        if least <= budget:
            runs = sum(len(cell["runs"]) for cell in part["cells"])
            only = yaml.safe_dump(part["only"], default_flow_style=True, width=10**6)
            yield f"Budget of {budget:.3g} hours: all of it takes {whole:.3g}. This part fits:"
            yield f"  {runs:,} trials, {least:.3g} hours. To take it, add to --config:"
            yield f"  'only={only.strip()}'"
            yield from (f"  {line.strip()}" for line in seen(part["cells"]))
            return
    yield (
        f"Budget of {budget:.3g} hours: all of it takes {whole:.3g}, a single run of each cell"
        f" {least:.3g}: ask for fewer models, chains or targets (only), or give more."
    )


def smaller_grids(question: Question) -> Iterator[Grid]:
    """Yield what could be kept of the axes that all studies share, the largest part first.

    Whole seeds go first, the last one first; then the axis with most values keeps the middle one,
    and so on, until one value of each is left.
    """
    axes = _axes(question)
    kept: Grid = {}
    for count in range(len(axes.get(SEED, ())) - 1, 0, -1):
        kept = {SEED: axes[SEED][:count]}
        yield kept
    others = sorted((axis for axis in axes if axis != SEED), key=lambda axis: -len(axes[axis]))
    for axis in others:
        if len(axes[axis]) > 1:
            kept = {**kept, axis: [axes[axis][len(axes[axis]) // 2]]}
            yield kept


def _axes(question: Question) -> Grid:
    """Return the axes that every study with a grid has, as `only` would spell their values."""
    given = question.config["only"].get("grid", {})
    found: list[Grid] = []
    for plan in question.plans.values():
        own: Grid = {}
        for grid in plan.study.every_grid():
            for axis, setting in plan.scale.fewer(grid).items():
                values = own.setdefault(axis, [])
                values += [value for value in setting.value if value not in values]
        found += [{**own, **given}] if own else []
    shared = set.intersection(*map(set, found)) if found else set()
    return {
        axis: list({str(value): value for own in found for value in own[axis]}.values())
        for axis in (found[0] if found else ())
        if axis in shared
    }


def _narrowed(question: Question, only: Mapping[str, Any]) -> Question:
    """Return a question as if the reader had asked for a part of it."""
    studies = [plan.study for plan in (*question.plans.values(), *question.idle)]
    plans = {
        name: resolve(
            plan.study,
            plan.scale,
            plan.catalogue,
            only=narrowed(only, plan.study, studies, plan.catalogue),
            overrides=plan.overrides,
            missing=plan.missing,
            stand_ins=plan.stand_ins,
        )
        for name, plan in question.plans.items()
    }
    return replace(question, config={**question.config, "only": only}, plans=plans)
