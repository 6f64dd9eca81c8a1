"""What a study shows that has no report of its own: every cell of it, in tables and figures."""

from typing import Any

from stilts.question.chain import NONE, chain_tasks, unseeded
from stilts.question.resolve import StudyPlan

PANELS = 8  # of a page of violins


def adds(plan: StudyPlan) -> bool:
    """Return whether the reader adds chains or targets that the study lacks.

    Then the report of a paper would show holes where its own cells stand.
    """
    pairs = {pair for sweep in plan.study.sweeps.values() for pair in sweep.pairs()}
    cells = ((unseeded(cell.chain), cell.chain, cell.target) for cell in plan.cells)
    return any(not {(bare, end), (chain, end)} & pairs for bare, chain, end in cells)


def own_report(plan: StudyPlan) -> dict[str, Any]:
    """Return the blocks that a report.yaml would have, for all models, chains and targets."""
    chains = list(dict.fromkeys(cell.chain for cell in plan.cells))
    targets = list(dict.fromkeys(cell.target for cell in plan.cells))
    walked = [chain for chain in chains if chain != NONE]
    tasks = list(dict.fromkeys(task for chain in walked for task in chain_tasks(chain)))
    tables: dict[str, Any] = {
        "tasks": {
            "kind": "overview",
            "title": "Tasks",
            "caption": (
                "What each task is for, its examples, its metric, and what guessing, the most"
                " frequent class and trivial cues reach on what is scored."
            ),
            "intermediates": tasks,
            "targets": targets,
        },
        "cells": {
            "kind": "cells",
            "title": "Every model, chain and target",
            "caption": (
                "Scores (%) of the runs of each cell: mean, best, standard deviation (population)"
                " and the share of degenerate runs. Δ: difference of the mean to no intermediate"
                " task, paired by seed and grid point, in percentage points, with the 95 % interval"
                " over the seeds that are named: two seeds leave almost everything open."
            ),
            "chains": chains,
            "targets": targets,
        },
    }
    if walked:
        tables["intermediates"] = {
            "kind": "learnt",
            "title": "What the intermediates learnt",
            "caption": (
                "Score (%) of each checkpoint on its own task beside the best trivial baseline."
            ),
            "chains": walked,
        }
    return {"tables": tables, "figures": _figures(plan, chains, targets)}


def _figures(plan: StudyPlan, chains: list[str], targets: list[str]) -> dict[str, Any]:
    models = len({cell.model for cell in plan.cells})
    shown = max(1, PANELS // models)
    pages = [targets[start : start + shown] for start in range(0, len(targets), shown)]
    figures: dict[str, Any] = {}
    if NONE in chains and len(chains) > 1:
        figures["gains"] = {
            "kind": "gain_map",
            "title": "Gains over no intermediate task",
            "caption": (
                "Difference of the mean, and of the best run, to no intermediate task, in"
                " percentage points; framed where the 95 % interval of the mean's difference"
                " excludes 0."
            ),
            "chains": [chain for chain in chains if chain != NONE],
            "targets": targets,
        }
    for number, page in enumerate(pages, start=1):
        figures["runs" if len(pages) == 1 else f"runs_{number}"] = {
            "kind": "violins",
            "title": "All runs" + (f" ({number} of {len(pages)})" if len(pages) > 1 else ""),
            "caption": (
                "A violin of runs per chain, a panel per target. Numbers: worst, mean and best"
                " run. Dashed: chance; dotted: the majority class."
            ),
            "chains": chains,
            "targets": page,
        }
    return figures
