"""What the miniature of `span_extraction` must show, judged against data, print and arithmetic."""

import json
import re

import pandas as pd
import pyarrow.parquet as pq
import pytest

from stilts.files.fingerprint import ROOT

RESULTS = ROOT / "results/mini"
STUDY = RESULTS / "span_extraction"
FIVE = ("sst2", "mrpc", "qqp", "mnli", "rte")
MODELS = ("bert-base-spans", "bert-large")
QUESTIONS = ("squad-span", "zre-span", "qa-srl-span")
NINE = [*(f"{task}-span" for task in FIVE), *QUESTIONS, "commonsense-qa-span"]
TABLES = [f"table_{number}" for number in range(2, 8)]

pytestmark = pytest.mark.skipif(
    not (STUDY / "tables/paper_vs_ours.csv").is_file(),
    reason="there is no finished run of the study span_extraction",
)


@pytest.fixture(scope="module")
def runs():
    return pd.read_csv(STUDY / "runs.csv", keep_default_na=False, na_values=[""])


@pytest.fixture(scope="module")
def best(runs):
    """The best of the restarts, by model, target and chain."""
    return runs.groupby(["model", "target", "chain"])["score"].max()


@pytest.fixture(scope="module")
def joint():
    """The scores of checkpoints as they are."""
    return pd.read_csv(STUDY / "scores.csv", keep_default_na=False)


def table_of(name):
    return pd.read_csv(STUDY / f"tables/{name}.csv", keep_default_na=False)


def rows(task, split="validation"):
    return pq.read_table(RESULTS / "data" / task / f"{split}.parquet").to_pylist()


def words(text):
    """The words of a text, as a reader compares them: in any case, without articles."""
    found = re.findall(r"\w+", text.casefold())
    return [word for word in found if word not in ("a", "an", "the")]


def test_all_runs_are_there_and_none_is_lost(runs):
    assert len(runs) == 270
    assert runs["score"].notna().all()


@pytest.mark.parametrize("model", MODELS)
def test_spans_are_within_five_points_of_a_layer_of_classes_on_three_of_five_tasks(best, model):
    short = {task: best[model, task, "none"] - best[model, f"{task}-span", "none"] for task in FIVE}
    assert sum(less <= 0.05 for less in short.values()) >= 3, short


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("task", ["sst2", "mrpc", "qqp", "mnli"])
def test_classes_are_found_as_spans_far_above_the_most_frequent_one(best, runs, model, task):
    majority = runs.loc[runs["target"] == f"{task}-span", "majority"].iloc[0]
    assert best[model, f"{task}-span", "none"] > majority + 0.15


@pytest.mark.parametrize("task", QUESTIONS)
def test_questions_are_answered_which_the_most_frequent_answer_is_not(best, task):
    answers = [" ".join(words(row["answers"][0])) for row in rows(task)]
    frequent = max(map(answers.count, set(answers))) / len(answers)
    assert best["bert-large", task, "none"] > max(0.9, frequent + 0.3)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("task", [f"{task}-span" for task in FIVE])
def test_the_scores_of_spans_are_those_of_the_words_at_them(runs, model, task):
    asked = {row["id"]: row for row in rows(task)}
    of_task = runs[(runs["model"] == model) & (runs["target"] == task) & (runs["chain"] == "none")]
    for run in of_task.to_dict("records"):
        file = STUDY / "predictions" / model / "none" / task / f"{run['point']}.parquet"
        given = pq.read_table(file).to_pylist()
        right = none = 0
        for answer in given:
            row = asked[answer["id"]]
            said = words(row["source"][answer["start"] : answer["end"]])
            right += said == words(row["choices"][row["label"]])
            none += said not in [words(choice) for choice in row["choices"]]
        assert len(given) == len(asked)
        assert run["score"] == pytest.approx(right / len(given))
        assert run["no_class"] == pytest.approx(none / len(given))


def test_one_joint_model_answers_questions_and_classes(joint):
    for chain in ("~".join(NINE), f"mnli-span+{'~'.join(NINE)}"):
        scores = joint[(joint["model"] == "bert-large") & (joint["chain"] == chain)]
        found = dict(zip(scores["target"], scores["score"].astype(float), strict=True))
        assert set(found) == set(NINE)
        assert all(found[task] > 0.8 for task in QUESTIONS), found


def test_an_answer_of_a_learnt_task_names_a_class(runs):
    learnt = runs[runs["target"].isin([f"{task}-span" for task in FIVE if task != "rte"])]
    best = learnt.loc[learnt.groupby(["model", "target", "chain"])["score"].idxmax()]
    assert (best["no_class"] <= 0.02).all()


def test_where_the_intermediate_is_the_target_the_row_is_that_without_one():
    table = table_of("table_2")
    shown = table[table["Model"] == "SEBert large"]
    of_mnli = shown[shown["Target"] == "MNLI as spans"].set_index("Intermediate")
    for column in ("Best", "Mean", "n"):
        assert of_mnli.loc["MNLI as spans", column] == of_mnli.loc["None", column]


@pytest.mark.parametrize("name", TABLES)
def test_every_cell_of_a_table_is_there_and_a_best_is_no_less_than_its_mean(name):
    table = table_of(name)
    assert not table.isin(["not available", "left out"]).any().any()
    numbers = table[["Mean", "Expected best", "Best"]].astype(float)
    assert (numbers["Mean"] <= numbers["Expected best"] + 0.05).all()
    assert (numbers["Expected best"] <= numbers["Best"] + 0.05).all()


@pytest.mark.parametrize("name", TABLES)
def test_the_best_of_a_row_is_that_of_the_runs_it_leads_to(name):
    table = table_of(name)
    behind = json.loads((STUDY / f"tables/{name}.runs.json").read_text())
    assert len(behind) == len(table)
    part = "best" if name == "table_6" else "score"
    for row, (read,) in zip(table.to_dict("records"), behind, strict=True):
        if read.startswith("scores/"):
            found = [json.loads((STUDY / f"{read}.json").read_text())["score"]]
        else:
            told = [json.loads(file.read_text()) for file in (STUDY / read).glob("*.json")]
            found = [
                run["scores"]["best"][run["metric"]] if part == "best" else run["score"]
                for run in told
            ]
            assert len(found) == int(row["n"])
        assert float(row["Best"]) == pytest.approx(100 * max(found), abs=0.051)


def test_every_printed_number_stands_beside_one_of_ours():
    table = table_of("paper_vs_ours")
    assert len(table) == 183
    missing = set(table.loc[table["ours"] == "not available", "metric"])
    assert missing == {"selection", "optimizer_state_between_stages"}, "words, told in a note"
    hidden = table[table["statistic"] == "test"]
    assert len(hidden) == 10 and (hidden["status"] == "not reproducible").all()
    assert hidden["note"].str.contains("hidden labels").all()
    assert (table["status"] == "compared").sum() == 157
