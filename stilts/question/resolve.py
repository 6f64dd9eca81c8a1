"""From a study and a scale to what has to run: cells, points and recipes as plain data."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from stilts.errors import UserError
from stilts.question.catalogue import Catalogue
from stilts.question.cells import Cell, Points, cells_of, needs, scored_of
from stilts.question.chain import Stage, chain_seed, chain_tasks, parse_chain, prefixes
from stilts.question.recipe import (
    AXES,
    NEEDED,
    NEW_HEADS,
    PASS_HEAD,
    POSED,
    PRECISION,
    READING,
    TRAINING,
)
from stilts.question.scale import Scale
from stilts.question.settings import Layer, Setting, Settings, merge
from stilts.question.study import Study

_DEFAULTS = {
    field.name: Setting(field.default, "assumed", "default")
    for field in (*TRAINING, PRECISION)
    if field.default is not NEEDED
}
_NOBODY = Setting((), "assumed", "default")
_NEW_HEADS = Setting(NEW_HEADS.default, "assumed", "default")
_PASS_HEAD = Setting(PASS_HEAD.default, "assumed", "default")


class StageSettings(NamedTuple):
    """How a stage trains: its recipe, what each of its tasks brings, and who is watched."""

    recipe: dict[str, Setting]
    posed: dict[str, dict[str, Setting]]
    watch: tuple[str, ...]


@dataclass(frozen=True)
class StudyPlan:
    """A study at a scale, narrowed by the reader: everything that its rules need to know.

    For `points`, `apart` and `shown` see `Asked`.
    """

    study: Study
    scale: Scale
    catalogue: Catalogue
    points: Mapping[Cell, Points]
    apart: Mapping[str, Mapping[Cell, Points]]
    shown: Mapping[Cell, Points]
    scores: tuple[Cell, ...]
    unavailable: tuple[Cell, ...]
    missing: frozenset[str]
    overrides: Layer
    stand_ins: tuple[str, ...] = ()

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every model, chain and target of the sweeps."""
        return tuple(self.points)

    @cached_property
    def axes(self) -> list[str]:
        """The axes of all grids, in order."""
        points = (values for grid in self.points.values() for values in grid.values())
        return list(dict.fromkeys(axis for values in points for axis in values))

    @cached_property
    def checkpoints(self) -> list[tuple[str, str]]:
        """Every (model, chain) to train, in an order in which parents come first."""
        found = {
            (cell.model, chain): None
            for cell in (*self.cells, *self.scores)
            for chain in prefixes(cell.chain)
        }
        return list(found)

    @cached_property
    def chains(self) -> list[str]:
        """Every chain of cells and scores and those they grow out of, without `none`."""
        return list(dict.fromkeys(chain for _, chain in self.checkpoints))

    @cached_property
    def tasks(self) -> list[str]:
        """Every task that a stage or a score needs."""
        named = [cell.target for cell in (*self.cells, *self.scores)]
        for chain in self.chains:
            named += [*parse_chain(chain)[-1].tasks, *self.stage(chain).watch]
        return list(dict.fromkeys(named))

    @cached_property
    def splits(self) -> dict[str, list[str]]:
        """The splits that each task is scored on somewhere, the catalogue's own first."""
        found = {task: list(self.catalogue.tasks[task].scored) for task in self.tasks}
        uses = [(cell.target, self.target(cell.target)) for cell in self.cells]
        uses += [(cell.target, self.posed(cell.chain, cell.target)) for cell in self.scores]
        for chain in self.chains:
            uses += self.stage(chain).posed.items()
        for task, settings in uses:
            found[task] = list(dict.fromkeys([*found[task], *settings["scored"].value]))
        return found

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """All layers of settings, the study's with the learning rates of this scale."""
        fitted = [
            {place: self.scale.fit(settings) for place, settings in layer.items()}
            for layer in self.study.layers
        ]
        return (*fitted, *self.scale.layers, self.overrides)

    # Settings, each with its origin

    def target(self, task: str) -> dict[str, Setting]:
        """Return the settings of a task as a target; the points of its grid go over them."""
        places = [("all",), ("targets",), ("tasks", task)]
        return {**_DEFAULTS, **self._own(task), **merge(self.layers, places)}

    def stage(self, chain: str) -> StageSettings:
        """Return the settings of a chain's last stage."""
        stage = parse_chain(chain)[-1]
        alone = stage.tasks[0] if len(stage.tasks) == 1 else ""
        recipe = self._staged(stage, alone, chain_seed(chain))
        watch = recipe.pop("watch", _NOBODY).value
        recipe = {"pass_head": _PASS_HEAD, **recipe}
        recipe.pop("new_heads", None)  # of checkpoints that are scored, not of how a stage trains
        watched = [task for task in watch if task not in {*stage.tasks, *self.missing}]
        posed = {task: self.posed(chain, task) for task in (*stage.tasks, *watched)}
        if not alone:
            recipe = {key: item for key, item in recipe.items() if key not in POSED}
        return StageSettings(recipe, posed, tuple(watched))

    def posed(self, chain: str, task: str) -> dict[str, Setting]:
        """Return how a task is posed to a model that walked a chain: as in the last stage with it.

        A task that no stage of the chain has is posed as an intermediate task by itself.
        """
        found = self.as_trained(chain, task)
        return {key: found[key] for key in POSED}

    def as_trained(self, chain: str, task: str) -> dict[str, Setting]:
        """Return all settings of the last stage of a chain that has a task, as they hold for it."""
        stages = [stage for stage in parse_chain(chain) if task in stage.tasks]
        return self._staged(stages[-1] if stages else Stage((task,)), task, chain_seed(chain))

    def _staged(self, stage: Stage, task: str, seed: int | None) -> dict[str, Setting]:
        """Return the settings of a stage as they hold for one of its tasks, or for all ('')."""
        places = [("all",), ("intermediates",), ("tasks", task)]
        named = dict.fromkeys([stage.base, stage.sized])
        for place in (*(("stages", name) for name in named), ("variants", stage.variant or "")):
            places += [place, (*place, "tasks", task)]
        found = {**_DEFAULTS, **self._own(task), **merge(self.layers, places)}
        return found if seed is None else {**found, "seed": Setting(seed, "chain", f"^{seed}")}

    def generator(self, name: str, task: str = "") -> dict[str, Setting]:
        """Return the settings of a generator of derived tasks at this scale, or for one of them."""
        return merge(self.layers, [("generators", name), ("generators", name, "tasks", task)])

    def data(self, task: str) -> dict[str, Setting]:
        """Return the fields of a task's block that settings state: how its data are read."""
        return merge(self.layers, [("data", task)])

    def _own(self, task: str) -> dict[str, Setting]:
        if not task:
            return {}
        block = self.catalogue.task(task, f"settings of {self.study.file}")
        facts = {"max_tokens": block.max_tokens, "metric": block.metric}
        facts["scored"] = list(block.scored)
        return {key: Setting(value, "assumed", "catalogue") for key, value in facts.items()}

    # What jobs are told

    def target_spec(self, model: str, chain: str, target: str) -> dict[str, Any]:
        """Return what a job needs to fine-tune and score a cell, whatever its points."""
        settings = self.target(target)
        return {
            **self._identity(model, chain, settings),
            "target": target,
            "task": self._facts(target, settings),
            "recipe": _recipe(settings),
        }

    def stage_spec(self, model: str, chain: str) -> dict[str, Any]:
        """Return what a job needs to train the last stage of a chain."""
        stage, settings = parse_chain(chain)[-1], self.stage(chain)
        facts = {task: self._facts(task, posed) for task, posed in settings.posed.items()}
        return {
            **self._identity(model, chain, settings.recipe),
            "tasks": [facts[task] for task in stage.tasks],
            "watch": [facts[task] for task in settings.watch],
            "posed": {
                task: {key: posed[key].value for key in (*READING, "head")}
                for task, posed in settings.posed.items()
            },
            "size": self.scale.size(stage.size),
            "pass_head": settings.recipe["pass_head"].value,
            "recipe": _recipe(settings.recipe),
            "origins": {key: setting.origin for key, setting in sorted(settings.recipe.items())},
        }

    def score_spec(self, model: str, chain: str, task: str) -> dict[str, Any]:
        """Return what a job needs to score a checkpoint on a task, seen in its chain or not."""
        settings = {"new_heads": _NEW_HEADS, **self.as_trained(chain, task)}
        return {
            **self._identity(model, chain, settings),
            "target": task,
            "task": self._facts(task, settings),
            **{key: settings[key].value for key in (*READING, "head", "seed", "new_heads")},
        }

    @property
    def label(self) -> str:
        """What every figure and table says of its scale, and of what stands in by the config."""
        said = "; ".join(filter(None, (self.scale.label, *self.stand_ins)))
        return f"{self.scale.name}: {said}" if said else self.scale.name

    def _facts(self, name: str, settings: Settings) -> dict[str, Any]:
        task = self.catalogue.tasks[name]
        return {
            "name": name,
            "kind": task.kind,
            "labels": list(task.labels),
            "range": list(task.range) or None,
            "metric": settings["metric"].value,
            "scored": settings["scored"].value,
            **({"unanswerable": True} if task.unanswerable else {}),
        }

    def _identity(self, model: str, chain: str, settings: Settings) -> dict[str, Any]:
        return {
            "study": self.study.name,
            "scale": self.scale.name,
            "protocol": self.study.protocol,
            "model": model,
            "chain": chain,
            "precision": settings["precision"].value,
        }


def resolve(
    study: Study,
    scale: Scale,
    catalogue: Catalogue,
    *,
    only: Mapping[str, Any],
    overrides: Layer,
    missing: frozenset[str],
    stand_ins: tuple[str, ...] = (),
    walks: tuple[int, ...] = (),
) -> StudyPlan:
    """Cross a study's sweeps with its models and grids, at a scale.

    Args:
        study: the paper's experiment.
        scale: how big the world is.
        catalogue: the tasks and models that names refer to.
        only: what narrows the study; see `cells_of`.
        overrides: a layer of settings of the reader's config.
        missing: tasks whose restricted files are not there; their cells become unavailable.
        stand_ins: what the reader's config takes in place of a model or of whole data, in words.
        walks: the reader's seeds of stages.

    Raises:
        UserError: an unknown task or grid axis.
    """
    scale = scale.of_study(study.name)
    asked, scored = cells_of(study, scale, only, walks), scored_of(study, only, walks)
    for cell in (every := (*asked.points, *scored)):
        _check_tasks(cell, catalogue, f"{study.file} or config key 'only'")
    kept = asked.without(missing)
    left = tuple(cell for cell in scored if not needs(cell) & missing)
    return StudyPlan(
        study=study,
        scale=scale,
        catalogue=catalogue,
        **kept._asdict(),
        scores=left,
        unavailable=tuple(dict.fromkeys(cell for cell in every if needs(cell) & missing)),
        missing=missing,
        overrides=overrides,
        stand_ins=stand_ins,
    )


def _check_tasks(cell: Cell, catalogue: Catalogue, where: str) -> None:
    named = [(f"chain '{cell.chain}'", task) for task in chain_tasks(cell.chain)]
    for role, name in [*named, ("target", cell.target)]:
        if not catalogue.task(name, f"{role} of {where}").has_answers:
            raise UserError(f"{role}: '{name}' is a corpus, which has no answers to learn")


def _recipe(settings: Settings) -> dict[str, Any]:
    """Return the values of the settings of training, sorted by name."""
    return {name: settings[name].value for name in sorted(settings.keys() & AXES.keys())}
