"""Fine-tune a checkpoint on the last stage of its chain."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from stilts.files import asked
from stilts.files.manifest import (
    MANIFEST,
    filled_folder,
    read_manifest,
    to_json,
    write_manifest,
)
from stilts.files.store import Store
from stilts.jobs.judgement import judge
from stilts.jobs.reading import read_scored, read_train
from stilts.jobs.trial import Setting, read_setting
from stilts.machine.gpus import take_gpu
from stilts.machine.handling import Handling
from stilts.models.checkpoint import describe, is_made
from stilts.models.head import Posed, pose
from stilts.models.load import HeadReport, freeze_encoder, freeze_heads, load, start_encoder
from stilts.models.model import Model
from stilts.models.room import demand_room
from stilts.models.save import drop_heads, save
from stilts.models.stored_heads import NOWHERE
from stilts.models.tokens import Encoded
from stilts.question.recipe import complete
from stilts.training.evaluation import ScoredSplit
from stilts.training.history import History
from stilts.training.loop import train
from stilts.training.progress import Progress
from stilts.training.snapshot import Snapshot
from stilts.training.workspace import Workspace

ENTRY = "stilts.jobs.train_stage:walk"
NAMES = ("study", "scale", "protocol", "model", "chain")

log = logging.getLogger(__name__)


def train_stage(
    spec: Mapping[str, Any],
    *,
    parent: Path,
    data: Mapping[str, Path],
    folder: Path,
    handling: Handling,
    store: Store | None = None,
) -> None:
    """Bring the checkpoint `parent` one stage further into `folder`, from the store if it is there.

    Args:
        spec: the stage as `StudyPlan.stage_spec` describes it.
        parent: the folder of the checkpoint one stage earlier.
        data: task -> the folder of its rows, those that are only watched included.
        folder: receives weights, config, tokenizer and, last, the manifest.
        handling: how the job is to do its work.
        store: holds finished stages, snapshots from which one goes on, and encoded splits.
    """
    store = store or Store()
    setting = read_setting(spec, parent, data, handling.device, ENTRY)
    recipe = complete(spec["recipe"])
    key = setting.key(recipe, **{name: spec[name] for name in ("size", "posed", "pass_head")})
    identity = {name: spec[name] for name in NAMES} | {"origins": spec["origins"]}
    identity |= asked.told(spec)
    with store.exclusive(key):
        if is_made(folder, key):
            log.info("another process has trained this stage")
            write_manifest(folder, read_manifest(folder) | identity)
        elif store.stages.restore(key, folder, identity):
            log.info("this stage is in the store")
        else:
            take_gpu(handling.device, handling.trials_per_gpu)
            torch.set_num_threads(handling.threads)
            learnt, write = walk(setting, recipe, key, parent, data, handling, store)
            with filled_folder(folder) as temporary:
                write(temporary)
                fields = {**identity, **setting.facts(recipe), "key": key, **learnt}
                (temporary / MANIFEST).write_text(
                    to_json(fields | describe(temporary)), encoding="utf-8"
                )
            store.stages.put(key, folder)
        store.discard_snapshot(key)


def walk(
    setting: Setting,
    recipe: Mapping[str, Any],
    key: str,
    parent: Path,
    data: Mapping[str, Path],
    handling: Handling,
    store: Store,
) -> tuple[dict[str, Any], Callable[[Path], None]]:
    """Train a stage; return what its manifest tells, and what writes the model into a folder."""
    spec = setting.spec
    trained, watched = (
        [pose(task, setting.head(task["name"], recipe)) for task in spec[role]]
        for role in ("tasks", "watch")
    )
    tasks = [*trained, *watched]
    freeze, form = recipe["freeze"], {"dropout": recipe["dropout"]}
    form["new_pooler"] = "new" in (recipe["pooler"], recipe["encoder"])
    model, tokenizer, reports = load(parent, tasks, recipe["seed"], pass_on=True, **form)
    if recipe["encoder"] == "new":
        start_encoder(model, recipe["seed"])
    if freeze == "encoder":
        freeze_encoder(model, reports)
    only_watched = {task.key for task in watched} - {task.key for task in trained}
    freeze_heads(model, only_watched)
    train_sets, scored = _read(setting, recipe, trained, watched, tokenizer, data, store)
    for task in tasks:
        read = [part.examples for part in scored if part.task == task.name]
        read += [train_sets[task.name]] if task.name in train_sets else []
        demand_room(model, read, task.name)
    workspace = Workspace(model, setting.precision, setting.device, graphs=handling.graphs)
    progress = Progress(f"{spec['model']} {spec['chain']}")
    with Snapshot(store.snapshot(key), handling.minutes) as snapshot, progress:
        history = train(
            workspace, train_sets, recipe, scored=scored, progress=progress.step, snapshot=snapshot
        )
    for epoch in history.epochs:
        log.info("%s", epoch)
    learnt = {
        "tasks": [task.name for task in trained],
        "recipe": dict(recipe),
        "pass_head": spec["pass_head"],
        "epochs": history.epochs,
        "diverged": history.diverged,
        **_counts(train_sets),
        **_judged(model, scored, history, recipe["select"]),
        "heads": _heads(model, tasks, reports, only_watched),
    }
    for name in only_watched:
        if reports[name]["new"]:  # a guess, which no later stage should take for a head
            model.forget(name)
    if spec["pass_head"] == NOWHERE:
        drop_heads(model, reports)
    return learnt, partial(save, model.cpu(), tokenizer, pass_head=spec["pass_head"])


def _read(
    setting: Setting,
    recipe: Mapping[str, Any],
    trained: Sequence[Posed],
    watched: Sequence[Posed],
    tokenizer: Any,
    data: Mapping[str, Path],
    store: Store,
) -> tuple[dict[str, Encoded], list[ScoredSplit]]:
    """Return the training sets, samples if the stage has a size, and what is scored."""
    spec, train_sets, scored = setting.spec, {}, []
    for task in (*trained, *watched):
        posed = spec["posed"].get(task.name, recipe)
        reading = {"tokenizer": tokenizer, "reading": posed, "store": store}
        if task in trained:
            sample = {"size": spec["size"], "seed": recipe["subset_seed"]}
            train_sets[task.name] = read_train(task, data[task.name], **reading, **sample)
        scored += read_scored(task, data[task.name], select=recipe["select"], **reading)
    return train_sets, scored


def _counts(train_sets: Mapping[str, Encoded]) -> dict[str, Any]:
    counts = {task: examples.asked for task, examples in train_sets.items()}
    return {"n_train": next(iter(counts.values())) if len(counts) == 1 else counts}


def _judged(
    model: Model, scored: Sequence[ScoredSplit], history: History, select: str
) -> dict[str, Any]:
    """Return scores and flags of the stage's task, of several by task."""
    outputs, found = history.outputs[history.chosen(select)], {}
    for task in dict.fromkeys(part.task for part in scored):
        parts = [part for part in scored if part.task == task]
        values = [outputs[part.name] for part in parts]
        found[task], _ = judge(model.head(task), parts, values, history.losses)
    return next(iter(found.values())) if len(found) == 1 else {"scored": found}


def _heads(
    model: Model,
    tasks: Sequence[Posed],
    reports: Mapping[str, HeadReport],
    only_watched: set[str],
) -> dict[str, Any]:
    """Return what became of each head, and whose it is.

    A head is carried or new where it is trained, passed on where it is not; one that is scored only
    is a guess, and is not in the folder.
    """
    found: dict[str, Any] = {}
    for task in tasks:
        report = reports[task.key]
        state = "new" if report["new"] else "carried"
        if task.key in only_watched:
            state = "scored only" if report["new"] else "passed on"
        entry = found.setdefault(task.key, {"head": task.head, "state": state, "tasks": []})
        entry["tasks"].append(task.name)
        entry |= report
    for name, stored in model.passed.items():
        found[name] = {"head": stored.head, "state": "passed on"}
    return found
