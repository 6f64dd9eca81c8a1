"""A question of the reader's own: one YAML file, one command, and the page answers."""

import csv
import re
import shlex

import pandas as pd
import pytest
import yaml

from stilts.files.fingerprint import ROOT

STUDY = {
    "models": ["roberta-large"],
    "chains": ["none", "hellaswag-p"],
    "targets": ["weather", "rte"],
    "grid": {"lr": [1.0e-5], "seed": [12, 42]},
    "settings": {
        "all": {"epochs": 1, "batch": 8, "max_tokens": 40},
        "intermediates": {"lr": 1.0e-5, "seed": 42},
    },
    "tasks": {
        "weather": {
            "title": "Weather",
            "kind": "classification",
            "first": ["{report}"],
            "second": ["{question}"],
            "label": "answer",
            "labels": ["no", "yes"],
            "max_tokens": 40,
        }
    },
}


@pytest.fixture
def study(tmp_path):
    """The reader's folder: a study in one file, and two files of data."""
    files = {}
    for split, count in {"train": 24, "validation": 12}.items():
        files[split] = str(tmp_path / f"{split}.csv")
        with open(files[split], "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["report", "question", "answer"])
            for number in range(count):
                sky = ("rain", "sun")[number // 2 % 2]
                answer = ("no", "yes")[number % 2]
                asked = sky if answer == "yes" else "snow"
                writer.writerow([f"Day {number}: {sky} all over.", f"Is there {asked}?", answer])
    block = STUDY["tasks"]["weather"] | {"source": {"files": files}}
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(STUDY | {"tasks": {"weather": block}}), encoding="utf-8")
    return path


def test_a_study_in_one_file_ends_on_a_page_with_every_cell(project, study):
    outcome = project.snakemake("--quiet", scale="smoke", studies=[str(study)])
    assert outcome.code == 0, outcome.text
    top = project.folder / "results/smoke"
    table = pd.read_csv(top / "mine/tables/cells.csv", keep_default_na=False)
    assert [*zip(table["Target"], table["n"], strict=True)] == [
        *[("Weather", 2)] * 2,
        *[("RTE", 2)] * 2,
    ]
    for name in ("gains", "runs", "curves"):
        assert (top / f"mine/figures/{name}.png").stat().st_size > 10_000
    page = (top / "report.html").read_text(encoding="utf-8")
    assert "Weather" in page and "Gains over no intermediate task" in page
    shown = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)  # a library's own words
    assert "not available" not in shown


PAGE = (ROOT / "docs/your_own_question.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^snakemake [^#\n]*", PAGE, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_can_be_planned_with_its_file(fresh, study, command):
    text = re.search(r"```yaml\n# mine.yaml\n(.*?)```", PAGE, re.DOTALL)[1]
    (fresh.folder / "mine.yaml").write_text(text, encoding="utf-8")
    (fresh.folder / "data/weather").mkdir(parents=True)
    for split in ("train", "validation"):
        (study.parent / f"{split}.csv").rename(fresh.folder / f"data/weather/{split}.csv")
    outcome = fresh.snakemake("--dry-run", *shlex.split(command)[1:])
    assert outcome.code == 0, outcome.text


def test_a_task_is_previewed_as_the_model_reads_it(project):
    outcome = project.ask("preview", task="rte")
    assert outcome.code == 0, outcome.text
    assert "RTE: classification, as roberta-large reads it" in outcome.text
    assert "tokens     <s> " in outcome.text
    assert "finetune_targets" not in outcome.rules


def test_a_preview_of_nothing_says_what_there_is(project):
    outcome = project.ask("preview")
    assert outcome.code != 0
    assert "preview: which task? --config task=<name>, one of ag-news" in outcome.errors[0]
