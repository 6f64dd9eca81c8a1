"""A claim about the invented study, and what is judged of it."""

from dataclasses import replace

from stilts.evidence.claims import judge

TARGETS = ["wic", "rte", "socialiqa", "winogrande-xs"]
CLAIM = {
    "where": "section 1",
    "says": "It helps.",
    "statistic": "mean",
    "ours": {"chains": ["hellaswag"], "targets": TARGETS},
    "base": {"chains": ["none"]},
    "over": "targets",
    "expects": "higher",
    "refuted": "No gain.",
}


def judged(study, **changes):
    """Return the judgement of `CLAIM` with some fields changed."""
    (found,) = judge(replace(study.of_model("roberta-large"), claims={"it": CLAIM | changes}))
    return found
