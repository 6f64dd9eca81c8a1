"""How the data of a task are read: fields of its block that a study, a scale or a reader states."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stilts.errors import UserError
from stilts.question.catalogue import Catalogue, Task
from stilts.question.chain import chain_tasks
from stilts.question.scale import Scale
from stilts.question.settings import Layer, Setting, merge, values
from stilts.question.study import Study

OF_REAL_DATA = {"source": {}, "restricted": ""}  # which mean nothing in the miniature language
Stated = Mapping[str, Mapping[str, Setting]]


def stated(study: Study, scale: Scale, overrides: Layer) -> dict[str, dict[str, Setting]]:
    """Return, by task, the fields of its block that a study, its scale or the reader state."""
    layers = [*study.layers, *scale.of_study(study.name).layers, overrides]
    tasks = {place[1]: None for layer in layers for place in layer if place[0] == "data"}
    return {task: merge(layers, [("data", task)]) for task in tasks}


def fields_of(
    by_study: Mapping[str, Stated], made: Callable[[str], bool]
) -> dict[str, dict[str, Any]]:
    """Return the fields that all studies of a question state, by task, without their origins.

    What is stated together with a source tells how that is read. It means nothing where the task
    is `made`, which says so of a name: posed in the miniature language.

    Raises:
        UserError: two studies state a task's data differently.
    """
    found: dict[str, dict[str, Any]] = {}
    first: dict[str, str] = {}
    for study, stating in by_study.items():
        for task, fields in stating.items():
            if found.setdefault(task, values(fields)) != values(fields):
                raise _apart(first[task], study, task)
            first.setdefault(task, study)
    return {task: said for task, said in found.items() if "source" not in said or not made(task)}


def demand_agreement(
    studies: Sequence[Study],
    by_study: Mapping[str, Stated],
    plain: Catalogue,
    laid: Catalogue,
    made: Callable[[Task], bool],
) -> None:
    """Refuse a task whose data one study states and another takes from the catalogue.

    Args:
        studies: those that are asked.
        by_study: what each states, see `stated`.
        plain: the catalogue without what studies state.
        laid: with it.
        made: whether a task is posed in the miniature language, so that its source means nothing.
    """
    for study in studies:
        for task in _used(study, plain):
            others = [name for name in by_study if task in by_study[name]]
            silent = others and study.name not in others
            one, other = (
                replace(found, **OF_REAL_DATA) if made(found) else found
                for found in (plain.tasks[task], laid.tasks[task])
            )
            if silent and one != other:
                raise _apart(others[0], study.name, task)


def _apart(one: str, other: str, task: str) -> UserError:
    return UserError(
        f"studies '{one}' and '{other}' do not agree how '{task}' is read"
        f" (settings.data.{task}): ask one at a time"
    )


def _used(study: Study, catalogue: Catalogue) -> set[str]:
    sweeps = (*study.sweeps.values(), *study.scores.values())
    named = {task for sweep in sweeps for task in sweep.targets}
    named |= {task for sweep in sweeps for chain in sweep.chains for task in chain_tasks(chain)}
    return with_parents(named, catalogue)


def with_parents(tasks: Iterable[str], catalogue: Catalogue) -> set[str]:
    """Return tasks, without those that the catalogue lacks, and what derived ones are made of."""
    found: set[str] = set()
    waiting = list(tasks)
    while waiting:
        name = waiting.pop()
        if name in catalogue.tasks and name not in found:
            found.add(name)
            waiting += [catalogue.tasks[name].derive.get("parent", name)]
    return found


def is_miniature(task: Task, scale: Scale, config: Mapping[str, Any]) -> bool:
    """Return whether the miniature language poses a task: not where the reader places it."""
    placed = "source" in config["tasks"].get(task.name, {})
    return bool(scale.miniature and task.miniature and not placed)


def missing_tasks(
    catalogue: Catalogue, scale: Scale, config: Mapping[str, Any], root: Path
) -> frozenset[str]:
    """Return the restricted tasks without their files, and what is derived from them."""
    gone = {
        task.name
        for task in catalogue.tasks.values()
        if task.restricted
        and not is_miniature(task, scale, config)
        and not all((root / path).is_file() for path in _files(task))
    }
    derived = {task.name for task in catalogue.tasks.values() if task.derive.get("parent") in gone}
    return frozenset(gone | derived)


def stand_ins(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return in words what a config takes in place of a model of the catalogue or of whole data.

    Figures and tables say so: a number beside a printed one is then of something else.
    """
    said = []
    for name, origin in sorted(config["models"].items()):
        if "hub" in origin:
            said.append(f"{name} is {origin['hub']}")
        else:
            where = Path(origin["path"]).name if "path" in origin else "pretrained here"
            said.append(f"{name} is a stand-in ({where})")
    said += [f"at most {rows:,} rows of {split}" for split, rows in config["limits"].items()]
    return tuple(said)


def _files(task: Task) -> list[str]:
    paths = task.source.get("files", {}).values()
    return [path for named in paths for path in ([named] if isinstance(named, str) else named)]
