"""Parents and specs of jobs that train tiny models."""

from stilts.files.manifest import write_manifest
from stilts.models.checkpoint import describe
from stilts.tasks.make import write_task
from tests.toys.tiny_models import checkpoint, facts_of, pairs, questions

NAMES = {name: "n" for name in ("study", "scale", "protocol", "model", "chain")}
RECIPE = {"lr": 5e-3, "batch": 4, "seed": 12, "epochs": 2, "warmup": 0.3, "max_tokens": 24}


def model_in(folder, family="roberta", **changes):
    """Write a pretrained model of random weights with its manifest; return the folder."""
    checkpoint(folder, family, **changes)
    write_manifest(folder, describe(folder))
    return folder


def rows_of(task, count, seed):
    """Return rows for a task that can be learnt."""
    if task["kind"] == "multiple_choice":
        return questions(count, len(task["labels"]), seed)
    if task["range"]:
        return [row | {"label": row["label"] * 1.25} for row in pairs(count, 5, seed)]
    return pairs(count, len(task["labels"]), seed)


def data_in(folder, task, train=10, scored=6):
    """Write a task's data; return the folder."""
    splits = {"train": rows_of(task, train, 0)}
    for seed, split in enumerate(task["scored"], start=4):
        splits[split] = rows_of(task, scored, seed)
    fields = {"task": task["name"], **{key: task[key] for key in ("kind", "labels", "range")}}
    write_task(folder, splits, fields)
    return folder


def target_of(task=None, **recipe):
    """Return the spec of a job that fine-tunes on a target."""
    task = task or facts_of(name="t")
    spec = {**NAMES, "target": task["name"], "precision": "fp32", "task": task}
    return spec | {"recipe": {**RECIPE, **recipe}}


def stage_of(*tasks, watch=(), size=None, posed=None, **recipe):
    """Return the spec of a job that trains a stage on tasks."""
    tasks = tasks or (facts_of(name="t"),)
    names = [task["name"] for task in (*tasks, *watch)]
    told = {name: {"max_tokens": RECIPE["max_tokens"], "head": None} for name in names}
    return {
        **NAMES,
        "precision": "fp32",
        "tasks": [*tasks],
        "watch": [*watch],
        "posed": told | (posed or {}),
        "size": size,
        "recipe": {**RECIPE, **recipe},
        "origins": {},
    }
