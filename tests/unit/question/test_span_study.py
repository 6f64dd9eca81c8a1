"""The study of span extraction: what it asks, and that every printed number finds ours."""

import pytest

from stilts.evidence.measures import MEASURES
from stilts.evidence.published import load
from stilts.files.strict_yaml import read_yaml
from stilts.question.ask import ask
from stilts.question.chain import NONE
from stilts.question.file_forms import demand_report

STUDY = "span_extraction"


@pytest.fixture(scope="module")
def report(root):
    content = read_yaml(root / "studies" / STUDY / "report.yaml")
    demand_report(content, "report.yaml")
    return content


def plan_at(config, root, scale, **changes):
    asked = {**config, "scale": scale, "studies": [STUDY], **changes}
    return ask(asked, root)


@pytest.mark.parametrize(("name", "restarts"), [("mini", 5), ("paper", 50)])
def test_restarts_are_fifty_and_five_in_the_miniature(config, root, name, restarts):
    plan = plan_at(config, root, name).plans[STUDY]
    assert {len(points) for points in plan.points.values()} == {1, restarts}


def test_the_miniature_has_every_part(config, root):
    plan = plan_at(config, root, "mini").plans[STUDY]
    assert sum(map(len, plan.points.values())) == 270 and len(plan.checkpoints) == 15
    assert not plan.unavailable


def test_no_target_is_trained_again_right_after_itself(config, root):
    plan = plan_at(config, root, "mini").plans[STUDY]
    assert not [cell for cell in plan.cells if cell.chain.rpartition("+")[2] == cell.target]


def test_protocols_differ_in_the_layout(config, root):
    layouts = {
        protocol: plan_at(config, root, "mini", protocol=protocol)
        .plans[STUDY]
        .target("rte-span")["layout"]
        for protocol in ("paper", "released")
    }
    assert layouts["paper"].value == "one_separator" and layouts["paper"].origin == "stated"
    assert layouts["released"].value == "template" and layouts["released"].origin == "assumed"


def test_every_printed_number_is_of_a_cell_or_a_score_or_says_why_not(config, root, report):
    plan = plan_at(config, root, "mini").plans[STUDY]
    numbers = load(root / "studies" / STUDY / "published.csv", report["rows"])
    assert len(numbers) == 183
    cells = {tuple(cell) for cell in plan.cells}
    scored = {tuple(cell) for cell in plan.scores}
    for number in numbers.to_dict("records"):
        named = tuple(number[f"our {name}"] for name in ("model", "chain", "target"))
        measure = number["our measure"]
        if measure in ("best", "best_of_epochs"):
            assert named in cells, number
        elif measure == "score":
            assert named in scored, number
        elif measure == "train_size":
            assert number["our target"] in plan.tasks, number
        else:
            assert measure in ("size", "setting") or number["our note"], number
        assert measure in MEASURES or not measure


def test_every_row_of_its_tables_is_of_a_cell_or_a_score(config, root, report):
    plan = plan_at(config, root, "mini").plans[STUDY]
    for table in report["tables"].values():
        for block in table.get("blocks", ()):
            known = plan.scores if block.get("joint") else plan.cells
            cells = {tuple(cell) for cell in known}
            for chain in block["chains"]:
                for target in block["targets"]:
                    last = chain.rpartition("+")
                    walked = (last[0] or NONE) if last[2] == target else chain
                    assert (block["model"], walked, target) in cells, (chain, target)
