"""The claims that a study registers, as its file spells them."""

import itertools

import pytest
import yaml

from stilts.errors import UserError
from stilts.question.ask import ask
from stilts.question.chain import unseeded
from stilts.question.claims import load_claims
from tests.toys.invented_results import STUDY


def test_the_flagship_registers_its_claims_with_what_would_refute_them():
    found = load_claims(STUDY / "claims.yaml")
    assert len(found) >= 8
    assert sum(claim["where"].startswith("abstract") for claim in found.values()) >= 3


@pytest.mark.parametrize(
    ("study", "least", "of_abstract"),
    [("multitask", 4, 3), ("qa_transfer", 4, 2), ("span_extraction", 7, 4)],
)
def test_every_paper_has_claims_with_those_of_its_abstract(study, least, of_abstract):
    found = load_claims(STUDY.parent / study / "claims.yaml")
    assert len(found) >= least
    assert sum(claim["where"].startswith("abstract") for claim in found.values()) >= of_abstract


@pytest.mark.parametrize("name", ["multitask", "qa_transfer", "span_extraction"])
def test_a_claim_is_about_chains_and_targets_that_its_study_has(name):
    config = yaml.safe_load((STUDY.parents[1] / "config.yaml").read_text())
    plan = ask({**config, "studies": [name]}).plans[name]
    cells = {(cell.model, unseeded(cell.chain), cell.target) for cell in plan.cells}
    scored = {(cell.model, cell.chain, cell.target) for cell in plan.scores}
    for claim in load_claims(STUDY.parent / name / "claims.yaml").values():
        sides = [{"targets": claim["ours"]["targets"], **claim[side]} for side in ("ours", "base")]
        for side in sides:
            known = scored if side.get("scored") or claim["statistic"] == "score" else cells
            models = claim.get("models", plan.study.models)
            asked = itertools.product(models, side["chains"], side["targets"])
            assert set(asked) <= known, claim["says"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "  expects: more",
            "unknown value 'more'; allowed: equal, higher, lower, not_lower, varies",
        ),
        ("  expects: equal", "'equal' needs a 'margin'"),
        ("  margin: 1.0", "'margin_from' is missing"),
        ("  over: seeds\n  statistic: best", "over seeds only the 'mean' has an interval"),
        ("  expects: not_lower", "'not_lower' needs a 'margin'"),
        ("  over: seeds\n  statistic: score", "over seeds only the 'mean' has an interval"),
        ("  over: examples", "over examples there is only a 'score'"),
        ("  over: models", "over models a gain 'varies', and nothing else does"),
        ("  expects: varies", "over models a gain 'varies', and nothing else does"),
        ("  base: {chains: [none], targets: [wic]}", "'base' has other than 2 targets: pair each"),
        ("  ours: {chains: [cola], targets: [wic]}", "over targets needs two of them"),
        ("  sayz: it", "unknown key 'sayz'"),
        ("  ours: {chains: ['a b'], targets: [wic, rte]}", "chain stage 'a b' is malformed"),
    ],
)
def test_a_malformed_claim_is_refused_in_one_line(tmp_path, change, message):
    lines = {
        "where": "Table 1",
        "says": "It helps.",
        "statistic": "mean",
        "ours": "{chains: [cola], targets: [wic, rte]}",
        "base": "{chains: [none]}",
        "over": "targets",
        "expects": "higher",
        "refuted": "It does not.",
    }
    for line in change.splitlines():
        name, _, value = line.strip().partition(": ")
        lines[name] = value
    file = tmp_path / "claims.yaml"
    file.write_text("it:\n" + "".join(f"  {name}: {text}\n" for name, text in lines.items()))
    with pytest.raises(UserError) as refused:
        load_claims(file)
    assert message in str(refused.value) and "\n" not in str(refused.value)
