"""What a run has found, in ten lines: python -m stilts.commands.verdicts results/mini."""

import csv
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from stilts.files.strict_yaml import read_yaml

LINES, WIDTH = 10, 100
OPEN = "cannot tell"
OF_SEVERAL = {"holds": "hold", "does not hold": "do not hold", OPEN: "cannot be told"}


def ending(top: Path) -> str:
    """Return the verdicts of a run and where to look, in at most ten lines.

    Each study has a line that counts; claims that hold or do not follow, as many as there is room.

    Args:
        top: the folder of a scale, `results/<scale>`.
    """
    studies = {name: _claims(top / name) for name in read_yaml(top / "config.yaml")["studies"]}
    told = {name: list(_decided(claims)) for name, claims in studies.items() if claims}
    room = LINES - len(told) - 2
    shares = _shares([len(lines) for lines in told.values()], room)
    lines = []
    for (name, decided), share in zip(told.items(), shares, strict=True):
        lines += [_count(name, studies[name]), *decided[:share]]
    lines += ["No study of this run has claims."] * (not told)
    look = f"Look at {top}/report.html: every claim, table, figure and run on one page"
    return "\n".join([*lines, look, f"         {top}/*/figures, {top}/*/tables: their files"])


def _claims(study: Path) -> list[dict[str, str]]:
    file = study / "tables" / "claims.csv"
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _verdict(claim: dict[str, str]) -> str:
    return claim["Verdict"].partition(",")[0]


def _count(study: str, claims: list[dict[str, str]]) -> str:
    counts = Counter(map(_verdict, claims))
    said = ", ".join(f"{count} {OF_SEVERAL[verdict]}" for verdict, count in counts.most_common())
    _, comma, where = claims[0]["Verdict"].partition(",")
    return f"{study}: of {len(claims)} claims {said}{comma}{where}"


def _decided(claims: list[dict[str, str]]) -> Iterator[str]:
    for claim in claims:
        if _verdict(claim) != OPEN:
            about = f" ({claim['Model']})" if claim.get("Model") else ""
            says = textwrap.shorten(claim["Claim"] + about, WIDTH - 18, placeholder=" …")
            yield f"  {_verdict(claim) + ':':15} {says}"


def _shares(wanted: list[int], room: int) -> list[int]:
    """Deal out lines in turn until there are none left or nobody wants one."""
    shares = [0] * len(wanted)
    hands = zip_longest(*([place] * count for place, count in enumerate(wanted)))
    dealt = (place for hand in hands for place in hand if place is not None)
    for place, _ in zip(dealt, range(max(room, 0)), strict=False):
        shares[place] += 1
    return shares


if __name__ == "__main__":
    print(ending(Path(sys.argv[1])))
