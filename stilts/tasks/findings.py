"""What an audit finds that a reader must know: flaws of a data set beyond a stated threshold."""

from collections.abc import Iterator, Mapping
from typing import Any

# Shares of the rows of a split above which a flaw is told, and the gap in words, in tokens or in
# shares between right and wrong options.
SEEN, DOUBLE, EMPTY, IDENTICAL = 0.01, 0.05, 0.0, 0.01
LONGER, CUT = {"words": 1.0, "tokens": 1.0}, 0.1
TRIVIAL = 0.2  # by how much a trivial cue may beat the most frequent class


def findings(audits: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a line for each flaw that audits have found.

    Args:
        audits: of a task's data, by split.
    """
    found: list[str] = []
    for split, audit in audits.items():
        found += [f"{split}: {line}" for line in _of_split(audit)]
    return found


def _of_split(audit: Mapping[str, Any]) -> Iterator[str]:
    rows = max(1, audit.get("rows", 1))
    for name, most, told in (
        ("also_in_train", SEEN, "stand in the training split too"),
        ("duplicates", DOUBLE, "ask the same as an earlier one"),
        ("empty", EMPTY, "have an empty text"),
        ("control_tokens", EMPTY, "hold what a tokenizer takes for a control token"),
        ("identical_options", IDENTICAL, "have two options that are the same"),
    ):
        count = audit.get(name, 0)
        if count > most * rows:
            yield f"{count:,} of {rows:,} rows {told}"
    for unit, most in LONGER.items():
        longer = audit.get(f"gold_minus_wrong_{unit}", 0)
        if abs(longer) > most:
            side = "longer" if longer > 0 else "shorter"
            yield f"the right option is {abs(longer):.1f} {unit} {side} than the wrong ones"
    cut = audit.get("cut_mid_word", {})
    if cut and abs(cut["gold"] - cut["wrong"]) > CUT:
        wrong, gold = (f"{cut[side]:.0%}" for side in ("wrong", "gold"))
        yield f"{wrong} of the wrong options stop inside a word, {gold} of the right ones"
    known = audit.get("baselines", {})
    for cue, score in known.items():
        if score - known.get("majority", score) > TRIVIAL:
            yield f"the cue {cue.replace('_', ' ')} reaches {100 * score:.1f}"
