"""Claims of a paper, registered before the run: `studies/<study>/claims.yaml`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stilts.errors import UserError
from stilts.files.strict_yaml import read_yaml
from stilts.question.chain import parse_chain
from stilts.question.file_forms import CLAIMS, demand_form

FILE = "claims.yaml"
WITHIN = ("equal", "not_lower")  # which mean nothing without a margin


def load_claims(path: Path | str) -> dict[str, dict[str, Any]]:
    """Read the claims of a file, by name, in its order.

    Raises:
        UserError: a claim is malformed, or states no source of its margin.
    """
    content = read_yaml(Path(path))
    demand_form(content, CLAIMS, str(path))
    for name, claim in content.items():
        _check(claim, f"{path}, {name}")
    return content


def _check(claim: Mapping[str, Any], where: str) -> None:
    for side in ("ours", "base"):
        for chain in claim[side].get("chains", ()):
            parse_chain(chain)
    if claim["expects"] in WITHIN and not claim.get("margin"):
        raise UserError(
            f"{where}: '{claim['expects']}' needs a 'margin' within which nothing is called a"
            " change"
        )
    if "margin" in claim and "margin_from" not in claim:
        raise UserError(f"{where}: 'margin_from' is missing: say where the margin is from")
    over, statistic, targets = claim["over"], claim["statistic"], claim["ours"].get("targets", ())
    if over in ("seeds", "models") and statistic != "mean":
        raise UserError(f"{where}: over {over} only the 'mean' has an interval: take over: targets")
    if over == "examples" and statistic != "score":
        raise UserError(f"{where}: over examples there is only a 'score'")
    if statistic == "score" and over not in ("examples", "targets"):
        raise UserError(f"{where}: a 'score' is over examples, or over targets")
    if over == "targets" and len(targets) < 2:
        raise UserError(f"{where}: over targets needs two of them")
    if len(claim["base"].get("targets", targets)) != len(targets):
        raise UserError(f"{where}: 'base' has other than {len(targets)} targets: pair each")
    if (claim["expects"] == "varies") != (over == "models"):
        raise UserError(f"{where}: over models a gain 'varies', and nothing else does")
