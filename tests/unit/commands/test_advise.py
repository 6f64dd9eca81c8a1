import json
from pathlib import Path

import pandas as pd
import pytest

from stilts.commands.advise import advice_text

CHAINS, TARGETS = ("cola", "sst2", "mnli", "qqp"), ("rte", "wic")


class Wanted:
    """What is asked of a run: here that its file is there and sound."""

    def is_met(self, file):
        return file.is_file() and "broken" not in file.read_text()


@pytest.fixture
def told(tmp_path):
    """A study whose estimator `logme` ranks the chains as they stand, and no run."""
    rows = [
        ("m", chain, target, name, 1 - place / 10 if name == "logme" else "")
        for target in TARGETS
        for place, chain in enumerate(CHAINS)
        for name in ("h_score", "logme")
    ]
    table = pd.DataFrame(rows, columns=["model", "chain", "target", "estimator", "value"])
    table.to_csv(tmp_path / "estimates.csv", index=False)
    runs = [
        {
            "cell": ["m", chain, target],
            "folder": str(tmp_path / chain / target),
            "points": ["s1", "s2"],
            "wanted": Wanted(),
        }
        for chain in ("none", *CHAINS)
        for target in TARGETS
    ]
    titles = {"rte": "RTE", "wic": "WiC"}
    return {"mine": {"estimates": tmp_path / "estimates.csv", "runs": runs, "titles": titles}}


def run(told, target, gains, note=""):
    for cell in told["mine"]["runs"]:
        _, chain, of = cell["cell"]
        for point in cell["points"] if of == target else ():
            Path(cell["folder"]).mkdir(parents=True, exist_ok=True)
            record = {"score": 0.5 + gains.get(chain, 0), "note": note}
            Path(cell["folder"], f"{point}.json").write_text(json.dumps(record))


def lines_of(text, target):
    part = text[text.index(f"{target} (mine") :].split("\n\n")[0]
    return {line[2:20].strip(): line[20:] for line in part.splitlines()[1:]}


def test_before_any_run_the_estimators_rank_and_the_static_ranking_says_why_it_cannot(told):
    text = advice_text(told)
    assert "RTE (mine, m): the first 3 of 4 chains" in text
    found = lines_of(text, "RTE")
    assert found["LogME"] == "cola, sst2, mnli"
    assert found["static ranking"] == "not available: no run of another target is there"
    assert found["H-score"].startswith("not available: the target has no")


def test_runs_of_another_target_make_the_static_ranking_and_those_of_its_own_do_not(told):
    run(told, "wic", {"qqp": 0.3, "mnli": 0.2, "cola": -0.1})
    text = advice_text(told)
    assert lines_of(text, "RTE")["static ranking"] == "qqp, mnli, sst2"
    assert lines_of(text, "WiC")["static ranking"].startswith("not available")


def test_a_run_that_is_not_what_is_asked_for_is_not_read(told):
    run(told, "wic", {"qqp": 0.3}, note="broken")
    assert lines_of(advice_text(told), "RTE")["static ranking"].startswith("not available")
