"""Which files answer a question: what the target rules ask for."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from stilts.files.manifest import MANIFEST
from stilts.question.chain import NONE, unseeded
from stilts.question.paths import WEIGHTS, Layout
from stilts.question.resolve import StudyPlan


class Targets:
    """The files that each target of the workflow asks for.

    They list every artefact they stand on, not only the last ones.
    """

    def __init__(self, layout: Layout):
        self.layout = layout
        self.question = layout.question

    def data(self) -> list[str]:
        """Return the manifest of every task."""
        return [f"{self.layout.data_folder(task)}/{MANIFEST}" for task in self.question.tasks]

    def checkpoints(self) -> list[str]:
        """Return the manifest and weights of every model and of every chain's checkpoint."""
        wanted = [("", model, NONE) for model in self.question.models]
        for study, plan in self.question.plans.items():
            wanted += [(study, model, chain) for model, chain in plan.checkpoints]
        files = (MANIFEST, WEIGHTS)
        return [self.layout.checkpoint(*cell, file) for cell in wanted for file in files]

    def sources(self) -> list[str]:
        """Return the manifests of all data, and all checkpoints."""
        return [*self.data(), *self.checkpoints()]

    def asked_runs(self, study: str) -> list[str]:
        """Return one file of every job of a study's sweeps: one that is missing, if any is.

        A job makes all of its files, so one is enough to ask for it, and Snakemake takes as long
        over a file that is asked for as over a job.
        """
        there: dict[Path, set[str]] = {}
        found = []
        for part in (part for part in self.layout.parts if part.study == study):
            for cell in part.cells:
                runs, predictions = (
                    Path(self.layout.run_folder(study, cell, kind))
                    for kind in ("runs", "predictions")
                )
                points = part.points(cell)
                files = [runs / f"{point}.json" for point in points]
                files += [predictions / f"{point}.parquet" for point in points]
                if runs not in there:
                    there[runs] = {*_names(runs), *_names(predictions)}
                missing = (file for file in files if file.name not in there[runs])
                found.append(next(missing, files[0]).as_posix())
        return found

    def collected(self, study: str) -> list[str]:
        """Return the tables of all runs and scores of a study, and of epochs where one asks."""
        found = [f"{self.layout.top}/{study}/{name}.csv" for name in ("runs", "scores")]
        return [*found, self.layout.epochs(study)] if self.asks(study, "epochs") else found

    def runs(self) -> list[str]:
        """Return a file of every job of the sweeps, every score, and the tables of both."""
        return [
            file
            for study in self.question.plans
            for file in (
                *self.asked_runs(study),
                *self.layout.scores(study),
                *self.collected(study),
            )
        ]

    def estimates(self, studies: Iterable[str] | None = None) -> list[str]:
        """Return the table of estimates of each study, or some, with what it stands on."""
        return [
            file
            for study in (self.question.plans if studies is None else studies)
            for file in (*self.layout.all_features(study), self.layout.estimates(study))
        ]

    def asks(self, study: str, field: str) -> bool:
        """Return whether a table or figure that is shown asks for `estimates` or `epochs`."""
        blocks = (*self.shown(study, "tables").values(), *self.shown(study, "figures").values())
        return any(block.get(field) for block in blocks)

    def tables(self) -> list[str]:
        """Return the csv of every table that has something to show."""
        return [
            f"{self.layout.top}/{study}/tables/{name}.csv"
            for study in self.question.plans
            for name in self.shown(study, "tables")
        ]

    def figures(self) -> list[str]:
        """Return the png of every figure that has something to show."""
        return [
            f"{self.layout.top}/{study}/figures/{name}.png"
            for study in self.question.plans
            for name in self.shown(study, "figures")
        ]

    def everything(self) -> list[str]:
        """Return all of the above, the record of the question and the page."""
        return [
            self.layout.question_file(),
            *self.sources(),
            *self.runs(),
            *self.estimates(name for name in self.question.plans if self.asks(name, "estimates")),
            *self.tables(),
            *self.figures(),
            self.layout.report(),
        ]

    def shown(self, study: str, kind: str) -> dict[str, Mapping[str, Any]]:
        """Return the `tables` or `figures` of a study that the question has something for."""
        plan = self.question.plans[study]
        return {
            name: block
            for name, block in self.layout.reports[study][kind].items()
            if set(block.get("tasks", ())) <= set(self.question.tasks)
            and set(block.get("walks", ())) <= set(plan.chains)
            and not _left_out(block, plan)
            and ("chains" not in block or _overlaps(block, plan))
        }

    def titles(self) -> dict[str, dict[str, Any]]:
        """Return, by study, what a report says above its tables and figures."""
        return {
            name: {
                "title": plan.study.title,
                "cite": plan.study.cite,
                "claim": plan.study.claim,
                "label": plan.label,
                "protocol": plan.study.protocol,
                "order": self.layout.reports[name].get("order", []),
                "tables": self.shown(name, "tables"),
                "figures": self.shown(name, "figures"),
            }
            for name, plan in self.question.plans.items()
        }


def _names(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []


def _left_out(block: Mapping[str, Any], plan: StudyPlan) -> bool:
    """Return whether a block is of models of the study of which `only` has left one out."""
    named = block.get("models", [block["model"]] if "model" in block else [])
    there = {cell.model for cell in (*plan.cells, *plan.scores)}
    return bool(set(named) & set(plan.study.models) - there)


def _overlaps(block: Mapping[str, Any], plan: StudyPlan) -> bool:
    cells = (*plan.shown, *plan.scores)
    if "sweeps" in block:  # that stand apart
        cells = tuple(cell for sweep in block["sweeps"] for cell in plan.apart.get(sweep, ()))
    there = {(chain, cell.target) for cell in cells for chain in (cell.chain, unseeded(cell.chain))}
    if "targets" not in block:  # of chains alone
        return bool({chain for chain, _ in there} & set(block["chains"]))
    return any((chain, target) in there for chain in block["chains"] for target in block["targets"])
