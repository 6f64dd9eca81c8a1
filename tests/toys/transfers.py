"""A study of what an intermediate task changes, its predictions made by hand."""

import numpy as np
import pandas as pd
import yaml

from stilts.evidence.published import load
from stilts.evidence.results import Inputs
from stilts.files.fingerprint import ROOT

STUDY = ROOT / "studies/qa_transfer"
MODEL, SEEDS = "electra-base", (1, 2, 3)
SPLITS = {"validation": 300, "test": 120}


def cell(folder, chain, target, rate, *, sizes, seed, constant=False):
    """Write the predictions of a run that has each example right with a probability."""
    rng = np.random.default_rng([seed, int(1000 * rate)])
    parts = []
    for split, size in sizes.items():
        truth = np.arange(size) % 2
        wrong = rng.random(size) > rate
        given = np.zeros(size, int) if constant else np.where(wrong, 1 - truth, truth)
        ids = [f"{split}{place}" for place in range(size)]
        parts.append(pd.DataFrame({"id": ids, "split": split, "label": truth, "prediction": given}))
    name = f"{chain}^{seed}" if chain != "none" else chain
    file = folder / MODEL / name / target / f"s{seed}.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    # Another order of the examples than in the other runs: they are matched by their ids.
    pd.concat(parts).sample(frac=1, random_state=seed).to_parquet(file)
    return {(MODEL, name, target, f"s{seed}"): file}


def inputs(folder, cells):
    """Return inputs; cells: (chain, target) -> how often it is right, sizes, constant."""
    files, runs = {}, []
    for (chain, target), (rate, sizes, constant) in cells.items():
        for seed in SEEDS:
            made = cell(folder, chain, target, rate, sizes=sizes, seed=seed, constant=constant)
            files |= made
            runs += [dict(zip(("model", "chain", "target", "point"), *made, strict=True))]
    table = pd.DataFrame(runs).assign(score=0.5, metric="accuracy")
    named = {}
    for run in runs:
        named.setdefault(run["chain"], {})[run["target"]] = 1 + 2 * (run["chain"] == "none")
    classes = {"no": 150, "yes": 150}
    manifest = {
        "labels": ["no", "yes"],
        "metric": "accuracy",
        "note": "miniature",
        "splits": {"train": {"rows": 10, "classes": {"no": 4, "yes": 6}}}
        | {name: {"rows": 300, "classes": classes} for name in SPLITS},
    }
    targets = {target for _, target in cells}
    report = yaml.safe_load((STUDY / "report.yaml").read_text())
    question = {
        "models": [MODEL],
        "cells": {MODEL: named},
        "chains": {},
        "label": "toy",
        "protocol": "paper",
        "settings": {"targets": {}},
    }
    return Inputs(
        question=question,
        tasks={},
        manifests=dict.fromkeys(targets, manifest),
        runs=table,
        scores=pd.DataFrame(columns=["model", "chain", "target"]),
        published=load(STUDY / "published.csv", report["rows"]),
        predictions=files,
    )


def sides(folder):
    """Return inputs with a gain, a loss, no change, few examples and a constant side."""
    rates_of = {"boolq": (0.6, 0.9), "sst2": (0.8, 0.8), "irony": (0.9, 0.6)}
    cells = {
        (chain, target): (rate, SPLITS, False)
        for target, rates in rates_of.items()
        for chain, rate in zip(("none", "squad-v2"), rates, strict=True)
    }
    few = {"validation": 71}
    cells |= {("none", "wnli"): (0.3, few, False), ("squad-v2", "wnli"): (0.9, few, False)}
    cells |= {("none", "rte"): (0.5, SPLITS, True), ("squad-v2", "rte"): (0.9, SPLITS, False)}
    return inputs(folder, cells).of_model(MODEL)
