"""Models that people bring, by path: one study over all families at once."""

import csv
import json

import pytest
import yaml

from tests.toys.studies import write_study
from tests.toys.tiny_models import TESTED, checkpoint

TARGETS = {"rte": "classification", "socialiqa": "multiple_choice"}
SETTINGS = {"targets": {"lr": {"assumed": 1e-5}, "seed": {"assumed": 12}}}
SETTINGS["targets"]["max_tokens"] = {"assumed": 48}
REPORT = {
    "tables": {
        "best": {"kind": "best_of", "title": "Best", "targets": [*TARGETS], "chains": ["none"]}
    },
    "figures": {
        "runs": {"kind": "violins", "title": "Runs", "targets": [*TARGETS], "chains": ["none"]}
    },
}
REPORT["tables"]["best"] |= {"printed": "Table 1", "sources": {}}


@pytest.fixture(scope="module")
def answered(source, tmp_path_factory):
    """A project whose study fine-tunes a random model of each family on two targets."""
    project = source.copy_to(tmp_path_factory.mktemp("families") / "project")
    places = {
        family: {"path": str(checkpoint(project.folder.parent / "models" / family, family))}
        for family in TESTED
    }
    sweeps = {"main": {"chains": ["none"], "targets": [*TARGETS]}}
    write_study(project.folder, models=[*TESTED], grid={}, sweeps=sweeps, settings=SETTINGS)
    (project.folder / "studies/mine/report.yaml").write_text(yaml.safe_dump(REPORT))
    outcome = project.snakemake(scale="smoke", studies=["mine"], models=places)
    assert outcome.code == 0, outcome.text
    return project


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("family", TESTED)
def test_a_model_by_path_is_fetched_fine_tuned_and_scored(answered, family, target):
    top = answered.folder / "results/smoke"
    manifest = json.loads((top / f"models/{family}/manifest.json").read_text())
    assert manifest["family"] == family
    run = json.loads((top / f"mine/runs/{family}/none/{target}/one.json").read_text())
    assert 0 <= run["score"] <= 1
    assert run["head"]["new"], "a head of its own kind"
    assert run["steps"] == run["recipe"]["epochs"] * 5, "40 examples, 8 a step"


def test_tables_and_figures_show_every_model(answered):
    top = answered.folder / "results/smoke/mine"
    with (top / "runs.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(TESTED) * len(TARGETS)
    with (top / "tables/best.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sorted({row["Model"] for row in rows}) == sorted(TESTED)
    assert (top / "figures/runs.png").stat().st_size > 10_000
