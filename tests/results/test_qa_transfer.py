"""What the miniature of `qa_transfer` must show, judged against what no model of it has made."""

import json
from collections import Counter

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from stilts.files.fingerprint import ROOT

RESULTS = ROOT / "results/mini"
STUDY = RESULTS / "qa_transfer"
SPLITS = {"ag-news": "test", "liar": "test", "emotion": "test", "hate": "test", "irony": "test"}

pytestmark = pytest.mark.skipif(
    not (STUDY / "tables/paper_vs_ours.csv").is_file(),
    reason="there is no finished run of the study qa_transfer",
)


@pytest.fixture(scope="module")
def targets():
    study = yaml.safe_load((ROOT / "studies/qa_transfer/study.yaml").read_text())
    (sweep,) = study["sweeps"].values()
    return sweep["targets"]


def rows(task, split):
    return pq.read_table(RESULTS / "data" / task / f"{split}.parquet").to_pylist()


def accuracies():
    """The accuracy of every run on the first split, a row a run."""
    found = []
    for file in (STUDY / "predictions").rglob("*.parquet"):
        model, chain, target, _ = file.relative_to(STUDY / "predictions").parts
        table = pd.read_parquet(file, columns=["split", "label", "prediction"])
        table = table[table["split"] == SPLITS.get(target, "validation")]
        right = (table["label"] == table["prediction"]).mean()
        found.append((model, chain.partition("^")[0], target, right))
    return pd.DataFrame(found, columns=["model", "chain", "target", "right"])


@pytest.fixture(scope="module")
def best(targets):
    """The mean accuracy of the best model and arm on each target."""
    table = accuracies()
    assert len(table) == 4 * 16 * 2 * 3
    means = table.groupby(["target", "model", "chain"])["right"].mean()
    return means.groupby("target").max()


def majority(target):
    labels = Counter(row["label"] for row in rows(target, SPLITS.get(target, "validation")))
    return max(labels.values()) / labels.total()


def text(row):
    return " ".join([*row["first"], "|", *row["second"]])


def by_bags_of_words(target):
    """What logistic regression on words and pairs of neighbours reaches."""
    train, asked = rows(target, "train"), rows(target, SPLITS.get(target, "validation"))
    words = CountVectorizer(ngram_range=(1, 2))
    model = LogisticRegression(max_iter=2000)
    model.fit(words.fit_transform(map(text, train)), [row["label"] for row in train])
    return model.score(words.transform(map(text, asked)), [row["label"] for row in asked])


def scores(chain, task, model):
    file = STUDY / "scores" / model / chain / f"{task}.json"
    return json.loads(file.read_text())["variants"]


def never_answered():
    asked = rows("squad-v2", "validation")
    return sum(not row["answers"] for row in asked) / len(asked)


def test_the_span_stage_learns_and_without_the_question_at_most_half_of_that():
    base = never_answered()
    learnt = scores("squad-v2^1", "squad-v2", "roberta-base")["exact_match"] - base
    hidden = scores("squad-v2-hidden^1", "squad-v2-hidden", "roberta-base")["exact_match"] - base
    assert learnt >= 0.30
    assert hidden <= learnt / 2


def test_twelve_of_sixteen_targets_are_learnt_by_the_best_model(best, targets):
    above = [target for target in targets if best[target] >= majority(target) + 0.10]
    assert len(above) >= 12, sorted(set(targets) - set(above))


def test_bags_of_words_stay_behind_on_half_of_the_targets(best, targets):
    behind = [target for target in targets if by_bags_of_words(target) <= best[target] - 0.05]
    assert len(behind) >= 8, behind


def test_no_two_targets_are_made_by_one_theme(targets):
    blocks = {}
    for file in (ROOT / "catalogue/tasks").glob("*.yaml"):
        blocks |= yaml.safe_load(file.read_text())
    themes = [blocks[task]["miniature"]["theme"] for task in [*targets, "squad-v2"]]
    assert len(set(themes)) == len(themes) == 17


def test_every_printed_number_stands_beside_one_of_ours():
    table = pd.read_csv(STUDY / "tables/paper_vs_ours.csv", keep_default_na=False)
    assert len(table) == 281
    assert set(table["status"]) <= {"compared", "not compared", "setting"}
    assert (table["ours"] != "not available").all()


def test_the_checks_find_the_two_data_sets_that_do_not_add_up():
    table = pd.read_csv(STUDY / "tables/checks.csv")
    sums = table[table["Kind"] == "sums"]
    assert len(sums) == 16
    failed = sums.loc[sums["Verdict"] != "holds", "Where"]
    assert set(failed) == {"Table 1, OFFENSIVE", "Table 1, WIKIQA"}
