"""Facts about the world: tasks and models, each one block or line of YAML in `catalogue/`."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from stilts.errors import UserError, unknown
from stilts.files.plugins import load, names
from stilts.files.strict_yaml import read_yaml
from stilts.question.code import HEADS, METRICS
from stilts.question.file_forms import PRETRAIN, demand_form
from stilts.question.miniature import check_block
from stilts.question.task_fields import check_form
from stilts.tasks.columns import KINDS, TIDIED
from stilts.tasks.sources.divide import check_divide

SOURCES = ("hub", "files")
ORIGINS = ("hub", "path", "pretrain")
# What transformers' configs and the catalogue call the shape of a model.
_SHAPE = {
    "num_hidden_layers": "layers",
    "n_layer": "layers",
    "hidden_size": "width",
    "n_embd": "width",
    "num_attention_heads": "heads",
    "n_head": "heads",
}
_SIZE = {"total": "parameters", "depth": "layers", "width": "width", "heads": "heads"}


@dataclass(frozen=True)
class Task:
    """A data set and how it is posed; see `catalogue/README.md` for each field."""

    name: str
    title: str
    kind: str
    source: Mapping[str, Any] = field(default_factory=dict)
    derive: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    first: tuple[str, ...] = ()
    second: tuple[str, ...] = ()
    options: tuple[str, ...] | str = ()
    split: Mapping[str, Any] = field(default_factory=dict)
    label: str = "label"
    labels: tuple[str, ...] = ()
    range: tuple[float, ...] = ()
    answers: str = ""
    unanswerable: bool = False
    longest: Mapping[str, int] = field(default_factory=dict)
    drop: Mapping[str, Any] = field(default_factory=dict)
    once: str = ""
    tidy: str = ""
    scored: tuple[str, ...] = ("validation",)
    metric: str = "accuracy"
    max_tokens: int = 128
    sizes: Mapping[str, int] = field(default_factory=dict)
    miniature: Mapping[str, Any] = field(default_factory=dict)
    restricted: str = ""
    cite: str = ""

    @classmethod
    def from_block(cls, name: str, block: Mapping[str, Any], where: str) -> "Task":
        """Build a task from its YAML block and check it.

        Args:
            name: the task's name in chains and paths.
            block: the fields, as in `catalogue/tasks/*.yaml`.
            where: the file the block stands in, for error messages.

        Raises:
            UserError: an unknown, missing or wrong field.
        """
        place = f"{where}, task '{name}'"
        if not isinstance(block, Mapping):
            raise UserError(f"{place}: expected a block of fields, found {block!r}")
        known = {item.name for item in fields(cls)} - {"name"}
        for key in block:
            if key not in known:
                raise unknown("field", key, known, place)
        values = {"title": name, **block}
        check_form(values, place)
        for key in ("first", "second", "labels"):
            values[key] = _texts(values.get(key, ()), key, place)
        values["scored"] = _texts(values.get("scored", ("validation",)), "scored", place)
        values["range"] = _bounds(values.get("range", ()), place)
        if isinstance(values.get("options"), list):
            values["options"] = tuple(values["options"])
        if "kind" not in values:
            raise UserError(f"{place}: 'kind' is missing; allowed: {', '.join(names(KINDS))}")
        task = cls(name=name, **values)
        task._check(place)
        return task

    def _check(self, place: str) -> None:
        kind = load(KINDS, self.kind, "kind", place)
        if self.name in names(HEADS):
            raise UserError(f"{place}: a head has that name, so name the task otherwise")
        if self.metric not in names(METRICS):
            raise unknown("metric", self.metric, names(METRICS), place)
        if not isinstance(self.max_tokens, int) or self.max_tokens < 4:
            raise UserError(f"{place}: max_tokens must be a number from 4, found {self.max_tokens}")
        if self.derive and not {"parent", "generator"} <= set(self.derive):
            raise UserError(f"{place}: 'derive' must name a parent and a generator")
        if not self.derive and not any(key in self.source for key in SOURCES):
            raise UserError(f"{place}: 'source' must name one of {', '.join(SOURCES)}, or 'derive'")
        check_block(self.miniature, place)
        if self.has_answers and self.once:
            raise UserError(f"{place}: 'once' is about the texts of a corpus: drop it")
        if self.tidy and not set(TIDIED) <= kind.columns(self.as_dict()).keys():
            raise UserError(f"{place}: 'tidy' is about texts that no offset points into: drop it")
        if self.longest and not self.has_answers:
            raise UserError(f"{place}: 'longest' is about tasks with answers: drop it")
        if self.source and "hub" in self.source and "files" in self.source:
            raise UserError(f"{place}: 'source' names a hub and files: drop one")
        check_divide(self.source, place)
        for column in self.split.get("strip", ()):
            if column not in self.split["into"]:
                raise unknown("column", column, self.split["into"], f"{place}, split.strip")
        if not self.scored:
            raise UserError(f"{place}: 'scored' must list at least one split")
        if self.has_answers and self.range and self.labels:
            raise UserError(f"{place}: 'range' says that answers are numbers: drop it or 'labels'")
        for label in self.labels:
            if self.labels.count(label) > 1:
                raise UserError(f"{place}: 'labels' names '{label}' twice: name each class once")
        if self.has_classes and len(self.labels) < 2:
            raise UserError(f"{place}: 'labels' must list at least two class names in index order")
        kind.check(self.as_dict(), place)

    @property
    def has_answers(self) -> bool:
        """Whether a stage or a target can be made of it."""
        kind = load(KINDS, self.kind, "kind", f"task '{self.name}'")
        return getattr(kind, "ANSWERS", True)

    @property
    def has_classes(self) -> bool:
        """Whether an answer is one of its `labels`: not a number, and no part of a text."""
        kind = load(KINDS, self.kind, "kind", f"task '{self.name}'")
        classes = getattr(kind, "CLASSES", not hasattr(kind, "spans"))
        return self.has_answers and not self.range and classes

    @property
    def sequences(self) -> int:
        """How many sequences a model reads for one example."""
        return load(KINDS, self.kind, "kind", f"task '{self.name}'").sequences(self.as_dict())

    def as_dict(self) -> dict[str, Any]:
        """Return the task as plain JSON-like data: what a job gets and a rerun is judged by."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }


@dataclass(frozen=True)
class Model:
    """A pretrained model and where it comes from: `hub` id, local `path` or `pretrain` recipe."""

    name: str
    origin: Mapping[str, Any]
    size: Mapping[str, int] = field(default_factory=dict)
    stated_family: str = ""
    cite: str = ""

    @classmethod
    def from_block(cls, name: str, block: Mapping[str, Any], where: str) -> "Model":
        """Build a model from its line, such as `{hub: FacebookAI/roberta-large}`.

        Raises:
            UserError: not exactly one origin, or an unknown key.
        """
        place = f"{where}, model '{name}'"
        extra = ("revision", "size", "family", "cite")
        if not isinstance(block, Mapping):
            raise UserError(f"{place}: expected {{hub: …}}, {{path: …}} or {{pretrain: …}}")
        for key in block:
            if key not in {*ORIGINS, *extra}:
                raise unknown("key", key, {*ORIGINS, *extra}, place)
        if sum(key in block for key in ORIGINS) != 1:
            raise UserError(f"{place}: give exactly one origin of {', '.join(ORIGINS)}")
        if "pretrain" in block:
            demand_form(block["pretrain"], PRETRAIN, f"{place}, pretrain")
        origin = {key: block[key] for key in block if key in (*ORIGINS, "revision")}
        facts = (str(block.get(key, "")) for key in ("family", "cite"))
        return cls(name, origin, block.get("size", {}), *facts)

    @property
    def shape(self) -> dict[str, int]:
        """How large it is, as far as that is known: `parameters`, `layers`, `width`, `heads`."""
        config = self.origin.get("pretrain", {}).get("config", {})
        known = {name: config[key] for key, name in _SHAPE.items() if key in config}
        return known | {name: self.size[key] for key, name in _SIZE.items() if key in self.size}

    @property
    def family(self) -> str | None:
        """The `model_type` of its family, as far as it is known before the model is there."""
        if "pretrain" in self.origin:
            return self.origin["pretrain"].get("family")
        config = Path(self.origin.get("path", "")).expanduser() / "config.json"
        if "path" in self.origin and config.is_file():
            return json.loads(config.read_text(encoding="utf-8")).get("model_type")
        return self.stated_family or None


@dataclass(frozen=True)
class Catalogue:
    """All tasks and models by name."""

    tasks: Mapping[str, Task]
    models: Mapping[str, Model]

    def task(self, name: str, where: str) -> Task:
        """Return a task by name, or raise a `UserError` that lists the known ones."""
        if name not in self.tasks:
            raise unknown("task", name, self.tasks, where)
        return self.tasks[name]


def load_catalogue(
    folder: Path,
    *,
    data: Mapping[str, Mapping[str, Any]] | None = None,
    tasks: Mapping[str, Any] | None = None,
    models: Mapping[str, Any] | None = None,
) -> Catalogue:
    """Read `folder/tasks/*.yaml` and `folder/models.yaml`, then lay config blocks over them.

    Args:
        folder: the catalogue.
        data: fields of tasks that settings state, see `stilts.question.data`.
        tasks: blocks of the reader's config: a new name adds a task, a known name changes the
            given fields of it.
        models: origins of the reader's config, by catalogue name.

    Raises:
        UserError: a wrong block, in one line that names the file.
    """
    blocks, known = _read_tasks(folder / "tasks")
    for name, block in (data or {}).items():
        if name not in blocks:
            raise unknown("task", name, {*blocks, *(tasks or {})}, f"settings.data.{name}")
        blocks[name] = {**blocks[name], **block}
        known[name] = f"{known[name]} and settings.data.{name}"
    for name, block in (tasks or {}).items():
        blocks[name] = {**blocks.get(name, {}), **block} if isinstance(block, Mapping) else block
        known[name] = "config key 'tasks'"
    found = {name: Task.from_block(name, blocks[name], known[name]) for name in blocks}
    for task in found.values():
        parent = task.derive.get("parent", task.name)
        if parent not in found:
            raise unknown("parent task", parent, found, f"{known[task.name]}, task '{task.name}'")
    origins = read_yaml(folder / "models.yaml")
    where = {name: str(folder / "models.yaml") for name in origins} | {
        name: "config key 'models'" for name in models or {}
    }
    origins |= models or {}
    return Catalogue(
        found, {name: Model.from_block(name, origins[name], where[name]) for name in origins}
    )


def _read_tasks(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the block of every task of a folder's files, and the file that it stands in."""
    blocks: dict[str, Any] = {}
    known: dict[str, str] = {}
    for path in sorted(folder.glob("*.yaml")):
        for name, block in read_yaml(path).items():
            if name in blocks:
                raise UserError(f"{path}: task '{name}' stands in {known[name]} too: drop one")
            blocks[name], known[name] = block, str(path)
    return blocks, known


def _bounds(value: Any, place: str) -> tuple[float, ...]:
    if value in (None, (), []):
        return ()
    numbers = _is_list(value) and [isinstance(item, int | float) for item in value]
    if numbers != [True, True] or not value[0] < value[1]:
        raise UserError(f"{place}: 'range' must be [lowest, highest], found {value!r}")
    return tuple(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _texts(value: Any, key: str, place: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if not _is_list(value) or not all(isinstance(item, str) for item in value):
        raise UserError(f"{place}: '{key}' must be a list of texts in quotes, found {value!r}")
    return tuple(value)
