"""Does SQuAD first help: the second paper's study, from a clone to its tables, on few cells."""

import csv
import json
import re
import shlex

import pytest
import yaml

from stilts.files.fingerprint import ROOT

STUDY = "qa_transfer"
TARGETS = ["boolq", "wnli"]
ONLY = {"models": ["electra-base"], "targets": TARGETS, "grid": {"seed": [1, 2]}}
PAGE = (ROOT / "docs/qa_transfer.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^snakemake [^#\n]*", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def answered(source, tmp_path_factory):
    project = source.copy_to(tmp_path_factory.mktemp("qa") / "project")
    outcome = project.snakemake("--quiet", scale="smoke", studies=[STUDY], only=ONLY)
    assert outcome.code == 0, outcome.text
    return project.folder / "results/smoke" / STUDY


def rows(answered, table):
    with open(answered / f"tables/{table}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_seed_of_a_target_follows_a_stage_of_its_own_seed(answered):
    runs = rows(answered, "../runs")
    cells = {(run["chain"], run["target"], run["point"]) for run in runs}
    assert cells == {
        (chain, target, f"s{seed}")
        for target in TARGETS
        for seed in (1, 2)
        for chain in ("none", f"squad-v2^{seed}")
    }
    for seed in (1, 2):
        place = answered / f"checkpoints/electra-base/squad-v2^{seed}/manifest.json"
        assert json.loads(place.read_text())["recipe"]["seed"] == seed


def test_the_means_and_differences_of_a_table_are_those_of_the_runs(answered):
    runs = rows(answered, "../runs")
    table = {row["Target"]: row for row in rows(answered, "table_3") if row["None"][:1].isdigit()}
    assert len(table) == len(TARGETS)
    for title, target in (("BoolQ", "boolq"), ("WNLI", "wnli")):
        of_target = [run for run in runs if run["target"] == target]
        sides = [
            [float(run["score"]) for run in of_target if (run["chain"] == "none") == bare]
            for bare in (True, False)
        ]
        before, after = (100 * sum(side) / len(side) for side in sides)
        assert float(table[title]["None"]) == pytest.approx(before, abs=0.006)
        assert float(table[title]["After"]) == pytest.approx(after, abs=0.006)
        assert len(table[title]["Each seed"].split()) == 2


def test_every_printed_number_is_joined_or_says_why_not(answered):
    table = rows(answered, "paper_vs_ours")
    assert len(table) == 281
    assert all(row["status"] for row in table)
    scored = [row for row in table if row["status"] == "compared"]
    # Two targets of one model: a mean on both sides, and a mark.
    assert len(scored) == 3 * len(TARGETS)


def test_the_page_shows_every_part_of_the_study(answered):
    page = (answered.parent / "report.html").read_text(encoding="utf-8")
    for text in ("Table 1 of Zhang", "Table 2 of Zhang", "Table 3 of Zhang", "Which F1 fits"):
        assert text in page, text
    assert (answered / "figures/figure_s1.png").stat().st_size > 10_000


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_can_be_planned(fresh, command):
    outcome = fresh.snakemake("--dry-run", "--quiet", *shlex.split(command)[1:])
    assert outcome.code == 0, outcome.text


def test_the_page_names_every_table_of_the_study():
    named = set(re.findall(r"`tables/(\w+)\.csv`", PAGE))
    report = yaml.safe_load((ROOT / f"studies/{STUDY}/report.yaml").read_text(encoding="utf-8"))
    assert named == report["tables"].keys()
