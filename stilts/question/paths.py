"""Where artefacts lie below `results/`, and what the rules that make them stand on."""

from functools import cached_property
from pathlib import Path
from typing import Any

from stilts.files.manifest import MANIFEST
from stilts.files.strict_yaml import read_yaml
from stilts.question.advice import candidates, compared, featured
from stilts.question.ask import Question
from stilts.question.cells import Cell
from stilts.question.chain import NONE, parent_chain, parse_chain, prefixes
from stilts.question.file_forms import demand_report
from stilts.question.own_report import adds, own_report
from stilts.question.parts import Part, any_of, cut
from stilts.question.resolve import StudyPlan

WEIGHTS = "model.safetensors"
NOTHING = "(?!)"  # matches no name: the constraint of a rule that has nothing to make


class Layout:
    """The paths of one question's artefacts, relative to the project's root.

    Rules spell their own outputs; this class says which files their inputs ask for.
    """

    def __init__(self, question: Question):
        self.question = question
        self.top = f"results/{question.scale.name}"
        self.reports = {study: _report(plan) for study, plan in question.plans.items()}

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
        return any_of(made) or NOTHING

    def models_made_by(self, rule: str) -> str:
        """Return the pattern of the models that a rule makes."""
        models = self.question.models
        made = [model for model in models if self.question.model_rule(model) == rule]
        return any_of(made) or NOTHING

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

    def stage_data(self, study: str, chain: str) -> list[str]:
        """Return the manifests of the data that a chain's last stage trains on, then watches."""
        tasks = parse_chain(chain)[-1].tasks + self.question.plans[study].stage(chain).watch
        return [f"{self.data_folder(task)}/{MANIFEST}" for task in tasks]

    def study_data(self, study: str) -> list[str]:
        """Return the manifests of all data of a study."""
        return [f"{self.data_folder(task)}/{MANIFEST}" for task in self.question.plans[study].tasks]

    def run_folder(self, study: str, cell: Cell, kind: str = "runs") -> str:
        """Return the folder of a model, chain and target of a sweep.

        kind: of its `runs` or of its `predictions`.
        """
        return f"{self.top}/{study}/{kind}/{'/'.join(cell)}"

    def cell_runs(self, study: str, cell: Cell) -> list[str]:
        """Return the run files of one model, chain and target."""
        folder = self.run_folder(study, cell)
        return [f"{folder}/{point}.json" for point in self.question.plans[study].points[cell]]

    def collected_runs(self, study: str) -> list[dict[str, list[str]]]:
        """Return the `folders` of all runs of a study, with the `points` that lie in each."""
        return [
            {"folders": [self.run_folder(study, cell) for cell in cells], "points": list(points)}
            for points, cells in self._sets(study).items()
        ]

    def scores(self, study: str) -> list[str]:
        """Return the score of every checkpoint that is scored as it is."""
        cells = self.question.plans[study].scores
        return [f"{self.top}/{study}/scores/{'/'.join(cell)}.json" for cell in cells]

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Every set of points of every study, cut into the parts that one job runs."""
        return tuple(part for study in self.question.plans for part in self._parts(study))

    def _parts(self, study: str) -> list[Part]:
        plans = self.question.plans
        one = sum(bool(plan.points) for plan in plans.values()) == 1
        prefix = "finetune_targets" if one else f"finetune_targets_{study}"
        return cut(study, plans[study].points, self.question.config["trials_per_job"], prefix)

    def _sets(self, study: str) -> dict[tuple[str, ...], list[Cell]]:
        """Return the cells of a study by the points that they have."""
        sets: dict[tuple[str, ...], list[Cell]] = {}
        for cell, points in self.question.plans[study].points.items():
            sets.setdefault(tuple(points), []).append(cell)
        return sets

    # What is shown

    def question_file(self) -> str:
        """Return the record of the question as it is run."""
        return f"{self.top}/config.yaml"

    def report(self) -> str:
        """Return the page that shows every table and figure."""
        return f"{self.top}/report.html"

    def table(self, study: str, name: str) -> dict[str, Any]:
        """Return what a table shows; an unknown name is a `KeyError` that Snakemake reports."""
        return dict(self.reports[study]["tables"][name])

    def figure(self, study: str, name: str) -> dict[str, Any]:
        """Return what a figure shows."""
        return dict(self.reports[study]["figures"][name])

    def predictions(self, study: str, part: str, name: str) -> list[str]:
        """Return the predictions of all runs, for one of the `tables` or `figures` that asks so."""
        if not self.reports[study][part][name].get("predictions"):
            return []
        points = self.question.plans[study].points
        folders = {cell: self.run_folder(study, cell, "predictions") for cell in points}
        return [f"{folders[cell]}/{point}.parquet" for cell in points for point in points[cell]]

    def features(self, study: str, cell: Cell) -> str:
        """Return the record of what a checkpoint makes of a task's texts."""
        return f"{self.top}/{study}/features/{'/'.join(cell)}.json"

    def all_features(self, study: str) -> list[str]:
        """Return the records of all features that advice on a study stands on."""
        return [self.features(study, cell) for cell in featured(self.question.plans[study])]

    def estimated(self, study: str) -> list[dict[str, Any]]:
        """Return what each chain is estimated from, for each target that it could be taken for.

        `cell`, the record of its `features`, and those of the texts that are `compared`, see
        `stilts.question.advice.compared`.
        """
        return [
            {
                "cell": list(cell),
                "features": self.features(study, cell),
                "compared": [self.features(study, each) for each in compared(cell)],
            }
            for cell in candidates(self.question.plans[study])
        ]

    def estimates(self, study: str) -> str:
        """Return the table of what every estimator says of every chain and target."""
        return f"{self.top}/{study}/estimates.csv"

    def asked_estimates(self, study: str, part: str, name: str) -> list[str]:
        """Return the table of estimates for one of the `tables` or `figures` that asks for it."""
        asks = self.reports[study][part][name].get("estimates")
        return [self.estimates(study)] if asks else []

    def epochs(self, study: str) -> str:
        """Return the table of the epochs of all runs."""
        return f"{self.top}/{study}/epochs.csv"

    def asked_epochs(self, study: str, part: str, name: str) -> list[str]:
        """Return the table of epochs for one of the `tables` or `figures` that asks for it."""
        return [self.epochs(study)] if self.reports[study][part][name].get("epochs") else []

    def examples(self, study: str, figure: str) -> list[str]:
        """Return the manifests of the tasks whose rows a figure shows."""
        tasks = self.reports[study]["figures"][figure].get("tasks", ())
        return [f"{self.data_folder(task)}/{MANIFEST}" for task in tasks]

    def prints(self, study: str) -> list[str]:
        """Return the files that lie beside a study: printed numbers, and what is claimed."""
        place = self.question.plans[study].study.place
        # Relative: a clone that is moved keeps its results.
        folder = place.folder if place.own else Path("studies", study)
        found = [*folder.glob("*.csv"), *folder.glob("claims.yaml")] if folder else []
        return sorted(map(str, found))

    def walked(self, study: str, figure: str) -> list[str]:
        """Return the manifests of the checkpoints of which a figure shows epochs."""
        walks = self.reports[study]["figures"][figure].get("walks", ())
        parts = {part for chain in walks for part in prefixes(chain)}
        cells = self.question.plans[study].checkpoints
        return [self.checkpoint(study, *cell) for cell in cells if cell[1] in parts]


def _report(plan: StudyPlan) -> dict[str, Any]:
    """Return what a study shows: what its report says, else all of its cells."""
    place = plan.study.place
    path = place.folder / "report.yaml" if place.folder else None
    if path is None or adds(plan) or (place.own and not path.is_file()):
        return own_report(plan)
    content = read_yaml(path)
    demand_report(content, str(path))
    return content
