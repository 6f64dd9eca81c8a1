"""What only a whole question can be wrong in: names that settings are for, and recipes."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stilts.errors import UserError, unknown
from stilts.files import plugins
from stilts.question import forms
from stilts.question.catalogue import Catalogue, Task
from stilts.question.chain import parse_chain, parse_stage
from stilts.question.code import GENERATORS, METRICS
from stilts.question.recipe import NEEDED, TRAINING, check_name
from stilts.question.resolve import StudyPlan
from stilts.question.scale import Scale
from stilts.question.settings import Layer, Settings
from stilts.question.study import Study

_NEEDED = {field.name for field in TRAINING if field.default is NEEDED}


def check_names(
    studies: Sequence[Study], scale: Scale, config: Mapping[str, Any], root: Path
) -> None:
    """Check the names that one study may lack, but not all of them.

    Raises:
        UserError: a protocol, model or sweep that no study has, or a scale's study that is not
            there.
    """
    if all(study.protocol != config["protocol"] for study in studies):
        known = set().union(*(study.protocols for study in studies))
        raise unknown("protocol", config["protocol"], known, "config key 'protocol'")
    models = set().union(*(study.models for study in studies))
    for model in config["only"].get("models", ()):
        if model not in models:
            raise unknown("model", model, models, "config key 'only'")
    sweeps = set().union(*(study.sweeps for study in studies))
    for sweep in config["only"].get("sweeps", ()):
        if sweep not in sweeps:
            raise unknown("sweep", sweep, sweeps, "config key 'only'")
    for name in scale.studies:
        if not (root / "studies" / name).is_dir():
            known = [path.name for path in (root / "studies").iterdir()]
            raise unknown("study", name, known, f"scales/{scale.name}.yaml, studies")


def check_settings(plans: Mapping[str, StudyPlan], scale: Scale, overrides: Layer) -> None:
    """Check what layers of settings are for: tasks, stages and variants that are there.

    Raises:
        UserError: a name that means nothing, or a setting that a grid would override.
    """
    catalogue = next(iter(plans.values())).catalogue
    for plan in plans.values():
        study = plan.study
        for layer, key in zip(study.layers, ("settings", "protocols"), strict=True):
            _check_layer(layer, catalogue, [plan], f"{study.file}, {key}")
        for layer in scale.studies.get(study.name, {}).get("layers", ()):
            _check_layer(layer, catalogue, [plan], f"scales/{scale.name}.yaml, {study.name}")
        _check_axes(plan, overrides)
    for layer in scale.layers:  # of every study, those that are not asked included
        _check_layer(layer, catalogue, None, f"scales/{scale.name}.yaml, settings")
    _check_layer(overrides, catalogue, [*plans.values()], "config key 'settings'")


def check_recipes(plan: StudyPlan) -> None:
    """Check that every stage and target has what training needs, and names what is there.

    Raises:
        UserError: an unknown variant, task or metric, or a setting that nobody states.
    """
    for chain in plan.chains:
        stage = parse_chain(chain)[-1]
        where = f"{plan.study.file}, chain '{chain}'"
        variants = plan.study.named("variants")
        if stage.variant and stage.variant not in variants:
            raise unknown("variant", stage.variant, variants, where)
        settings = plan.stage(chain)
        for task in settings.watch:
            _demand_answers(task, plan.catalogue, f"{where}, watch")
        brought = {"max_tokens"} if len(stage.tasks) > 1 else set()
        _demand(_NEEDED - brought, settings.recipe, f"{where}: its last stage", "intermediates")
        _check_select(settings.recipe, settings.posed, where)
        for posed in settings.posed.values():
            _check_metric(posed, where)
    for cell in plan.scores:
        settings = plan.as_trained(cell.chain, cell.target)
        where = f"{plan.study.file}, score of '{cell.target}'"
        _demand({"seed"}, settings, where, "intermediates")
        _check_metric(settings, where)
    for cell, points in plan.points.items():
        settings = plan.target(cell.target)
        where = f"{plan.study.file}, target '{cell.target}'"
        for values in points.values():
            _demand(_NEEDED - values.keys(), settings, where, "targets")
        _check_select(settings, {cell.target}, where)
        _check_metric(settings, where)


def _check_layer(
    layer: Layer, catalogue: Catalogue, plans: list[StudyPlan] | None, where: str
) -> None:
    """Check the names of a layer; `plans` are those one of which must know a stage or variant."""
    for part, *names in layer:
        if part in ("tasks", "data"):
            catalogue.task(names[0], f"{where}.tasks")
        if part == "generators":
            known = plugins.names(GENERATORS)
            if names[0] not in known:
                raise unknown("generator", names[0], known, f"{where}.generators")
            here = f"{where}.generators.{'.'.join(names)}"
            _check_generator(names[0], layer[(part, *names)], here)
            for task in names[2:]:
                _demand_made(catalogue.task(task, here), names[0], here)
        if part == "stages":
            for task in parse_stage(names[0]).tasks:
                catalogue.task(task, f"{where}.stages")
        if part in ("stages", "variants"):
            for task in names[2:]:
                catalogue.task(task, f"{where}.{part}.{names[0]}.tasks")
            if plans is not None:
                known = set().union(*(_named(plan, part) for plan in plans))
                if names[0] not in known:
                    raise unknown(part.removesuffix("s"), names[0], known, f"{where}.{part}")


def _demand_made(task: Task, generator: str, where: str) -> None:
    if task.derive.get("generator") != generator:
        raise UserError(f"{where}: '{task.name}' is not made by the generator '{generator}'")


def _check_generator(name: str, settings: Settings, where: str) -> None:
    known = plugins.load(GENERATORS, name, "generator", where).SETTINGS
    for key, setting in settings.items():
        check_name(key, known, where)
        if not forms.fits(forms.read(setting.value, known[key]), known[key]):
            said = forms.described(known[key])
            raise UserError(f"{where}.{key}: {setting.value!r} is not {said}")


def _named(plan: StudyPlan, part: str) -> set[str]:
    if part == "variants":
        return plan.study.named(part)
    sweeps = (*plan.study.sweeps.values(), *plan.study.scores.values())
    chains = {*plan.chains, *(chain for sweep in sweeps for chain in sweep.chains)}
    stages = [stage for chain in chains for stage in parse_chain(chain)]
    return {name for stage in stages for name in (stage.base, stage.sized)}


def _check_axes(plan: StudyPlan, overrides: Layer) -> None:
    for name in overrides.get(("targets",), {}):
        points = [point for points in plan.points.values() for point in points.values()]
        if points and all(name in point for point in points):
            raise UserError(
                f"config key 'settings'.targets: {name} is an axis of the grid of study"
                f" '{plan.study.name}', which would override it: use only: {{grid: {{{name}:"
                " [...]}}"
            )


def _demand(names: Iterable[str], settings: Settings, where: str, role: str) -> None:
    for name in sorted(names):
        if name not in settings:
            raise UserError(f"{where} has no '{name}': state it below settings.{role}")


def _check_select(settings: Settings, tasks: Iterable[str], where: str) -> None:
    task, dot, metric = settings["select"].value.removeprefix("best:").rpartition(".")
    if dot and task not in tasks:
        raise unknown("task", task, tasks, f"{where}, select")
    if dot:
        _known_metric(metric, f"{where}, select")
    if dot and settings["evaluate"].value == "last":
        raise UserError(
            f"{where}: select is '{settings['select'].value}', and evaluate is 'last', which scores"
            " no other epoch: write evaluate: epoch, or select: last"
        )


def _check_metric(settings: Settings, where: str) -> None:
    _known_metric(settings["metric"].value, f"{where}, metric")


def _known_metric(name: str, where: str) -> None:
    if name not in plugins.names(METRICS):
        raise unknown("metric", name, plugins.names(METRICS), where)


def _demand_answers(task: str, catalogue: Catalogue, where: str) -> None:
    if not catalogue.task(task, where).has_answers:
        raise UserError(f"{where}: '{task}' is a corpus, which has no answers to score")
