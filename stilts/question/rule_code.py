"""The fingerprints of rules whose code is partly plug-ins: only those that a job uses count."""

from collections.abc import Iterable, Mapping
from typing import Any

from stilts.files import plugins
from stilts.files.fingerprint import fingerprint
from stilts.question.advice import feature_spec
from stilts.question.ask import Question
from stilts.question.cells import Cell
from stilts.question.code import METRICS, plugins_of
from stilts.question.miniature import theme_of
from stilts.tasks.columns import KINDS

SCRIPTS = "workflow/scripts"
THEMES = "stilts.tasks.miniature.themes"
GENERATORS = "stilts.tasks.generators"
TABLES = "stilts.evidence.tables"
FIGURES = "stilts.evidence.figures"
CHARTS = "stilts.evidence.charts"
ESTIMATORS = "stilts.evidence.estimators"
TRIAL = "stilts.jobs.outcome"  # loaded by a job only when it has to train


class RuleCode:
    """The code behind each artefact of a question, as 16 hexadecimal digits."""

    def __init__(self, question: Question):
        self.question = question

    def task(self, name: str) -> str:
        """Return the fingerprint of what makes a task's data."""
        task, rule = self.question.catalogue.tasks[name], self.question.task_rule(name)
        made = [f"{KINDS}.{task.kind}"]
        if task.derive:
            made.append(f"{GENERATORS}.{task.derive['generator']}")
        elif rule == "make_task":
            made.append(f"{THEMES}.{theme_of(task.miniature, self.question.config['facts'])}")
        return fingerprint(f"{SCRIPTS}/{rule}.py", *made)

    def model(self, name: str) -> str:
        """Return the fingerprint of what makes a model."""
        return fingerprint(f"{SCRIPTS}/{self.question.model_rule(name)}.py")

    def stage(self, study: str, model: str, chain: str) -> str:
        """Return the fingerprint of what trains the last stage of a chain."""
        spec = self.question.plans[study].stage_spec(model, chain)
        heads = {task: posed["head"] for task, posed in spec["posed"].items()}
        used = self._used([*spec["tasks"], *spec["watch"]], model, heads, spec["recipe"]["select"])
        return fingerprint(f"{SCRIPTS}/train_stage.py", *used)

    def target(self, study: str, model: str, chain: str, target: str) -> str:
        """Return the fingerprint of what fine-tunes a target, at all points of its grid."""
        plan = self.question.plans[study]
        spec = plan.target_spec(model, chain, target)
        recipes = [
            {**spec["recipe"], **p} for p in plan.points[Cell(model, chain, target)].values()
        ]
        forms = dict.fromkeys((recipe["head"], recipe["select"]) for recipe in recipes)
        used: dict[str, None] = {}
        for head, select in forms:
            used |= dict.fromkeys(self._used([spec["task"]], model, {target: head}, select))
        asked = f"{METRICS}.{spec['task']['metric']}"
        return fingerprint(f"{SCRIPTS}/finetune_targets.py", TRIAL, asked, *used)

    def score(self, study: str, model: str, chain: str, task: str) -> str:
        """Return the fingerprint of what scores a checkpoint on a task."""
        spec = self.question.plans[study].score_spec(model, chain, task)
        used = self._used([spec["task"]], model, {task: spec["head"]})
        asked = f"{METRICS}.{spec['task']['metric']}"
        return fingerprint(f"{SCRIPTS}/score_checkpoint.py", asked, *used)

    def features(self, study: str, model: str, chain: str, task: str) -> str:
        """Return the fingerprint of what extracts the features of a checkpoint on a task."""
        spec = feature_spec(self.question.plans[study], Cell(model, chain, task))
        used = self._used([spec["task"]], model, {task: spec["recipe"]["head"]})
        return fingerprint(f"{SCRIPTS}/extract_features.py", *used)

    def estimates(self) -> str:
        """Return the fingerprint of what estimates transfers, by every estimator."""
        known = (f"{ESTIMATORS}.{name}" for name in plugins.names(ESTIMATORS))
        return fingerprint(f"{SCRIPTS}/estimate_transfers.py", *known)

    def table(self, study: str, kind: str) -> str:
        """Return the fingerprint of what builds a table of a kind."""
        return fingerprint(f"{SCRIPTS}/make_table.py", f"{TABLES}.{kind}", *self._named(study))

    def figure(self, study: str, kind: str) -> str:
        """Return the fingerprint of what draws a figure of a kind."""
        return fingerprint(f"{SCRIPTS}/draw_figure.py", f"{FIGURES}.{kind}", *self._named(study))

    def page(self) -> str:
        """Return the fingerprint of what writes the page, with every figure to hover and click."""
        kinds = (f"{CHARTS}.{kind}" for kind in plugins.names(CHARTS))
        return fingerprint(f"{SCRIPTS}/write_report.py", *kinds)

    def _used(
        self,
        tasks: Iterable[Mapping[str, Any]],
        model: str,
        heads: Mapping[str, str | None],
        select: str = "last",
    ) -> list[str]:
        return plugins_of(tasks, self.question.model(model).family, heads, select)

    def _named(self, study: str) -> list[str]:
        """Return what tables and figures take from the plug-ins of a study's tasks."""
        plan = self.question.plans[study]
        kinds = {plan.catalogue.tasks[task].kind for task in plan.tasks}
        metrics = {plan.target(task)["metric"].value for task in plan.tasks}
        metrics |= {plan.posed(chain, task)["metric"].value for _, chain, task in plan.scores}
        named = ("TITLE", "guess", "score")
        parts = [f"{METRICS}.{name}:{part}" for name in metrics for part in named]
        return sorted([*(f"{KINDS}.{kind}:TITLE" for kind in kinds), *parts])
