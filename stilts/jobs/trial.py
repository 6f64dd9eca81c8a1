"""A trial: one grid point of a (model, chain, target), and what its result depends on."""

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from stilts.files.fingerprint import fingerprint
from stilts.files.manifest import digest_of, read_manifest
from stilts.machine.hardware import device_kind
from stilts.question.code import plugins_of
from stilts.question.grid import parse_point
from stilts.question.recipe import complete
from stilts.tasks.make import TRAIN
from stilts.training.precision import resolve_precision

ENTRY = "stilts.jobs.outcome"  # the code that a trial's result comes from
LIBRARIES = ("torch", "transformers", "tokenizers")
# Names of a run in this study; two studies may share a stored trial under different names.
NAMES = ("study", "scale", "protocol", "model", "chain", "target")
# What a task is, as far as it changes the outputs; by what they are scored can be worked out later.
POSED = ("name", "kind", "labels", "range", "unanswerable")
RARE = ("unanswerable",)  # which few tasks have


class Trial(NamedTuple):
    """A grid point, its full recipe, and where its files go."""

    point: str
    recipe: dict[str, Any]
    run: Path
    predictions: Path


class Setting(NamedTuple):
    """What every run on the same checkpoint and data shares, as far as it can change a result.

    Attributes:
        spec: the job's, with the tasks' facts.
        checkpoint: digest of the model it starts from.
        data: split (of several tasks `<task>/<split>`) -> digest of its rows.
        family: the model's, which decides part of the code.
        entry: the code that the result comes from, as `stilts.files.fingerprint` takes it.
    """

    spec: Mapping[str, Any]
    checkpoint: str
    data: dict[str, str]
    family: str
    entry: str
    device_kind: str
    precision: str
    versions: dict[str, str]

    @property
    def device(self) -> str:
        """What torch calls the device."""
        return "cuda" if self.device_kind.startswith("cuda") else "cpu"

    @property
    def tasks(self) -> list[Mapping[str, Any]]:
        """The facts of the tasks, first those that are trained."""
        return _tasks(self.spec)

    def head(self, task: str, recipe: Mapping[str, Any]) -> str | None:
        """Return the head that a setting names for a task; None is that of its kind."""
        return self.spec.get("posed", {}).get(task, recipe).get("head")

    def code(self, recipe: Mapping[str, Any]) -> str:
        """Return the fingerprint of what computes a result, the plug-ins that it uses included."""
        heads = {task["name"]: self.head(task["name"], recipe) for task in self.tasks}
        select = recipe.get("select", "last")
        return fingerprint(self.entry, *plugins_of(self.tasks, self.family, heads, select))

    def facts(self, recipe: Mapping[str, Any]) -> dict[str, Any]:
        """Return the part of a run file that tells what the run was computed from."""
        return {
            "precision": self.precision,
            "device_kind": self.device_kind,
            "versions": self.versions,
            "digests": {"checkpoint": self.checkpoint, **self.data, "code": self.code(recipe)},
        }

    def key(self, recipe: Mapping[str, Any], **more: Any) -> str:
        """Return what a result is stored under: equal keys mean equal results."""
        tasks = [
            {name: task.get(name) for name in POSED if name in task or name not in RARE}
            for task in self.tasks
        ]
        return digest_of({**self.facts(recipe), "tasks": tasks, "recipe": dict(recipe), **more})


def read_setting(
    spec: Mapping[str, Any], checkpoint: Path, data: Mapping[str, Path], device: str, entry: str
) -> Setting:
    """Gather what a job's results depend on, from the manifests of its parents.

    Args:
        spec: the job's: the facts of its tasks, `precision`.
        checkpoint: the folder of the model it starts from.
        data: task -> the folder of its rows.
        device: the reader's choice of `auto`, `cpu` or `cuda`.
        entry: see `Setting`.

    Raises:
        FileNotFoundError: a parent is not whole.
        UserError: the device that is asked for is not there.
    """
    kind = device_kind(device)
    model = read_manifest(checkpoint)
    return Setting(
        spec=spec,
        checkpoint=model["sha256"],
        data=_digests(spec, data),
        family=model.get("family") or "",
        entry=entry,
        device_kind=kind,
        precision=resolve_precision(spec["precision"], kind, _width(checkpoint)),
        versions=library_versions(),
    )


def _digests(spec: Mapping[str, Any], data: Mapping[str, Path]) -> dict[str, str]:
    """Return the digests of the splits that a job reads, by split, or by task and split."""
    trained = spec["tasks"] if "tasks" in spec else [spec["task"]] if "recipe" in spec else []
    found: dict[str, str] = {}
    for task in _tasks(spec):
        splits = read_manifest(data[task["name"]])["splits"]
        for split in (*([TRAIN] if task in trained else ()), *task["scored"]):
            name = split if len(data) == 1 else f"{task['name']}/{split}"
            found[name] = splits[split]["sha256"]
    return found


def _tasks(spec: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the facts of a job's tasks, first those that are trained, each once."""
    if "task" in spec:
        return [spec["task"]]
    by_name = {task["name"]: task for task in (*spec["watch"], *spec["tasks"])}
    return [*spec["tasks"], *(by_name[task["name"]] for task in spec["watch"])]


def _width(checkpoint: Path) -> int:
    """Return the hidden size of a model; 0 where its config does not say."""
    path = checkpoint / "config.json"
    config = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return config.get("hidden_size") or config.get("n_embd") or config.get("dim") or 0


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that can change a result."""
    return {name: version(name).split("+")[0] for name in LIBRARIES}


def read_trials(
    spec: Mapping[str, Any], runs: Iterable[str], predictions: Iterable[str]
) -> list[Trial]:
    """Read the points of a job off the files it must write, and complete their recipes."""
    return [
        Trial(
            Path(run).stem,
            complete({**spec["recipe"], **parse_point(Path(run).stem)}),
            Path(run),
            Path(to),
        )
        for run, to in zip(runs, predictions, strict=True)
    ]
