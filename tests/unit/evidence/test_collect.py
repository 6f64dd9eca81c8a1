import csv
import json
from pathlib import Path

import pytest

from stilts.errors import UserError
from stilts.evidence.collect import RUN_COLUMNS, collect_runs, collect_scores
from stilts.files.asked import Wanted
from stilts.files.store import Store

NAMES = {"study": "s", "scale": "mini", "protocol": "paper", "model": "m", "chain": "none"}
COUNTS = {"examples": 200, "right": 117, "majority": 106}
ASKED = Wanted("a" * 16)
RECIPE = {"lr": 1e-05, "batch": 8, "warmup": 0.2, "seed": 12, "epochs": 3, "clip": 1.0}


def _run(folder: Path, point: str, counts: dict[str, int] | None = COUNTS, **recipe: float) -> str:
    run = {
        **NAMES,
        "asked": ASKED.asked,
        "target": "rte",
        "point": point,
        "recipe": {**RECIPE, **recipe},
        "metric": "accuracy",
        "score": 0.7,
        "scores": {"last": {"accuracy": 0.7}, "best": {"accuracy": 0.8, "epoch": 2}},
        "degenerate": True,
        "counts": counts,
        "signs": ["tied logits", "flat loss"],
        "n_train": 400,
        "n_validation": 200,
        "digests": {"predictions": "b" * 4, "code": "a" * 4},
        "key": "0" * 64,
    }
    (folder / f"{point}.json").write_text(json.dumps(run))
    return point


def _rows(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as stream:
        return list(csv.DictReader(stream))


def _collected(folder: Path, axes: list[str], *points: list[str]) -> list[dict[str, str]]:
    """Collect the runs of some grids, all of which lie in one folder."""
    cells = [{"folders": [str(folder)], "points": names} for names in points]
    trials = Store(folder / "store").trials
    collect_runs(cells, folder / "runs.csv", trials, axes, {str(folder): ASKED})
    return _rows(folder / "runs.csv")


def test_a_run_is_one_row_with_the_grid_from_its_recipe(tmp_path):
    point = _run(tmp_path, "lr1e-05_bs8_wu0.2_s12")
    [row] = _collected(tmp_path, ["lr", "batch", "warmup", "seed"], [point])
    assert tuple(row) == RUN_COLUMNS
    grid = {axis: row[axis] for axis in ("lr", "batch", "warmup", "seed")}
    assert grid == {"lr": "1e-05", "batch": "8", "warmup": "0.2", "seed": "12"}
    assert (row["score_last"], row["score_best"], row["best_epoch"]) == ("0.7", "0.8", "2")
    assert row["signs"] == "tied logits; flat loss"
    assert row["digests"] == "code=aaaa predictions=bbbb"
    assert (row["degenerate"], row["like_majority"]) == ("True", "True")  # p = 0.051
    assert row["seconds"] == ""  # the store has no such trial


def test_a_run_whose_epochs_were_not_all_scored_has_no_best_of_them(tmp_path):
    point = _run(tmp_path, "lr1e-05")
    file = tmp_path / f"{point}.json"
    scores = {"last": {"accuracy": 0.7}, "best": None}
    file.write_text(json.dumps(json.loads(file.read_text()) | {"scores": scores}))
    [row] = _collected(tmp_path, ["lr"], [point])
    assert (row["score_last"], row["score_best"], row["best_epoch"]) == ("0.7", "", "")


def test_runs_of_another_question_are_named_and_deleted_and_nothing_is_collected(tmp_path):
    points = [_run(tmp_path, f"lr1e-05_bs8_wu0.2_s{seed}") for seed in (12, 42)]
    file = tmp_path / f"{points[1]}.json"
    file.write_text(file.read_text().replace(ASKED.asked, "b" * 16))
    with pytest.raises(UserError, match=r"1 run files are not .*_s42.json: .*another question"):
        _collected(tmp_path, ["lr"], points)
    assert not file.exists() and not (tmp_path / "runs.csv").exists()
    assert (tmp_path / f"{points[0]}.json").is_file()


def test_numbers_are_not_held_against_a_majority_class(tmp_path):
    point = _run(tmp_path, "lr1e-05_bs8_wu0.2_s12", counts=None)
    [row] = _collected(tmp_path, ["lr", "batch", "warmup", "seed"], [point])
    assert row["like_majority"] == ""


def test_other_axes_stand_last_and_are_empty_where_a_grid_has_none(tmp_path):
    points = [_run(tmp_path, "lr1e-05_ep5_s12", epochs=5), _run(tmp_path, "lr1e-05_s12")]
    rows = _collected(tmp_path, ["lr", "seed", "epochs"], points[:1], points[1:])
    assert tuple(rows[0]) == (*RUN_COLUMNS, "epochs")
    assert [row["epochs"] for row in rows] == ["5", ""]
    assert [row["batch"] for row in rows] == ["8", "8"]


def test_a_score_says_whether_its_chain_trained_on_the_task(tmp_path):
    files = []
    for chain in ("none", "rte@50", "mnli~rte+wic"):
        score = {**NAMES, "chain": chain, "target": "rte", "signs": [], "counts": None}
        score |= {"head": {"new": [] if chain == "none" else ["a"]}}
        score |= {"draws": {"scores": [0.4, 0.6], "std": 0.1}} if chain == "rte@50" else {}
        files.append(str(tmp_path / f"{chain}.json"))
        Path(files[-1]).write_text(json.dumps(score | {"metric": "accuracy", "score": 0.5}))
    collect_scores(files, tmp_path / "scores.csv")
    assert [row["seen"] for row in _rows(tmp_path / "scores.csv")] == ["False", "True", "True"]
    spread = [(row["new_heads"], row["score_min"]) for row in _rows(tmp_path / "scores.csv")]
    assert spread == [("0", ""), ("2", "0.4"), ("1", "")]


def test_a_file_that_is_no_json_is_named_with_the_remedy(tmp_path):
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(ValueError, match=r"broken\.json is not valid JSON .*: delete it"):
        collect_scores([str(tmp_path / "broken.json")], tmp_path / "scores.csv")
