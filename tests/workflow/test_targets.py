import json

import pytest
import yaml

from tests.workflow.project import point

POINTS = [point(batch, seed) for batch in (8, 16) for seed in (12, 42)]
CHAINS = ["hellaswag-p", "none"]
# What each target stands on, from nothing: rules, most of them shared.
DATA = {"make_task", "derive_task"}
CHECKPOINTS = DATA | {"pretrain_model", "train_stage"}
RUNS = CHECKPOINTS | {"finetune_targets", "collect_runs"}
ALL = RUNS | {"record_question", "make_table", "draw_figure", "write_report"}
TARGETS = {
    "all": ALL,
    "data": DATA,
    "checkpoints": CHECKPOINTS,
    "runs": RUNS | {"record_question"},
    "tables": RUNS | {"record_question", "make_table"},
    "figures": RUNS | {"record_question", "draw_figure"},
    "report": ALL,
}


@pytest.fixture(scope="module")
def top(finished):
    return finished.folder / "results/smoke"


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_brings_about_what_it_stands_on_and_no_more(fresh, target):
    plan = fresh.plan(target)
    assert plan.code == 0, plan.text
    assert plan.rules == TARGETS[target]


def test_with_everything_built_no_target_has_anything_to_do(finished):
    assert finished.plan(*TARGETS).idle


def test_a_single_figure_is_asked_for_by_its_path(fresh):
    plan = fresh.plan("results/smoke/rethinking/figures/figure_2.pdf")
    assert plan.made_by("draw_figure", "figure") == ["figure_2"]
    assert plan.rules == RUNS | {"record_question", "draw_figure"}


def test_a_run_warns_of_nothing_and_leaves_no_litter(finished):
    printed = (finished.folder.parent / "output.txt").read_text()
    assert "warning" not in printed.lower()
    for log in finished.folder.glob("logs/**/*.log"):
        assert "Warning" not in log.read_text(), log
    assert finished.litter() == []


def test_data_lie_where_they_should_with_a_manifest_that_tells_of_them(top):
    for task in ("rte", "hellaswag", "hellaswag-p", "wikitext"):
        manifest = json.loads((top / f"data/{task}/manifest.json").read_text())
        for split in ("train", "validation"):
            assert (top / f"data/{task}/{split}.parquet").is_file()
            assert manifest["splits"][split]["rows"] > 0
        assert manifest["note"] == "miniature language, a smoke test"


@pytest.mark.parametrize(
    "folder", ["models/roberta-large", "rethinking/checkpoints/roberta-large/hellaswag-p"]
)
def test_checkpoints_are_whole_and_hold_no_pickle(top, folder):
    names = {path.name for path in (top / folder).iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "manifest.json"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pkl", ".ckpt"))]
    manifest = json.loads((top / folder / "manifest.json").read_text())
    assert len(manifest["sha256"]) == 64
    assert manifest["parameters"] > 0


def test_what_others_may_read_of_a_folder_they_may_read_of_its_weights(top):
    modes = {path.parent: path.stat().st_mode for path in top.rglob("manifest.json")}
    for weights in top.rglob("model.safetensors"):
        assert weights.stat().st_mode == modes[weights.parent]


def test_every_point_of_every_cell_has_its_run_and_its_predictions(top):
    for kind, ending in (("runs", "json"), ("predictions", "parquet")):
        for chain in CHAINS:
            folder = top / f"rethinking/{kind}/roberta-large/{chain}/rte"
            names = sorted(path.name for path in folder.iterdir())
            assert names == sorted(f"{point}.{ending}" for point in POINTS)


def test_runs_are_collected_one_row_each(top):
    rows = (top / "rethinking/runs.csv").read_text().splitlines()
    assert len(rows) == 1 + len(POINTS) * len(CHAINS)


def test_tables_and_figures_come_in_every_format(top):
    for table in ("table_1", "table_2", "paper_vs_ours"):
        for ending in ("csv", "md", "tex"):
            assert (top / f"rethinking/tables/{table}.{ending}").stat().st_size
    for ending in ("pdf", "png", "csv"):
        assert (top / f"rethinking/figures/figure_2.{ending}").stat().st_size


def test_the_question_is_recorded_with_the_origin_of_each_setting(top):
    record = yaml.safe_load((top / "config.yaml").read_text())
    settings = record["studies"]["rethinking"]["settings"]["targets"]["rte"]
    assert settings["epochs"] == {"config": 10}
    assert settings["optimizer"]["code"] == "adamw"


def test_the_page_shows_every_figure_and_says_what_the_data_are(top):
    page = (top / "report.html").read_text()
    assert "miniature language, a smoke test" in page
    assert page.count("<img") >= 2
    assert "default-src 'none'" in page


def test_the_report_of_snakemake_has_every_table_and_figure_and_the_page(finished, tmp_path, top):
    made = tmp_path / "snakemake.html"
    outcome = finished.ask("--report", str(made))
    assert outcome.code == 0, outcome.text
    text = made.read_text()
    shown = [*top.glob("*/tables/*.csv"), *top.glob("*/figures/*.png"), top / "report.html"]
    assert len(shown) > 5
    for file in shown:
        assert f'"{file.relative_to(finished.folder)}"' in text, file


def test_a_plan_counts_trials_and_needs_nothing_built(fresh):
    outcome = fresh.ask("plan")
    assert outcome.code == 0, outcome.text
    assert counts(outcome) == {"none": (4, 0, 0, 4), "hellaswag-p": (4, 0, 0, 4), "": (8, 0, 0, 8)}
    assert "Built so far: 0 of 4 tasks, 0 of 1 models, 0 of 1 checkpoints" in outcome.text
    assert not (fresh.folder / "results").exists()


def test_a_plan_knows_what_is_done_and_what_the_store_holds(project):
    runs = project.folder / "results/smoke/rethinking/runs/roberta-large/none/rte"
    (runs / f"{POINTS[0]}.json").unlink()
    assert counts(project.ask("plan"))[""] == (8, 7, 1, 0)


def counts(outcome):
    """Return trials, done, stored and to train by chain; '' for the sum."""
    found = {}
    for line in outcome.text.splitlines():
        words = line.split()
        if line.startswith("rethinking roberta-large "):
            found[words[2]] = tuple(map(int, words[3:7]))
        elif line.startswith("all  "):
            found[""] = tuple(map(int, words[1:5]))
    return found


def test_the_lint_of_snakemake_finds_nothing(source):
    outcome = source.snakemake("--lint")
    assert outcome.code == 0, outcome.text
    assert "Congratulations" in outcome.text


def test_the_graph_of_rules_can_be_drawn_and_leads_from_data_to_the_page(source):
    outcome = source.ask("--rulegraph", "mermaid-js")
    assert outcome.code == 0
    assert "flowchart TB" in outcome.text
    for rule in ALL:
        assert f"[{rule}]" in outcome.text
