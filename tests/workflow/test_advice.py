"""Which intermediate task to take, asked before any run of a target."""

import csv
import json

import pytest
import yaml

STUDY = {
    "models": ["roberta-large"],
    "chains": ["none", "cola", "sst2^1", "sst2^2"],
    "targets": ["rte", "wic"],
    "grid": {"lr": [1.0e-5], "seed": [12, 42]},
    "settings": {
        "all": {"epochs": 1, "batch": 8, "max_tokens": 40},
        "intermediates": {"lr": 1.0e-5, "seed": 42},
    },
}


@pytest.fixture
def ask(project, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(STUDY), encoding="utf-8")
    return lambda *words: project.snakemake(*words, scale="smoke", studies=[str(path)])


def test_chains_are_ranked_before_any_run_and_then_by_runs_of_other_targets(ask, project):
    outcome = ask("advise")
    assert outcome.code == 0, outcome.text
    top = project.folder / "results/smoke/mine"
    assert not (top / "runs").exists(), "no target was trained"
    assert "RTE (mine, roberta-large): the first 2 of 2 chains" in outcome.text
    assert outcome.text.count("not available: no run of another target is there") == 2
    rows = list(csv.DictReader((top / "estimates.csv").read_text().splitlines()))
    assert len(rows) == 3 * 2 * 4 and all(row["value"] for row in rows)
    kept = (top / "estimates.csv").read_bytes()

    runs = [f"results/smoke/mine/runs/roberta-large/{chain}/wic" for chain in STUDY["chains"]]
    assert ask(*(f"{folder}/lr0.002_s12.json" for folder in runs)).code == 0
    for folder, score in zip(runs, (0.5, 0.6, 0.9, 0.9), strict=True):
        for file in (project.folder / folder).glob("*.json"):
            file.write_text(json.dumps(json.loads(file.read_text()) | {"score": score}))
    outcome = ask("advise")
    assert outcome.code == 0, outcome.text
    of_rte, of_wic = outcome.text.split("RTE (mine")[1].split("WiC (mine")
    assert "static ranking    sst2, cola" in of_rte
    assert "static ranking    not available" in of_wic
    assert (top / "estimates.csv").read_bytes() == kept, "an estimate knows no run"
    assert "extract_features" not in outcome.rules


def test_advice_leaves_no_lock_and_an_edited_estimator_reruns_estimates_alone(ask, project):
    assert ask("advise").code == 0
    assert not list((project.folder / ".snakemake/locks").glob("*"))
    module = project.folder / "stilts/evidence/estimators/h_score.py"
    text = module.read_text()
    assert "CUT = 1e-15" in text
    module.write_text(text.replace("CUT = 1e-15", "CUT = 1e-12"))
    assert ask("advise", "--dry-run").rules == {"estimate_transfers"}
