"""Which intermediate tasks to take for each target, before any run of it: what to print."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from stilts.evidence.advice import STATIC, estimates_of, gains_of, picks, static_of, titles
from stilts.evidence.numbers import NOT_AVAILABLE

SHOWN = 3
WIDTH = 18  # of a name


def advice_text(studies: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the candidates that each estimator ranks highest, target by target.

    The static ranking is shown as far as runs of other targets are there; runs of a target itself
    are not looked at.

    Args:
        studies: see `stilts.question.advise.advise_spec`.
    """
    lines = [line for study, told in studies.items() for line in _study(study, told)]
    return "\n".join(lines).rstrip("\n")


def _study(study: str, told: Mapping[str, Any]) -> Iterator[str]:
    table, runs = pd.read_csv(told["estimates"]), _runs(told["runs"])
    if not len(table):
        yield f"{study}: no chain could be taken for a target: name some beside 'none'"
    for model, of_model in table.groupby("model", sort=False):
        said = estimates_of(of_model)
        gains = gains_of(runs[runs["model"] == model])
        static = static_of(gains, said["target"].unique()).assign(estimator=STATIC)
        said = pd.concat([part for part in (said, static) if len(part)])
        for target in of_model["target"].unique():
            found = said[said["target"] == target]
            count = found["base"].nunique()
            title = told["titles"].get(target, target)
            yield f"{title} ({study}, {model}): the first {min(SHOWN, count)} of {count} chains"
            for name, words in titles().items():
                best = picks(found[found["estimator"] == name], "value", SHOWN)
                yield f"  {words:<{WIDTH}}{', '.join(best) or _why_not(name)}"
            yield ""


def _why_not(name: str) -> str:
    reason = "no run of another target is there" if name == STATIC else "the target has no classes"
    return f"{NOT_AVAILABLE}: {reason}"


def _runs(cells: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the runs that are there and are what is asked for."""
    rows = []
    for told in cells:
        model, chain, target = told["cell"]
        for point in told["points"]:
            file = Path(told["folder"], f"{point}.json")
            if told["wanted"].is_met(file):
                score = json.loads(file.read_text(encoding="utf-8"))["score"]
                rows.append((model, chain, target, point, score))
    columns = ["model", "chain", "target", "point", "score"]
    return pd.DataFrame(rows, columns=columns).astype({"score": "float64"})
