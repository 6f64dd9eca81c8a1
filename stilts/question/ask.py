"""The question as it is asked: the reader's config, checked and resolved into what must run."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema

from stilts.errors import UserError, unknown
from stilts.files.fingerprint import ROOT
from stilts.question.catalogue import Catalogue, Model, Task, load_catalogue, read_yaml
from stilts.question.config import read_scalars
from stilts.question.resolve import StudyPlan, resolve
from stilts.question.scale import Scale, load_scale
from stilts.question.study import ROLES, Setting, load_study, read_layer

SCHEMA = "workflow/schemas/config.schema.yaml"
# Config keys that change no answer.
HANDLING = ("trials_per_job", "trials_per_gpu", "snapshot_minutes", "cuda_graphs")


@dataclass(frozen=True)
class Question:
    """Everything the workflow needs to know; knows no paths below `results/`."""

    config: Mapping[str, Any]
    catalogue: Catalogue
    scale: Scale
    plans: Mapping[str, StudyPlan]

    @cached_property
    def tasks(self) -> list[str]:
        """Every task whose data must be there, parents of derived ones included."""
        waiting = [name for plan in self.plans.values() for name in plan.tasks]
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
        named = (cell.model for plan in self.plans.values() for cell in plan.cells)
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
        return "make_task" if _is_miniature(task, self.scale, self.config) else "fetch_task"

    def task_spec(self, name: str) -> dict[str, Any]:
        """Return what the task's rule needs to know, as plain data."""
        task = self.catalogue.tasks[name]
        limits = {} if task.kind == "corpus" else self.config["limits"]
        spec: dict[str, Any] = {
            "task": task.as_dict(),
            "limits": {split: limits.get(split) for split in ("train", "validation")},
            "seed": 42,
            "note": self.scale.label,
        }
        if task.derive:
            settings = self._generator_settings(task)
            spec["settings"] = {key: setting.value for key, setting in settings.items()}
            if "model" in task.derive:  # sampling is slow: nothing is written beyond the limits
                spec["settings"] |= {"count": self.rows(name)["train"]}
                spec["settings"] |= {"validation": self.rows(name)["validation"]}
            spec["origins"] = {key: setting.origin for key, setting in settings.items()}
        elif _is_miniature(task, self.scale, self.config):
            sizes = self.scale.miniature["sizes"]
            if name not in sizes:
                raise unknown("task", name, sizes, f"scales/{self.scale.name}.yaml, sizes")
            spec["miniature"] = {
                "theme": task.miniature,
                "sizes": dict(sizes[name]),
                "seed": self.scale.miniature["seed"],
            }
        else:
            spec["mirror"] = self.config["mirror"]
        return spec

    def _generator_settings(self, task: Task) -> dict[str, Setting]:
        for plan in self.plans.values():
            settings = plan.generator(task.derive["generator"])
            if settings:
                return dict(sorted(settings.items()))
        return {}

    def rows(self, name: str) -> dict[str, int]:
        """Return how many rows each split of a task will have, as far as known beforehand."""
        task = self.catalogue.tasks[name]
        if "model" in task.derive:
            settings = self._generator_settings(task)
            rows = {"train": settings["count"].value, "validation": settings["validation"].value}
        elif task.derive:
            return self.rows(task.derive["parent"])
        elif _is_miniature(task, self.scale, self.config):
            rows = dict(self.scale.miniature["sizes"][name])
        else:
            rows = {split: task.sizes.get(split, 0) for split in ("train", "validation")}
        limits = self.config["limits"]
        return {split: min(count, limits.get(split, count)) for split, count in rows.items()}

    def model_rule(self, name: str) -> str:
        """Return the rule that makes a model's starting checkpoint."""
        return "pretrain_model" if "pretrain" in self.model(name).origin else "fetch_model"

    def model_spec(self, name: str) -> dict[str, Any]:
        """Return what the model's rule needs to know, as plain data."""
        return {"name": name, "origin": dict(self.model(name).origin), "note": self.scale.label}

    def unavailable(self) -> list[str]:
        """Return one line per task whose restricted files are missing, with how to supply them."""
        gone = {
            name
            for plan in self.plans.values()
            for cell in plan.unavailable
            for name in (cell.target, *cell.chain.replace("@", "+").split("+"))
        }
        tasks = (self.catalogue.tasks[name] for name in sorted(gone & self.catalogue.tasks.keys()))
        return [f"{task.title}: {task.restricted}" for task in tasks if task.restricted]

    def record(self) -> dict[str, Any]:
        """Return the question as it is run: config, sizes, and each setting with its origin.

        What only says how jobs do their work is left out: it changes no answer and must rerun
        nothing.
        """
        return {
            "config": {key: value for key, value in self.config.items() if key not in HANDLING},
            "scale": {"name": self.scale.name, "label": self.scale.label},
            "models": {name: dict(self.model(name).origin) for name in self.models},
            "studies": {name: _record(plan) for name, plan in self.plans.items()},
        }


def _record(plan: StudyPlan) -> dict[str, Any]:
    def tagged(settings: Mapping[str, Setting]) -> dict[str, Any]:
        return {
            key: {item.origin: item.value, **({"where": item.where} if item.where else {})}
            for key, item in sorted(settings.items())
        }

    stages = sorted({chain.split("+")[-1].split("@")[0] for _, chain in plan.checkpoints})
    generators = {
        task.derive["generator"]
        for task in map(plan.catalogue.tasks.get, plan.tasks)
        if task.derive
    }
    return {
        "title": plan.study.title,
        "cite": plan.study.cite,
        "protocol": plan.study.protocol,
        "runs": len(plan.cells) * len(plan.points),
        "points": sorted(plan.points),
        "unavailable": ["/".join(cell) for cell in plan.unavailable],
        "settings": {
            "targets": {
                task: tagged(plan.settings(task, "targets"))
                for task in sorted({cell.target for cell in plan.cells})
            },
            "intermediates": {
                task: tagged(plan.settings(task, "intermediates")) for task in stages
            },
            "generators": {name: tagged(plan.generator(name)) for name in sorted(generators)},
        },
    }


def ask(config: Mapping[str, Any], root: Path = ROOT) -> Question:
    """Check a config and resolve it against the catalogue, the scales and the studies.

    Args:
        config: the keys of `config.yaml`, command-line values laid over them.
        root: the folder that holds `catalogue/`, `scales/`, `studies/` and the schema.

    Raises:
        UserError: anything wrong, in one line: the key, what is wrong, what is allowed.
    """
    config = check_config(config, root)
    models = config["models"]
    catalogue = load_catalogue(root / "catalogue", tasks=config["tasks"], models=models)
    scale = load_scale(root / "scales", config["scale"])
    overrides = read_layer(config["settings"], "config key 'settings'", "config")
    missing = _missing(catalogue, scale, config, root)
    plans = {
        name: resolve(
            load_study(root / "studies" / name, config["protocol"]),
            scale,
            catalogue,
            only=config["only"],
            overrides=overrides,
            missing=missing,
            precision=config["precision"],
        )
        for name in config["studies"]
    }
    names = set().union(*(plan.study.setting_names() for plan in plans.values()))
    _check_settings(scale.layer, names, catalogue, f"scales/{scale.name}.yaml, settings")
    _check_settings(overrides, names, catalogue, "config key 'settings'")
    for name, plan in plans.items():
        for axis in plan.study.grid.keys() & overrides.get("targets", {}).keys():
            raise UserError(
                f"config key 'settings'.targets: {axis} is an axis of the grid of study '{name}',"
                f" which would override it: use only: {{grid: {{{axis}: [...]}}}}"
            )
    question = Question(config, catalogue, scale, plans)
    for task in question.tasks:  # what is worked out on demand must fail here, in one line
        question.task_spec(task)
    return question


def _check_settings(
    layer: Mapping[str, Any], names: set[str], catalogue: Catalogue, where: str
) -> None:
    blocks = {part: settings for part, settings in layer.items() if part in ("all", *ROLES)}
    for task, settings in layer.get("tasks", {}).items():
        catalogue.task(task, f"{where}.tasks")
        blocks[f"tasks.{task}"] = settings
    for part, settings in blocks.items():
        for key in settings:
            if key not in names:
                raise unknown("setting", key, names, f"{where}.{part}")


def check_config(config: Mapping[str, Any], root: Path = ROOT) -> dict[str, Any]:
    """Return the config with its optional blocks filled, or raise a one-line `UserError`."""
    blocks = {key: {} for key in ("only", "limits", "models", "tasks", "settings")}
    given = {key: value for key, value in config.items() if not (key in blocks and value is None)}
    config = read_scalars({**blocks, **given})
    if isinstance(config.get("studies"), str):
        config["studies"] = [config["studies"]]
    schema = read_yaml(root / SCHEMA)
    error = next(iter(jsonschema.Draft202012Validator(schema).iter_errors(config)), None)
    if error is None:
        return config
    key = ".".join(map(str, error.absolute_path))
    if error.validator == "additionalProperties":
        extra = sorted(set(error.instance) - set(error.schema["properties"]))[0]
        place = f"config key '{key}'" if key else "config"
        raise unknown("key", extra, error.schema["properties"], place)
    raise UserError(f"config{f' key {key!r}' if key else ''}: {error.message}")


def _is_miniature(task: Task, scale: Scale, config: Mapping[str, Any]) -> bool:
    placed = "source" in config["tasks"].get(task.name, {})
    return bool(scale.miniature and task.miniature and not placed)


def _missing(
    catalogue: Catalogue, scale: Scale, config: Mapping[str, Any], root: Path
) -> frozenset[str]:
    """Return the restricted tasks without their files, and what is derived from them."""
    gone = {
        task.name
        for task in catalogue.tasks.values()
        if task.restricted
        and not _is_miniature(task, scale, config)
        and not all((root / path).is_file() for path in task.source.get("files", {}).values())
    }
    derived = {task.name for task in catalogue.tasks.values() if task.derive.get("parent") in gone}
    return frozenset(gone | derived)
