"""python -m benchmarks.gpu: is the engine right and fast on this machine's GPU? In ten minutes.

It needs torch, transformers and what they bring along; no network, none of the project's own
environment.
"""

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

LEAST = {"torch": (2, 11), "transformers": (5, 17)}
NEEDED = ("torch", "transformers", "numpy", "yaml", "safetensors", "tokenizers", "tqdm")
RESULTS = Path(__file__).parents[1] / "RESULTS-gpu.md"
TOY = Path(tempfile.gettempdir()) / "RESULTS-gpu-toy.md"
SPARE = 5.0  # seconds, to end what is at work


def _read(words: Sequence[str] | None) -> argparse.Namespace:
    from benchmarks.gpu.conduct import PARTS

    known = {part.name: part for part in PARTS}
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--minutes", type=float, default=8.0, help="for all of it (default: 8)")
    parser.add_argument("--out", type=Path, help=f"where the report goes (default: {RESULTS})")
    parser.add_argument("--only", help=f"parts by comma: {','.join(known)} (default: all)")
    parser.add_argument("--toy", action="store_true", help="tiny shapes, to see that it runs")
    chosen = parser.parse_args(words)
    names = chosen.only.split(",") if chosen.only else list(known)
    for name in names:
        if name not in known:
            parser.error(f"no part {name!r}: use {', '.join(known)}")
    chosen.parts = [known[name] for name in names]
    chosen.out = chosen.out or (TOY if chosen.toy else RESULTS)
    return chosen


def _unfit() -> str:
    """Return what this Python lacks, as the start of a sentence, or nothing."""
    if sys.version_info < (3, 11):  # noqa: UP036, `make gpu` takes the Python that it is given
        return "is older than Python 3.11"
    missing = [name for name in NEEDED if not find_spec(name)]
    if missing:
        return f"lacks {', '.join(missing)}"
    for name, least in LEAST.items():
        with contextlib.suppress(PackageNotFoundError, ValueError):  # built from source, perhaps
            if tuple(map(int, version(name).split(".")[:2])) < least:
                return f"has {name} {version(name)}, older than {'.'.join(map(str, least))}"
    return ""


def main(words: Sequence[str] | None = None) -> int:
    """Measure, write the report, and return 0, 1 if something failed, or 128 + a signal."""
    unfit = _unfit()
    if unfit:
        return _error(f"{sys.executable} {unfit}: name another by make gpu PYTHON=/path/to/python3")
    from benchmarks.gpu.conduct import Refused, Stopped, conduct, stoppable
    from benchmarks.gpu.report import Report, Section

    chosen = _read(words)
    report = Report(chosen.out, chosen.toy, [Section(part.title) for part in chosen.parts])
    try:
        with stoppable():
            conduct(chosen.parts, report, 60 * chosen.minutes - SPARE)
    except Refused as refused:
        return _error(str(refused))
    except OSError as error:
        return _error(f"{chosen.out}: {error}: name another place by --out")
    except Stopped as stopped:
        print(f"{report.state}: what was found stands in {chosen.out}", file=sys.stderr)
        return 128 + stopped.number
    print(f"{report.state}, {report.count()}: {chosen.out}", file=sys.stderr)
    return 1 if report.failures else 0


def _error(text: str) -> int:
    print(f"error: {text}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
