"""Where artefacts lie below `results/`, and which of them answer a question."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from stilts.files.fingerprint import ROOT
from stilts.files.manifest import MANIFEST
from stilts.question.ask import Question
from stilts.question.catalogue import read_yaml
from stilts.question.chain import NONE, parent_chain, parse_chain
from stilts.question.resolve import Cell, StudyPlan

WEIGHTS = "model.safetensors"
NOTHING = "(?!)"  # matches no name: the constraint of a rule that has nothing to make


class Part(NamedTuple):
    """The part of a study's grid that one job runs for one cell, and its rule's name."""

    rule: str
    study: str
    points: tuple[str, ...]


class Layout:
    """The paths of one question's artefacts, relative to the project's root.

    Rules spell their own outputs; this class says which files targets and inputs ask for.
    """

    def __init__(self, question: Question, root: Path = ROOT):
        self.question = question
        self.top = f"results/{question.scale.name}"
        self.reports = {
            study: read_yaml(root / "studies" / study / "report.yaml") for study in question.plans
        }

    # Folders

    def data_folder(self, task: str) -> str:
        """Return the folder of a task's canonical rows."""
        return f"{self.top}/data/{task}"

    def checkpoint_folder(self, study: str, model: str, chain: str) -> str:
        """Return the folder of a model after a chain; for `none` that is where it starts."""
        if chain == NONE:
            return f"{self.top}/models/{model}"
        return f"{self.top}/{study}/checkpoints/{model}/{chain}"

    # What rules ask for

    def tasks_made_by(self, rule: str) -> str:
        """Return the pattern of the tasks that a rule makes."""
        made = [task for task in self.question.tasks if self.question.task_rule(task) == rule]
        return "|".join(map(re.escape, made)) or NOTHING

    def models_made_by(self, rule: str) -> str:
        """Return the pattern of the models that a rule makes."""
        models = self.question.models
        made = [model for model in models if self.question.model_rule(model) == rule]
        return "|".join(map(re.escape, made)) or NOTHING

    def theme_module(self, task: str) -> str:
        """Return the module that poses a task in the miniature language."""
        return f"stilts.tasks.miniature.themes.{self.question.catalogue.tasks[task].miniature}"

    def generator_module(self, task: str) -> str:
        """Return the module that derives a task from its parent."""
        return f"stilts.tasks.generators.{self.question.catalogue.tasks[task].derive['generator']}"

    def parent_data(self, task: str) -> str:
        """Return the manifest of the data that a task is derived from."""
        parent = self.question.catalogue.tasks[task].derive["parent"]
        return f"{self.data_folder(parent)}/{MANIFEST}"

    def generator_model(self, task: str) -> str:
        """Return the manifest of the model that writes a task's wrong options."""
        model = self.question.catalogue.tasks[task].derive["model"]
        return f"{self.top}/models/{model}/{MANIFEST}"

    def pretraining_corpus(self, model: str) -> str:
        """Return the manifest of the corpus that a stand-in model is pretrained on."""
        corpus = self.question.model(model).origin["pretrain"]["corpus"]
        return f"{self.data_folder(corpus)}/{MANIFEST}"

    def checkpoint(self, study: str, model: str, chain: str, file: str = MANIFEST) -> str:
        """Return a file of the model after a chain; for `none` that is where it starts."""
        return f"{self.checkpoint_folder(study, model, chain)}/{file}"

    def parent_checkpoint(self, study: str, model: str, chain: str, file: str = MANIFEST) -> str:
        """Return a file of the checkpoint that a chain's last stage starts from."""
        return self.checkpoint(study, model, parent_chain(chain), file)

    def stage_data(self, chain: str) -> list[str]:
        """Return the manifests of the data that a chain's last stage trains on."""
        return [f"{self.data_folder(task)}/{MANIFEST}" for task in parse_chain(chain)[-1].tasks]

    def study_data(self, study: str) -> list[str]:
        """Return the manifests of all data of a study."""
        return [f"{self.data_folder(task)}/{MANIFEST}" for task in self.question.plans[study].tasks]

    def run_folders(self, study: str, kind: str = "runs") -> list[str]:
        """Return the folder of each model, chain and target of a study's sweep.

        kind: of its `runs` or of its `predictions`.
        """
        cells = self.question.plans[study].cells
        return [f"{self.top}/{study}/{kind}/{'/'.join(cell)}" for cell in cells]

    def cell_runs(self, study: str, cell: Cell) -> list[str]:
        """Return the run files of one model, chain and target."""
        folder = f"{self.top}/{study}/runs/{'/'.join(cell)}"
        return [f"{folder}/{point}.json" for point in self.question.plans[study].points]

    def asked_runs(self, study: str) -> list[str]:
        """Return one file of every job of a sweep: one that is missing, if any of them is.

        A job makes all of its files, so one is enough to ask for it, and Snakemake takes as long
        over a file that is asked for as over a job.
        """
        found = []
        parts = [part for part in self.parts() if part.study == study]
        folders = (map(Path, self.run_folders(study, kind)) for kind in ("runs", "predictions"))
        for runs, predictions in zip(*folders, strict=True):
            there = {*_names(runs), *_names(predictions)}
            for part in parts:
                files = [runs / f"{point}.json" for point in part.points]
                files += [predictions / f"{point}.parquet" for point in part.points]
                missing = (file for file in files if file.name not in there)
                found.append(next(missing, files[0]).as_posix())
        return found

    def study_zero_shot(self, study: str) -> list[str]:
        """Return every zero-shot score of a study."""
        return [
            f"{self.top}/{study}/zero_shot/{cell.model}/{cell.chain}/{cell.target}.json"
            for cell in self.question.plans[study].zero_shot
        ]

    def parts(self) -> Iterator[Part]:
        """Cut each study's grid into the parts that one job runs."""
        size = self.question.config["trials_per_job"]
        for study, plan in self.question.plans.items():
            points = list(plan.points)
            parts = [tuple(points[start : start + size]) for start in range(0, len(points), size)]
            prefix = "finetune_targets" if len(self.reports) == 1 else f"finetune_targets_{study}"
            for number, part in enumerate(parts, start=1):
                yield Part(prefix if len(parts) == 1 else f"{prefix}_{number}", study, part)

    # What targets ask for

    def question_file(self) -> str:
        """Return the record of the question as it is run."""
        return f"{self.top}/config.yaml"

    def data(self) -> list[str]:
        """Return the manifest of every task."""
        return [f"{self.data_folder(task)}/{MANIFEST}" for task in self.question.tasks]

    def checkpoints(self) -> list[str]:
        """Return the manifest and weights of every model and of every chain's checkpoint."""
        wanted = [("", model, NONE) for model in self.question.models]
        for study, plan in self.question.plans.items():
            wanted += [(study, model, chain) for model, chain in plan.checkpoints]
        return [self.checkpoint(*cell, file) for cell in wanted for file in (MANIFEST, WEIGHTS)]

    def sources(self) -> list[str]:
        """Return the manifests of all data, and all checkpoints."""
        return [*self.data(), *self.checkpoints()]

    def runs(self) -> list[str]:
        """Return a file of every job of the sweeps, every zero-shot score and every runs table."""
        files = []
        for study in self.question.plans:
            files += [*self.asked_runs(study), *self.study_zero_shot(study)]
            files += [f"{self.top}/{study}/runs.csv", f"{self.top}/{study}/zero_shot.csv"]
        return files

    def tables(self) -> list[str]:
        """Return the csv of every table that has something to show."""
        return [
            f"{self.top}/{study}/tables/{name}.csv"
            for study in self.reports
            for name in self.shown(study, "tables")
        ]

    def figures(self) -> list[str]:
        """Return the png of every figure that has something to show."""
        return [
            f"{self.top}/{study}/figures/{name}.png"
            for study in self.reports
            for name in self.shown(study, "figures")
        ]

    def report(self) -> str:
        """Return the page that shows every table and figure."""
        return f"{self.top}/report.html"

    def everything(self) -> list[str]:
        """Return all of the above."""
        return [
            self.question_file(),
            *self.sources(),
            *self.runs(),
            *self.tables(),
            *self.figures(),
            self.report(),
        ]

    def shown(self, study: str, kind: str) -> dict[str, Mapping[str, Any]]:
        """Return the `tables` or `figures` of a study that the question has something for."""
        plan = self.question.plans[study]
        return {
            name: block
            for name, block in self.reports[study][kind].items()
            if set(block.get("tasks", ())) <= set(self.question.tasks)
            and ("chains" not in block or _overlaps(block, plan))
        }

    def table(self, study: str, name: str) -> dict[str, Any]:
        """Return what a table shows; an unknown name is a `KeyError` that Snakemake reports."""
        return dict(self.reports[study]["tables"][name])

    def figure(self, study: str, name: str) -> dict[str, Any]:
        """Return what a figure shows."""
        return dict(self.reports[study]["figures"][name])

    def table_module(self, study: str, name: str) -> str:
        """Return the module that builds a table."""
        return f"stilts.evidence.tables.{self.reports[study]['tables'][name]['kind']}"

    def figure_module(self, study: str, name: str) -> str:
        """Return the module that draws a figure."""
        return f"stilts.evidence.figures.{self.reports[study]['figures'][name]['kind']}"

    def examples(self, study: str, figure: str) -> list[str]:
        """Return the manifests of the tasks whose rows a figure shows."""
        tasks = self.reports[study]["figures"][figure].get("tasks", ())
        return [f"{self.data_folder(task)}/{MANIFEST}" for task in tasks]

    def titles(self) -> dict[str, dict[str, Any]]:
        """Return, by study, what a report says above its tables and figures."""
        return {
            name: {
                "title": plan.study.title,
                "cite": plan.study.cite,
                "claim": plan.study.claim,
                "label": plan.label,
                "protocol": plan.study.protocol,
                "tables": self.shown(name, "tables"),
                "figures": self.shown(name, "figures"),
            }
            for name, plan in self.question.plans.items()
        }


def _names(folder: Path) -> list[str]:
    return os.listdir(folder) if folder.is_dir() else []


def _overlaps(block: Mapping[str, Any], plan: StudyPlan) -> bool:
    cells = {(cell.chain, cell.target) for cell in (*plan.cells, *plan.zero_shot)}
    return any((chain, target) in cells for chain in block["chains"] for target in block["targets"])
