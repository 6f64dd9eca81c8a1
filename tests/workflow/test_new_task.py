"""A task that the catalogue does not have: one block of config, nothing else."""

import csv
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.workflow.project import with_only

BLOCK = {
    "title": "Weather",
    "kind": "classification",
    "source": {"hub": "acme/weather", "config": "plain"},
    "first": ["{report}"],
    "second": ["{question}"],
    "label": "answer",
    "labels": ["no", "yes"],
    "max_tokens": 40,
    "sizes": {"train": 24, "validation": 12},
}
GRID = {"batch": [8], "seed": [12]}
CHAINS = ["hellaswag-p", "none"]


def reports(count, seed):
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        weather, asked = draw.choice(["rain", "sun"]), draw.choice(["rain", "sun"])
        rows.append(
            {
                "report": f"There is {weather} over the {draw.choice(['hills', 'sea'])}.",
                "question": f"Is there {asked}?",
                "answer": int(weather == asked),
            }
        )
    return rows


@pytest.fixture
def mirror(tmp_path):
    folder = tmp_path / "hub/acme/weather/plain"
    folder.mkdir(parents=True)
    for seed, (split, count) in enumerate({"train": 24, "validation": 12}.items()):
        table = pa.Table.from_pylist(reports(count, seed))
        pq.write_table(table, folder / f"{split}-00000-of-00001.parquet")
    return str(tmp_path / "hub")


def test_a_task_of_the_config_alone_is_fetched_trained_on_and_scored_after_each_chain(
    project, mirror
):
    question = {"tasks": {"weather": BLOCK}, "mirror": mirror}
    outcome = project.ask("runs", **question, **with_only(targets=["weather"], grid=GRID))
    assert outcome.code == 0, outcome.text
    assert outcome.made_by("fetch_task", "task") == ["weather"]
    assert outcome.made_by("finetune_targets", "chain") == CHAINS
    collected = {"collect_runs", "collect_epochs", "record_question"}
    assert outcome.rules == {"fetch_task", "finetune_targets", *collected}
    with (project.folder / "results/smoke/rethinking/runs.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sorted((row["chain"], row["target"]) for row in rows) == [
        (chain, "weather") for chain in CHAINS
    ]
    assert {(row["n_train"], row["n_validation"], row["chance"]) for row in rows} == {
        ("24", "12", "0.5")
    }


def test_a_task_of_the_config_alone_can_be_a_stage(project, mirror):
    question = {"tasks": {"weather": BLOCK}, "mirror": mirror}
    plan = project.plan(
        "runs", **question, **with_only(chains=["hellaswag-p+weather"], targets=["rte"], grid=GRID)
    )
    assert plan.code == 0, plan.text
    assert plan.made_by("train_stage", "chain") == ["hellaswag-p+weather"]
    assert plan.made_by("finetune_targets", "chain") == ["hellaswag-p+weather"]
