"""Compare the runs of two results folders: a change of code that should not alter results does not.

    python -m benchmarks.same_results before/results/mini after/results/mini

Every run file must be equal but for what names the code (`digests.code`, `digests.predictions`,
`key`) and settings that only one side records; every prediction equal in every value of the columns
that both have. Exit code 1 if anything differs.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

NAMES_CODE = ("code", "predictions")  # of `digests`


def differences(before: Path, after: Path) -> Iterator[str]:
    """Yield a line for every file that is on one side only or tells something else."""
    old, new = (
        {path.relative_to(top): path for path in top.glob("*/runs/**/*.json")}
        for top in (before, after)
    )
    for name in sorted(old.keys() ^ new.keys()):
        yield f"{name}: {'gone' if name in old else 'new'}"
    for name in sorted(old.keys() & new.keys()):
        left, right = (
            _told(json.loads(path.read_text(encoding="utf-8"))) for path in (old[name], new[name])
        )
        _leave_common_settings(left, right)
        for field in sorted(left.keys() | right.keys()):
            if left.get(field) != right.get(field):
                yield f"{name}: {field}: {left.get(field)!r} became {right.get(field)!r}"
        if not _same_predictions(old[name], new[name]):
            yield f"{name}: its predictions differ"


def _told(run: dict[str, Any]) -> dict[str, Any]:
    digests = {name: value for name, value in run["digests"].items() if name not in NAMES_CODE}
    return {**run, "digests": digests, "key": ""}


def _leave_common_settings(left: dict[str, Any], right: dict[str, Any]) -> None:
    common = left["recipe"].keys() & right["recipe"].keys()
    for run in (left, right):
        run["recipe"] = {name: run["recipe"][name] for name in common}


def _same_predictions(*runs: Path) -> bool:
    tables = [pq.read_table(_predictions(run)) for run in runs]
    common = [name for name in tables[0].column_names if name in tables[1].column_names]
    return tables[0].select(common).equals(tables[1].select(common)) and "id" in common


def _predictions(run: Path) -> Path:
    top = next(folder for folder in run.parents if folder.name == "runs")
    return top.parent / "predictions" / run.relative_to(top).with_suffix(".parquet")


def main() -> int:
    """Print what differs and how much was compared."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path, help="results/{scale} of the code before")
    parser.add_argument("after", type=Path, help="results/{scale} of the code after")
    folders = parser.parse_args()
    found = list(differences(folders.before, folders.after))
    count = len(list(folders.after.glob("*/runs/**/*.json")))
    print(*found, f"{count} runs compared, {len(found)} differences", sep="\n")
    return int(bool(found) or not count)


if __name__ == "__main__":
    sys.exit(main())
