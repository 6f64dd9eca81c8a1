"""The best of several runs as a paper prints it, and beside it what such a best is worth."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from stilts.errors import unknown
from stilts.evidence.comparisons.best_of import best_again
from stilts.evidence.numbers import LEFT_OUT, NOT_AVAILABLE, NOT_PRINTED, percent, runs_used
from stilts.evidence.results import Inputs
from stilts.evidence.statistics import summary
from stilts.question.chain import NONE, parse_chain

FIELDS = ("printed", "statistic", "blocks")
# Which epoch of a run counts -> the column of its score, and the measure of a printed number.
EPOCHS = {"chosen": ("score", "best"), "best": ("score_best", "best_of_epochs")}


def build(inputs: Inputs, spec: Mapping[str, Any]) -> pd.DataFrame:
    """Build the table.

    Args:
        inputs: runs, scores of checkpoints, and printed numbers.
        spec: `printed` (the paper's table), `statistic` (what the best is called there) and
            `blocks`: a list of {model, shown, chains, targets}, and optionally `statistic` of its
            own, `epoch` of each run (`chosen` by the setting `select`, or `best`: a maximum over
            training) and `joint: true` for checkpoints that are scored without further training.

    Returns:
        One row per block, chain and target: Model, Intermediate, Target, Paper, Best, Mean,
        Expected best (of as many runs, drawn anew from these), n, No class (share of the best
        run's answers that name no class, after its last epoch); scores in percent. Where a target
        is the chain's last stage there is no second training: its runs are those after the stages
        before it. Blocks of models that the reader leaves out are left out; if all are, they stand
        there empty.
    """
    asked = [block for block in spec["blocks"] if not inputs.leaves_out(block["model"])]
    shown = asked or spec["blocks"]
    return inputs.table(row for block in shown for row in _rows(inputs, block, spec))


def _rows(
    inputs: Inputs, block: Mapping[str, Any], spec: Mapping[str, Any]
) -> Iterator[dict[str, str]]:
    ours, joint = inputs.of_model(block["model"]), block.get("joint")
    if block.get("epoch", "chosen") not in EPOCHS:
        raise unknown("epoch", block["epoch"], EPOCHS, "blocks of a table in report.yaml")
    column, measure = EPOCHS[block.get("epoch", "chosen")]
    statistic = block.get("statistic", spec.get("statistic", ""))
    for chain in block["chains"]:
        for target in block["targets"]:
            walked = _before(chain, target)
            named = {"chain": walked, "target": target, "statistic": statistic}
            named["measure"] = "score" if joint else measure
            found = _joint(ours, walked, target) if joint else _best(ours, walked, target, column)
            if inputs.leaves_out(block["model"]):
                found = dict.fromkeys(found, LEFT_OUT)
            yield {
                "Model": block["shown"],
                "Intermediate": ours.title(chain),
                "Target": ours.task_title(target),
                "Paper": ours.printed(spec["printed"], **named),
                **found,
            }


def _before(chain: str, target: str) -> str:
    """Return the chain that a target's runs walked, which is shorter if it ends in the target."""
    if chain == NONE or parse_chain(chain)[-1].tasks != (target,):
        return chain
    return chain.rpartition("+")[0] or NONE


def _best(ours: Inputs, chain: str, target: str, column: str) -> dict[str, str]:
    runs = ours.cell(chain, target)
    scores = runs[column]
    found = summary(scores)
    none = NOT_PRINTED
    if found["n"] and "no_class" in runs and runs["no_class"].notna().any():
        none = percent(runs.loc[scores.idxmax(), "no_class"])
    return {
        "Best": percent(found["best"]),
        "Mean": percent(found["mean"]),
        "Expected best": percent(best_again(scores, found["n"])),
        "n": runs_used(found["n"], ours.expected(chain, target)),
        "No class": none,
    }


def _joint(ours: Inputs, chain: str, target: str) -> dict[str, str]:
    """Return the score of a checkpoint: one snapshot, of which there is no best."""
    found = ours.score_of(chain, target)
    score = percent(found["score"] if found else None)
    none = found.get("no_class") if found else None
    return {
        "Best": score,
        "Mean": score,
        "Expected best": score,
        "n": "1" if found else NOT_AVAILABLE,
        "No class": NOT_PRINTED if none is None or pd.isna(none) else percent(none),
    }
