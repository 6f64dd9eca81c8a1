"""From a study and a scale to what has to run: cells, points and recipes as plain data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from stilts.errors import UserError
from stilts.question.catalogue import Catalogue, Task
from stilts.question.chain import parse_chain, prefixes
from stilts.question.grid import grid_points, point_name
from stilts.question.scale import Scale
from stilts.question.study import Setting, Study, Sweep


class Cell(NamedTuple):
    """A model that walked a chain, and the target it is fine-tuned and scored on."""

    model: str
    chain: str
    target: str


@dataclass(frozen=True)
class StudyPlan:
    """A study at a scale, narrowed by the reader: everything that its rules need to know."""

    study: Study
    scale: Scale
    catalogue: Catalogue
    points: Mapping[str, Mapping[str, Any]]
    cells: tuple[Cell, ...]
    zero_shot: tuple[Cell, ...]
    unavailable: tuple[Cell, ...]
    overrides: Mapping[str, Any]
    precision: str

    @cached_property
    def checkpoints(self) -> list[tuple[str, str]]:
        """Every (model, chain) to train, in an order in which parents come first."""
        found = {
            (cell.model, chain): None
            for cell in (*self.cells, *self.zero_shot)
            for chain in prefixes(cell.chain)
        }
        return list(found)

    @cached_property
    def tasks(self) -> list[str]:
        """Every task that a stage or a score needs."""
        named = [cell.target for cell in (*self.cells, *self.zero_shot)]
        for _, chain in self.checkpoints:
            named += parse_chain(chain)[-1].tasks
        return list(dict.fromkeys(named))

    def settings(self, task: str, role: str) -> dict[str, Setting]:
        """Return the settings of a task in a role, at this scale, each with its origin."""
        merged = {"max_tokens": Setting(self.catalogue.tasks[task].max_tokens, "assumed")}
        merged |= self.study.recipe(task, role)
        if "lr" in merged:
            lr = merged["lr"]
            merged["lr"] = lr._replace(value=self.scale.learning_rate(lr.value))
        for layer in (self.scale.layer, self.overrides):
            for part in (layer.get("all"), layer.get(role), layer.get("tasks", {}).get(task)):
                merged |= part or {}
        return merged

    def generator(self, name: str) -> dict[str, Setting]:
        """Return the settings of a generator of derived tasks at this scale."""
        merged = self.study.generator(name)
        for layer in (self.scale.layer, self.overrides):
            merged |= layer.get("generators", {}).get(name, {})
        return merged

    def target_spec(self, model: str, chain: str, target: str) -> dict[str, Any]:
        """Return what a job needs to fine-tune and score a cell, whatever its points."""
        return {
            **self._identity(model, chain),
            "target": target,
            "task": _task_facts(self.catalogue.tasks[target]),
            "recipe": _values(self.settings(target, "targets")),
        }

    def stage_spec(self, model: str, chain: str) -> dict[str, Any]:
        """Return what a job needs to train the last stage of a chain."""
        stage = parse_chain(chain)[-1]
        settings = self.settings(stage.tasks[0], "intermediates")
        return {
            **self._identity(model, chain),
            "tasks": [_task_facts(self.catalogue.tasks[name]) for name in stage.tasks],
            "size": self.scale.size(stage.size),
            "recipe": _values(settings),
            "origins": {key: setting.origin for key, setting in sorted(settings.items())},
        }

    def zero_shot_spec(self, model: str, chain: str, target: str) -> dict[str, Any]:
        """Return what a job needs to score a checkpoint without training on the target."""
        settings = self.settings(target, "intermediates")
        return {
            **self._identity(model, chain),
            "target": target,
            "task": _task_facts(self.catalogue.tasks[target]),
            "max_tokens": settings["max_tokens"].value,
            "seed": settings["seed"].value,
        }

    def report_facts(self) -> dict[str, Any]:
        """Return what tables and figures must know besides runs: label, grid, settings, sizes."""
        stages = {chain: parse_chain(chain)[-1] for _, chain in self.checkpoints}
        intermediate = [self.settings(stage.tasks[0], "intermediates") for stage in stages.values()]
        return {
            "label": self.label,
            "protocol": self.study.protocol,
            "titles": {name: task.title for name, task in self.catalogue.tasks.items()},
            "grid": {
                axis: sorted({point[axis] for point in self.points.values()})
                for axis in self.study.grid
            },
            "intermediate": _values(intermediate[0]) if intermediate else {},
            "generation": _values(self.generator("synthesis_gpt2")),
            "stage_sizes": {chain: self.scale.size(stage.size) for chain, stage in stages.items()},
        }

    @property
    def label(self) -> str:
        """What every figure and table says of its scale."""
        return f"{self.scale.name}: {self.scale.label}" if self.scale.label else self.scale.name

    def _identity(self, model: str, chain: str) -> dict[str, Any]:
        return {
            "study": self.study.name,
            "scale": self.scale.name,
            "protocol": self.study.protocol,
            "model": model,
            "chain": chain,
            "precision": self.precision,
        }


def resolve(
    study: Study,
    scale: Scale,
    catalogue: Catalogue,
    *,
    only: Mapping[str, Any],
    overrides: Mapping[str, Any],
    missing: frozenset[str],
    precision: str,
) -> StudyPlan:
    """Cross a study's sweeps with its models and grid, at a scale.

    Args:
        study: the paper's experiment.
        scale: how big the world is.
        catalogue: the tasks and models that names refer to.
        only: `chains`, `targets` and `grid` that narrow the study. A chain or target that the
            study does not have is run all the same, with the study's general settings.
        overrides: a layer of settings of the reader's config.
        missing: tasks whose restricted files are not there; their cells become unavailable.
        precision: `auto`, `fp32` or `bf16`.

    Raises:
        UserError: an unknown task, chain or grid axis, or nothing left to run.
    """
    where = f"studies/{study.name}/study.yaml"
    grid = {axis: setting.value for axis, setting in study.grid.items()} | only.get("grid", {})
    points = grid_points(grid, f"grid of {where} or config key 'only'")
    if "lr" in grid:
        points = _rescale(points.values(), scale)
    pairs = _narrow(study.sweeps.values(), only)
    scored = _narrow(study.zero_shot.values(), only, extend=False)
    _check_tasks([*pairs, *scored], catalogue, where)
    cells = [Cell(model, *pair) for model in study.models for pair in pairs]
    zero_shot = [Cell(model, *pair) for model in study.models for pair in scored]
    gone = [cell for cell in cells if _needs(cell) & missing]
    kept = tuple(cell for cell in cells if cell not in gone)
    if not kept:
        lack = f", as files of {', '.join(sorted(missing))} are missing" if gone else ""
        raise UserError(f"config key 'only': nothing of study '{study.name}' is left to run{lack}")
    return StudyPlan(
        study=study,
        scale=scale,
        catalogue=catalogue,
        points=points,
        cells=kept,
        zero_shot=tuple(cell for cell in zero_shot if not _needs(cell) & missing),
        unavailable=tuple(gone),
        overrides=overrides,
        precision=precision,
    )


def _rescale(points: Iterable[Mapping[str, Any]], scale: Scale) -> dict[str, dict[str, Any]]:
    rescaled = [{**point, "lr": scale.learning_rate(point["lr"])} for point in points]
    return {point_name(point): point for point in rescaled}


def _narrow(
    sweeps: Iterable[Sweep], only: Mapping[str, Any], *, extend: bool = True
) -> list[tuple[str, str]]:
    pairs = list(dict.fromkeys(pair for sweep in sweeps for pair in sweep.cells()))
    chains = dict.fromkeys(only.get("chains") or (chain for chain, _ in pairs))
    targets = dict.fromkeys(only.get("targets") or (target for _, target in pairs))
    kept = [(chain, target) for chain, target in pairs if chain in chains and target in targets]
    known_chains, known_targets = ({pair[side] for pair in pairs} for side in (0, 1))
    added = [
        (chain, target)
        for chain in chains
        for target in targets
        if extend and (chain not in known_chains or target not in known_targets)
    ]
    return kept + added


def _check_tasks(pairs: list[tuple[str, str]], catalogue: Catalogue, where: str) -> None:
    for chain, target in pairs:
        stages = parse_chain(chain)
        if any(len(stage.tasks) > 1 for stage in stages):
            raise UserError(f"chain '{chain}': tasks trained together are not supported yet")
        named = [(f"chain '{chain}'", name) for stage in stages for name in stage.tasks]
        for role, name in [*named, ("target", target)]:
            if catalogue.task(name, f"{role} of {where} or config key 'only'").kind == "corpus":
                raise UserError(f"{role}: '{name}' is a corpus, which has no answers to learn")


def _needs(cell: Cell) -> set[str]:
    return {cell.target}.union(*(stage.tasks for stage in parse_chain(cell.chain)))


def _task_facts(task: Task) -> dict[str, Any]:
    return {
        "name": task.name,
        "kind": task.kind,
        "labels": list(task.labels),
        "metric": task.metric,
    }


def _values(settings: Mapping[str, Setting]) -> dict[str, Any]:
    return {key: setting.value for key, setting in sorted(settings.items())}
