"""Derive a task from the canonical rows of its parent."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from stilts.errors import unknown
from stilts.files import asked, plugins
from stilts.files.manifest import read_manifest
from stilts.tasks.columns import Row
from stilts.tasks.make import TRAIN, facts, limited, splits_of, write_task
from stilts.tasks.rows import read_split

GENERATORS = "stilts.tasks.generators"
OFFERED = {"task", "split"}  # what a generator may take besides its settings


def derive_task(
    spec: Mapping[str, Any],
    parent_folder: Path | str,
    folder: Path | str,
    *,
    sample: Callable[..., list[list[str]]] | None = None,
    count: Callable[[Sequence[Row]], Mapping[str, Any]] = lambda rows: {},
) -> None:
    """Write the data of a task that a generator makes from its parent's.

    Args:
        spec: `task` (its fields), `limits`, `seed`, `settings` of the generator, and `origins`,
            which says where each of them comes from.
        parent_folder: the parent's data.
        folder: where the data go.
        sample: draws endings for prompts, for generators that need a language model: those that
            have `compose` in place of `derive`.
        count: see `stilts.tasks.make.write_task`.

    Raises:
        UserError: an unknown generator or setting.
    """
    task, parent = spec["task"], read_manifest(parent_folder)
    place = f"task '{task['name']}'"
    generator = plugins.load(GENERATORS, task["derive"]["generator"], "generator", place)
    settings = {"seed": spec["seed"], **spec.get("settings", {})}
    if sample is not None:
        settings = _known(generator.compose, settings, place)
        texts = [row["text"] for row in read_split(parent_folder, TRAIN)]
        splits, told = generator.compose(texts, sample, **settings)
    else:
        settings = _known(generator.derive, settings, place)
        rows = {split: read_split(parent_folder, split) for split in splits_of(task)}
        splits = {
            split: generator.derive(part, **settings, **_offered(generator.derive, task, split))
            for split, part in rows.items()
        }
        told = {}
    origin = {
        "from": "derived",
        **task["derive"],
        "settings": settings,
        "settings_from": dict(spec.get("origins", {})),
        "parent_sha256": {split: told["sha256"] for split, told in parent["splits"].items()},
        "parent_origin": parent["origin"],
        **told,
    }
    fields = {**facts(task), **asked.told(spec), "origin": origin, "note": parent["note"]}
    write_task(folder, limited(splits, spec), fields, count)


def _offered(call: Callable[..., Any], task: Mapping[str, Any], split: str) -> dict[str, Any]:
    """Return what a generator takes that is no setting: the derived task's fields, the split."""
    taken = inspect.signature(call).parameters
    return {name: value for name, value in {"task": task, "split": split}.items() if name in taken}


def _known(call: Callable[..., Any], settings: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return the settings a generator takes; `seed` is offered to all, anything else must fit."""
    parameters = inspect.signature(call).parameters.values()
    names = {each.name for each in parameters if each.kind is each.KEYWORD_ONLY}
    names -= OFFERED
    open_ended = any(each.kind is each.VAR_KEYWORD for each in parameters)
    for key in settings:
        if key not in names and key != "seed" and not open_ended:
            raise unknown("setting", key, names, place)
    return {key: value for key, value in settings.items() if open_ended or key in names}
