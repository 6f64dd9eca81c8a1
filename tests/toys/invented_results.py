"""A small invented study: its record, runs, scores and manifests with every kind of trouble."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from stilts.evidence.published import load, load_inconsistencies
from stilts.evidence.record import with_rows
from stilts.evidence.results import Inputs
from stilts.question.claims import load_claims

ROOT = Path(__file__).parents[2]
STUDY = ROOT / "studies" / "rethinking"
LABEL = "mini: miniature language, not the paper's data"
GRID = {
    "lr": [5e-6, 1e-5, 2e-5],
    "batch": [8, 16, 32],
    "warmup": [0.0, 0.2],
    "seed": [12, 42],
}
SIZES = {"hellaswag-p@2000": 60, "hellaswag-p@10000": 300, "hellaswag-p": None}
MODEL = "roberta-large"
SWEEPS_APART = ("seeds", "negative", "negative_rte", "negative_wic", "negative_winogrande")
TITLES = {
    "cola": "CoLA",
    "wic": "WiC",
    "rte": "RTE",
    "socialiqa": "SocialIQA",
    "winogrande-xs": "WinoGrande XS",
    "winogrande-m": "WinoGrande M",
    "winogrande-l": "WinoGrande L",
    "hellaswag": "HellaSwag",
    "hellaswag-p": "HellaSwag-p",
    "hella-sh": "Hella-sh",
    "synthesis-gpt2": "Synthesis_GPT2",
}
CHOICES = {
    "socialiqa": 3,
    "hellaswag": 4,
    "hellaswag-p": 4,
    "hella-sh": 4,
    "synthesis-gpt2": 4,
    **dict.fromkeys(("winogrande-xs", "winogrande-m", "winogrande-l"), 2),
}
TARGETS = [task for task in TITLES if not task.startswith(("hella", "synthesis"))]
BASE = {"cola": 0.42, "wic": 0.66, "rte": 0.74, "socialiqa": 0.61}
GAIN = {"none": 0.0, "hellaswag": 0.05, "hellaswag-p": 0.04, "synthesis-gpt2": 0.03}
GAIN |= {"cola": 0.01, "hella-sh": -0.02, "hellaswag-p@2000": -0.01, "hellaswag-p@10000": 0.02}


def inputs(*models: str) -> Inputs:
    """Return the invented study: no MedNLI, one lost run, several collapsed ones.

    models: every one has the runs and scores of the first.
    """
    models = models or (MODEL,)
    manifests = {task: manifest(task) for task in TITLES}
    return Inputs(
        question=with_rows(question(models), manifests),
        tasks=tasks(),
        manifests=manifests,
        runs=_of_each(models, runs()),
        scores=_of_each(models, scores()),
        published=load(STUDY / "published.csv", report()["rows"]),
        inconsistencies=load_inconsistencies(STUDY / "inconsistencies.csv"),
        claims=load_claims(STUDY / "claims.yaml"),
        claims_digest="rethinking:0123456789abcdef",
        examples=examples(),
    )


def shifted(study: Inputs, chain: str, by: float) -> Inputs:
    """Return the study with each run of a chain that much better than its pair of none."""
    runs = study.runs
    base = runs[runs["chain"] == "none"].set_index(["target", "point"])["score"]
    keys = pd.MultiIndex.from_frame(runs[["target", "point"]])
    random = np.random.default_rng(4).normal(0, 0.001, len(runs))
    moved = base.reindex(keys).to_numpy() + by + random
    return replace(
        study, runs=runs.assign(score=runs["score"].where(runs["chain"] != chain, moved))
    )


def _of_each(models: Sequence[str], table: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table.assign(model=model) for model in models], ignore_index=True)


def record() -> dict:
    """Return the record of the invented question, as results/{scale}/config.yaml holds it."""
    return {
        "scale": {"name": "mini", "label": LABEL.partition(": ")[2]},
        "tasks": tasks(),
        "studies": {"rethinking": question()},
    }


def tasks() -> dict:
    return {task: {"title": title} for task, title in {**TITLES, "mednli": "MedNLI"}.items()}


def question(models: Sequence[str] = (MODEL,)) -> dict:
    """Return the invented study's part of the record."""
    sizes = {"none": None, **dict.fromkeys(GAIN), **SIZES}
    points = math.prod(map(len, GRID.values()))
    targets = dict.fromkeys([*TARGETS, "mednli"], points)
    metrics = {task: "matthews_correlation" if task == "cola" else "accuracy" for task in targets}
    return {
        "protocol": "paper",
        "label": LABEL,
        "models": list(models),
        "runs": 1584,
        "apart": dict.fromkeys(SWEEPS_APART, {}),
        "hidden": {},
        "shapes": {name: {"layers": 2, "width": 64, "heads": 4} for name in models},
        "grids": [{"axes": GRID, "points": points}],
        "axes": GRID,
        "cells": {model: dict.fromkeys(GAIN, targets) for model in models},
        "chains": {chain: {"seed": None, "stages": _stages(chain, sizes[chain])} for chain in GAIN},
        "settings": {
            "targets": {task: {"metric": {"assumed": name}} for task, name in metrics.items()},
            "generators": {"synthesis_gpt2": {"top_p": {"stated": 0.9, "where": "section 3"}}},
        },
    }


def _stages(chain: str, size: int | None) -> list[dict]:
    if chain == "none":
        return []
    settings = {"lr": {"stated": 1e-5}, "batch": {"scale": 8}, "seed": {"stated": 42}}
    posed = {"metric": {"assumed": "accuracy"}, "scored": {"assumed": ["validation"]}}
    task = chain.partition("@")[0]
    return [{"tasks": [task], "size": size, "settings": settings, "posed": {task: posed}}]


def report() -> dict:
    return yaml.safe_load((STUDY / "report.yaml").read_text())


def runs() -> pd.DataFrame:
    random = np.random.default_rng(7)
    rows = []
    for target, chain in itertools.product(TARGETS, GAIN):
        if target == "cola" and chain == "cola":
            continue
        rows += _cell(target, chain, random)
    table = pd.DataFrame(rows)
    lost = (table["target"] == "rte") & (table["chain"] == "hellaswag")
    table.loc[table[lost].index[3], ["score", "degenerate", "signs"]] = [
        np.nan,
        True,
        "nan",
    ]
    return table[~((table["target"] == "winogrande-l") & (table["chain"] == "synthesis-gpt2"))]


def _cell(target: str, chain: str, random: np.random.Generator) -> list[dict]:
    chance = 0.0 if target == "cola" else 1 / CHOICES.get(target, 2)
    majority = {"rte": 0.53, "cola": 0.0, "socialiqa": 0.345}.get(target, chance)
    rows = []
    for lr, batch, warmup, seed in itertools.product(*GRID.values()):
        score = BASE.get(target, 0.60) + GAIN[chain] + random.normal(0, 0.025)
        collapsed = bool(chain == "none" and target in ("rte", "cola") and random.random() < 0.2)
        rows.append(
            {
                "study": "rethinking",
                "scale": "mini",
                "protocol": "paper",
                "model": MODEL,
                "chain": chain,
                "target": target,
                "point": f"lr{lr:g}_bs{batch}_wu{warmup:g}_s{seed}",
                **{"lr": lr, "batch": batch, "warmup": warmup, "seed": seed},
                "metric": "matthews_correlation" if target == "cola" else "accuracy",
                "score": majority if collapsed else round(score, 4),
                "majority": majority,
                "chance": chance,
                "degenerate": collapsed,
                "like_majority": collapsed or score < majority + 0.06,
                "signs": "constant prediction" if collapsed else "",
            }
        )
    return rows


def scores() -> pd.DataFrame:
    pairs = [
        *itertools.product(("none", "synthesis-gpt2", "hellaswag-p"), ("socialiqa",)),
        *itertools.product(("none", "synthesis-gpt2"), ("winogrande-l",)),
        *itertools.product(("hellaswag",), ("hellaswag", "hellaswag-p", "synthesis-gpt2")),
    ]
    columns = {"model": MODEL, "metric": "accuracy", "n_validation": 400}
    return pd.DataFrame(
        [
            {"chain": chain, "target": target, "score": 0.4 + place / 40}
            | columns
            | {"chance": 1 / CHOICES[target]}
            | (_of_new_heads(0.4 + place / 40) if chain == "none" else {"new_heads": 0})
            for place, (chain, target) in enumerate(pairs)
        ]
    )


def _of_new_heads(mean: float) -> dict:
    ends = {"score_min": mean - 0.05, "score_max": mean + 0.07}
    return {"new_heads": 24, "score_std": 0.031, **ends}


def manifest(task: str) -> dict:
    choices = CHOICES.get(task, 2)
    counts = {str(place): 100 + 10 * place for place in range(choices)}
    return {
        "task": task,
        "title": TITLES[task],
        "kind": "multiple_choice" if task in CHOICES else "classification",
        "labels": [str(place) for place in range(choices)],
        "metric": "matthews_correlation" if task == "cola" else "accuracy",
        "note": "miniature language, not the paper's data",
        "splits": {
            "train": {"rows": 1200},
            "validation": {"rows": sum(counts.values()), "classes": counts},
        },
    }


def examples() -> dict:
    endings = [
        "puts the red kettle on the stove, waits until the water sings, and pours two cups of tea"
        " for $3 each before the neighbours come back from the market.",
        "kettle the under quickly seven of.",
        "sings to the stove until it walks away.",
        "pours the stove into two cups_of_tea.",
    ]
    item = {"id": "17", "options": endings, "suffix": "", "label": 0}
    premise = "A woman in a green coat comes into the kitchen and lights the stove."
    sentence = "The old town grew along the river, and its market,"
    written = ["drew traders from the", "was a kind of moon that the", "is is is", "sold rivers by"]
    return {
        "hellaswag": [item | {"first": [premise], "prefix": "She "}],
        "hellaswag-p": [item | {"id": "3", "first": [], "prefix": ""}]
        + [item | {"first": [], "prefix": ""}],
        "synthesis-gpt2": [
            {"id": "s0", "first": [sentence], "prefix": "", "options": written}
            | {"suffix": "", "label": 2}
        ],
    }
