"""What a study shows that has no report of its own: every cell of it, in tables and figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from stilts.question.chain import NONE, chain_tasks, unseeded
from stilts.question.resolve import StudyPlan

PANELS = 8  # of a page of violins, or of curves
CHOICE = 3  # candidates from which on advice is a choice


def adds(plan: StudyPlan) -> bool:
    """Return whether the reader adds chains or targets that the study lacks.

    Then the report of a paper would show holes where its own cells stand.
    """
    pairs = {pair for sweep in plan.study.sweeps.values() for pair in sweep.pairs()}
    cells = ((unseeded(cell.chain), cell.chain, cell.target) for cell in plan.cells)
    return any(not {(bare, end), (chain, end)} & pairs for bare, chain, end in cells)


def own_report(plan: StudyPlan) -> dict[str, Any]:
    """Return the blocks that a report.yaml would have, for all models, chains and targets."""
    every = (*plan.cells, *plan.scores)
    chains = list(dict.fromkeys(cell.chain for cell in plan.cells))
    targets = list(dict.fromkeys(cell.target for cell in plan.cells))
    walked = [chain for chain in dict.fromkeys(cell.chain for cell in every) if chain != NONE]
    tables: dict[str, Any] = {
        "tasks": {
            "kind": "overview",
            "title": "Tasks",
            "caption": (
                "What each task is for, its examples, its metric, and what guessing, the most"
                " frequent class and trivial cues reach on what is scored."
            ),
            "intermediates": list(dict.fromkeys(t for chain in walked for t in chain_tasks(chain))),
            "targets": list(dict.fromkeys(cell.target for cell in every)),
        },
        **(_cells(chains, targets) if plan.cells else {}),
        **(_scores(plan) if plan.scores else {}),
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
    if _can_advise(plan, walked, targets):
        tables |= _advice()
    figures = _figures(plan, chains, targets) if plan.cells else {}
    return {"tables": tables, "figures": figures}


def _cells(chains: list[str], targets: list[str]) -> dict[str, Any]:
    return {
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
        }
    }


def _scores(plan: StudyPlan) -> dict[str, Any]:
    pairs = dict.fromkeys((cell.chain, cell.target) for cell in plan.scores)
    return {
        "scores": {
            "kind": "scores",
            "title": "Checkpoints scored as they are",
            "caption": (
                "Scores (%) without further training. With a new head, each of which is a draw, the"
                " mean of many with their standard deviation, the lowest and the highest."
            ),
            "cells": [{"chain": chain, "target": target} for chain, target in pairs],
        }
    }


def _can_advise(plan: StudyPlan, walked: list[str], targets: list[str]) -> bool:
    """Return whether there are candidates to rank, and another target to rank them by."""
    bare = any(cell.chain == NONE for cell in plan.cells)
    several = len({unseeded(chain) for chain in walked}) >= CHOICE and len(targets) > 1
    return plan.study.place.own and bare and several


def _advice() -> dict[str, Any]:
    return {
        "which_estimator": {
            "kind": "which_estimator",
            "title": "Does an estimate beat the static ranking?",
            "caption": "The static ranking takes what gains most on the other targets.",
            "estimates": True,
        },
        "estimators": {
            "kind": "estimators",
            "title": "How well chains are ranked before a target is trained",
            "caption": (
                "Regret@k: the best gain less the best of the k chains that are ranked highest, in"
                " percentage points; rank correlation: Spearman's. Means over targets, intervals"
                " over seeds. Estimates read no run, the static ranking those of other targets."
            ),
            "estimates": True,
        },
        "advice": {
            "kind": "advice",
            "title": "Which chain each ranking would take",
            "caption": (
                "The first choice of each with its mean gain in percentage points, and the best by"
                " the runs."
            ),
            "estimates": True,
        },
    }


def _figures(plan: StudyPlan, chains: list[str], targets: list[str]) -> dict[str, Any]:
    models = len({cell.model for cell in plan.cells})
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
    runs = {
        "kind": "violins",
        "title": "All runs",
        "caption": (
            "A violin of runs per chain, a panel per target. Numbers: worst, mean and best"
            " run. Dashed: chance; dotted: the majority class."
        ),
    }
    curves = {
        "kind": "curves",
        "title": "Learning curves",
        "caption": (
            "Training loss and score of each run after every epoch. Dashed, hollow: degenerate"
            " runs, which end no better than the majority class (dotted)."
        ),
        "epochs": True,
    }
    for name, block, panels in (("runs", runs, 1), ("curves", curves, 2)):
        shown = max(1, PANELS // panels // models)
        figures |= _paged(name, {**block, "chains": chains}, targets, shown)
    return figures


def _paged(
    name: str, block: Mapping[str, Any], targets: Sequence[str], shown: int
) -> dict[str, dict[str, Any]]:
    """Return a figure of all targets, cut into pages of as many as are shown on one."""
    pages = [list(targets[start : start + shown]) for start in range(0, len(targets), shown)]
    if len(pages) == 1:
        return {name: {**block, "targets": pages[0]}}
    return {
        f"{name}_{number}": {
            **block,
            "title": f"{block['title']} ({number} of {len(pages)})",
            "targets": page,
        }
        for number, page in enumerate(pages, start=1)
    }
