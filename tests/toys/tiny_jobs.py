"""Parents and specs of jobs that train tiny models."""

from safetensors.torch import load_file

from stilts.files.manifest import read_manifest, write_manifest
from stilts.models.checkpoint import describe
from stilts.question.recipe import READING, complete
from stilts.tasks.make import write_task
from tests.toys.tiny_models import (
    checkpoint,
    facts_of,
    pairs,
    passages,
    questions,
    spanned,
)

NAMES = {name: "n" for name in ("study", "scale", "protocol", "model", "chain")}
A, B, C = (facts_of(name=name, classes=classes) for name, classes in (("a", 2), ("b", 3), ("c", 2)))
Q, R = (facts_of("multiple_choice", name, classes=3) for name in "qr")
N = facts_of("regression", "n")
W = facts_of("span", "w")
K, X = facts_of("class_span", "k"), facts_of("text_span", "x")
P, S = facts_of("pair", "p"), facts_of("similarity", "s")
TASKS = (A, B, C, Q, R, N, W, P, S, K, X)
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
    if task["kind"] == "span":
        return passages(count, seed)
    if task["kind"] in ("class_span", "text_span"):
        return spanned(task["kind"], count, len(task["labels"]), seed)
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


def posed_as(**changes):
    """Return how a task is posed to a model: how it is read, and the head of its kind."""
    recipe = complete(RECIPE)
    return {key: recipe[key] for key in (*READING, "head")} | changes


def stage_of(*tasks, watch=(), size=None, posed=None, pass_head="same", **recipe):
    """Return the spec of a job that trains a stage on tasks."""
    tasks = tasks or (facts_of(name="t"),)
    names = [task["name"] for task in (*tasks, *watch)]
    told = {name: posed_as() for name in names}
    return {
        **NAMES,
        "precision": "fp32",
        "tasks": [*tasks],
        "watch": [*watch],
        "posed": told | (posed or {}),
        "size": size,
        "pass_head": pass_head,
        "recipe": {**RECIPE, **recipe},
        "origins": {},
    }


def heads_of(folder):
    """The tensors of `heads.safetensors`, by head and parameter."""
    found = {}
    for key, tensor in load_file(folder / "heads.safetensors").items():
        head, _, parameter = key.partition("/")
        found.setdefault(head, {})[parameter] = tensor
    return found


def states_of(folder):
    """What became of each head of a stage, as its manifest says."""
    return {name: head["state"] for name, head in read_manifest(folder)["heads"].items()}


def same(left, right):
    """Whether two sets of tensors are equal in every name and number."""
    return left.keys() == right.keys() and all(left[name].equal(right[name]) for name in left)


def head_of(folder):
    """The head of a folder in the form of transformers."""
    weights = load_file(folder / "model.safetensors")
    return {name: value for name, value in weights.items() if not name.startswith("roberta.")}
