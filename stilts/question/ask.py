"""The question as it is asked: the reader's config, checked and resolved into what must run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from stilts.errors import UserError, unknown
from stilts.files.fingerprint import ROOT
from stilts.question.catalogue import Catalogue, Model, Task, load_catalogue
from stilts.question.cells import needs
from stilts.question.checks import check_names, check_recipes, check_settings
from stilts.question.config import check_config
from stilts.question.data import (
    OF_REAL_DATA,
    demand_agreement,
    fields_of,
    is_miniature,
    missing_tasks,
    stand_ins,
    stated,
)
from stilts.question.miniature import theme_of
from stilts.question.narrowing import narrowed
from stilts.question.resolve import StudyPlan, resolve
from stilts.question.scale import Scale, load_scale
from stilts.question.settings import Layer, Setting, Settings, read_layer, values
from stilts.question.splits import demand_splits
from stilts.question.study import Study, load_study
from stilts.question.study_file import find_studies


@dataclass(frozen=True)
class Question:
    """Everything the workflow needs to know; knows no paths below `results/`."""

    config: Mapping[str, Any]
    catalogue: Catalogue
    scale: Scale
    plans: Mapping[str, StudyPlan]
    idle: tuple[StudyPlan, ...] = ()  # of studies of which nothing is left to run

    @cached_property
    def tasks(self) -> list[str]:
        """Every task whose data must be there, parents of derived ones included."""
        waiting = [name for plan in self.plans.values() for name in plan.tasks]
        waiting += [self.config["task"]] if self.config.get("task") else []  # to be previewed
        waiting += [
            model.origin["pretrain"]["corpus"]
            for model in map(self.model, self._study_models)
            if "pretrain" in model.origin
        ]
        found: dict[str, None] = {}
        while waiting:
            task = self.catalogue.task(waiting.pop(0), "this question")
            if task.name not in found:
                found[task.name] = None
                if task.derive:
                    waiting.append(task.derive["parent"])
                origin = self._generator_origin(task)
                if "pretrain" in origin:
                    waiting.append(origin["pretrain"]["corpus"])
        return list(found)

    @cached_property
    def models(self) -> list[str]:
        """Every model to fetch or pretrain: the studies' and the generators of derived tasks."""
        generators = [
            self.catalogue.tasks[name].derive["model"]
            for name in self.tasks
            if "model" in self.catalogue.tasks[name].derive
        ]
        return list(dict.fromkeys([*self._study_models, *generators]))

    @property
    def _study_models(self) -> list[str]:
        plans = self.plans.values()
        named = (cell.model for plan in plans for cell in (*plan.cells, *plan.scores))
        return list(dict.fromkeys(named))

    def _generator_origin(self, task: Task) -> Mapping[str, Any]:
        return self.model(task.derive["model"]).origin if "model" in task.derive else {}

    def model(self, name: str) -> Model:
        """Return a model as the reader, then the scale, then the catalogue place it."""
        if name in self.scale.models and name not in self.config["models"]:
            where = f"scales/{self.scale.name}.yaml"
            return Model.from_block(name, self.scale.models[name], where)
        if name not in self.catalogue.models:
            raise unknown("model", name, self.catalogue.models, "this question")
        return self.catalogue.models[name]

    def task_rule(self, name: str) -> str:
        """Return the rule that makes a task's data."""
        task = self.catalogue.tasks[name]
        if task.derive:
            return "generate_synthesis" if "model" in task.derive else "derive_task"
        return "make_task" if is_miniature(task, self.scale, self.config) else "fetch_task"

    def task_spec(self, name: str) -> dict[str, Any]:
        """Return what the task's rule needs to know, as plain data."""
        task, splits = self.catalogue.tasks[name], self.splits(name)
        limits = {} if task.kind == "corpus" else self._limits(splits)
        spec: dict[str, Any] = {
            # Its sizes at other scales change nothing here.
            "task": {**task.as_dict(), "scored": splits[1:], "miniature": {}},
            "limits": {split: limits.get(split) for split in splits},
            "seed": 42,
            "note": self.scale.label,
        }
        if task.derive:
            settings = self._generator_settings(task)
            spec["settings"] = values(settings)
            if "model" in task.derive:  # sampling is slow: nothing is written beyond the limits
                spec["settings"] |= {"count": self.rows(name)["train"]}
                spec["settings"] |= {"validation": self.rows(name)["validation"]}
            spec["origins"] = {key: item.origin for key, item in sorted(settings.items())}
        elif is_miniature(task, self.scale, self.config):
            spec["task"] |= OF_REAL_DATA
            spec["miniature"] = {
                "theme": theme_of(task.miniature, self.config["facts"]),
                "sizes": self._miniature_sizes(task),
                "seed": self.scale.miniature["seed"],
            }
        else:
            spec["mirror"] = self.config["mirror"]
        return spec

    def _miniature_sizes(self, task: Task) -> dict[str, int]:
        """Return the rows of a task's splits in the miniature, at the size of this scale."""
        sizes, size = task.miniature["sizes"], self.scale.miniature["sizes"]
        if size not in sizes:
            raise unknown("size", size, sizes, f"scales/{self.scale.name}.yaml, '{task.name}'")
        return dict(sizes[size])

    def _generator_settings(self, task: Task) -> Settings:
        """Return the settings of a task's generator, which all studies share.

        Raises:
            UserError: two studies state them differently.
        """
        name = task.derive["generator"]
        plans = list(self.plans.values())
        stating = [plan for plan in plans if name in plan.study.named("generators")] or plans[:1]
        first, *others = stating
        for plan in others:
            if values(plan.generator(name, task.name)) != values(first.generator(name, task.name)):
                raise UserError(
                    f"studies '{first.study.name}' and '{plan.study.name}' do not agree how"
                    f" '{task.name}' is made (settings.generators.{name}): ask one at a time"
                )
        return first.generator(name, task.name)

    def splits(self, name: str) -> list[str]:
        """Return the splits of a task's data: `train`, and each that some study scores."""
        scored = [plan.splits.get(name, ()) for plan in self.plans.values()]
        own = self.catalogue.tasks[name].scored
        return list(dict.fromkeys(["train", *own, *(split for some in scored for split in some)]))

    def _limits(self, splits: Sequence[str]) -> dict[str, int]:
        limits = self.config["limits"]
        sides = {split: "train" if split == "train" else "validation" for split in splits}
        return {split: limits[side] for split, side in sides.items() if side in limits}

    def rows(self, name: str) -> dict[str, int]:
        """Return how many rows each split of a task will have, as far as known beforehand."""
        task, splits = self.catalogue.tasks[name], self.splits(name)
        if "model" in task.derive:
            settings = self._generator_settings(task)
            rows = {"train": settings["count"].value, "validation": settings["validation"].value}
        elif task.derive:
            return self.rows(task.derive["parent"])
        elif is_miniature(task, self.scale, self.config):
            rows = self._miniature_sizes(task)
        else:
            rows = {split: task.sizes.get(split, 0) for split in splits}
        limits = self._limits(list(rows))
        return {split: min(count, limits.get(split, count)) for split, count in rows.items()}

    def model_rule(self, name: str) -> str:
        """Return the rule that makes a model's starting checkpoint."""
        return "pretrain_model" if "pretrain" in self.model(name).origin else "fetch_model"

    def model_spec(self, name: str) -> dict[str, Any]:
        """Return what the model's rule needs to know, as plain data."""
        model = self.model(name)
        spec = {"name": name, "origin": dict(model.origin), "note": self.scale.label}
        return spec | ({"family": model.stated_family} if model.stated_family else {})

    def unavailable(self) -> list[str]:
        """Return one line per task whose restricted files are missing, with how to supply them."""
        gone = {
            name
            for plan in (*self.plans.values(), *self.idle)
            for cell in plan.unavailable
            for name in needs(cell)
        }
        tasks = (self.catalogue.tasks[name] for name in sorted(gone))
        return [f"{task.title}: {task.restricted}" for task in tasks if task.restricted]

    def remarks(self) -> list[str]:
        """Return one line per study that runs under another protocol than is asked for, or not."""
        asked = self.config["protocol"]
        others = [
            f"study '{name}' has no protocol '{asked}' and runs '{plan.study.protocol}'"
            for name, plan in self.plans.items()
            if plan.study.protocol != asked
        ]
        return [*others, *map(_nothing_left, self.idle)]


def ask(config: Mapping[str, Any], root: Path = ROOT) -> Question:
    """Check a config and resolve it against the catalogue, the scales and the studies.

    Args:
        config: the keys of `config.yaml`, command-line values laid over them.
        root: the folder that holds `catalogue/`, `scales/`, `studies/` and the schema.

    Raises:
        UserError: anything wrong, in one line: the key, what is wrong, what is allowed.
    """
    config = check_config(config, root)
    scale = load_scale(root / "scales", config["scale"])
    overrides = _overrides(config)
    places = find_studies(root, config["studies"])
    studies = [load_study(place, config["protocol"]) for place in places]
    check_names(studies, scale, config, root)
    catalogue = _catalogue(studies, scale, overrides, config, root)
    missing = missing_tasks(catalogue, scale, config, root)
    plans = {
        study.name: resolve(
            study,
            scale.in_world(config["facts"]),
            catalogue,
            only=narrowed(config["only"], study, studies, catalogue),
            overrides=overrides,
            missing=missing,
            stand_ins=stand_ins(config),
            walks=tuple(config["intermediate_seeds"] or ()),
        )
        for study in studies
    }
    check_settings(plans, scale, overrides)
    kept = {name: plan for name, plan in plans.items() if plan.cells or plan.scores}
    if not kept:
        raise UserError("; ".join(map(_nothing_left, plans.values())))
    for plan in kept.values():
        check_recipes(plan)
    idle = tuple(plan for name, plan in plans.items() if name not in kept)
    question = Question(config, catalogue, scale, kept, idle)
    for task in question.tasks:  # what is worked out on demand must fail here, in one line
        question.task_spec(task)
    demand_splits(question)
    return question


def _nothing_left(plan: StudyPlan) -> str:
    """Say why a plan has neither cells nor scores, and what to do about it."""
    gone = sorted(plan.missing & set().union(*map(needs, plan.unavailable)))
    said = f"nothing of study '{plan.study.name}' is left to run"
    if not gone:
        return f"config key 'only': {said}"
    remedies = dict.fromkeys(plan.catalogue.tasks[name].restricted for name in gone)
    return f"{said}, as files of {', '.join(gone)} are missing: {'; '.join(filter(None, remedies))}"


def _catalogue(
    studies: Sequence[Study], scale: Scale, overrides: Layer, config: Mapping[str, Any], root: Path
) -> Catalogue:
    """Return the catalogue with what the studies, then the reader say of tasks laid over it."""
    folder, given = root / "catalogue", {key: config[key] for key in ("tasks", "models")}
    by_study = {study.name: stated(study, scale, overrides) for study in studies}
    plain = load_catalogue(folder, **given)
    made = partial(is_miniature, scale=scale, config=config)
    fields = fields_of(by_study, lambda name: made(plain.task(name, "settings.data")))
    laid = load_catalogue(folder, data=fields, **given)
    if len(studies) > 1:
        demand_agreement(studies, by_study, plain, laid, made)
    return laid


def _overrides(config: Mapping[str, Any]) -> Layer:
    """Return the reader's settings, the config key `precision` among them.

    Raises:
        UserError: a wrong setting, or two keys that say different things.
    """
    layer = dict(read_layer(config["settings"], "config key 'settings'", "config"))
    if config["precision"] is None:
        return layer
    given = dict(layer.get(("all",), {}))
    asked = Setting(config["precision"], "config")
    if given.setdefault("precision", asked).value != asked.value:
        raise UserError(
            f"config key 'settings'.all: precision is {given['precision'].value}, but config key"
            f" 'precision' is {asked.value}: drop one"
        )
    return {**layer, ("all",): given}
