"""python -m benchmarks: measure the engine and the workflow against the customary ways."""

import argparse
import importlib
import os
import time
import warnings
from pathlib import Path

# Before the libraries are imported: only the tables are to be read.
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# Planning first: a child counts the memory that its parent had when it was started as its own.
PARTS = ("planning", "page", "trainer", "sweep", "peak", "sharing", "generation")
RESULTS = Path(__file__).with_name("RESULTS.md")


def main(words: list[str] | None = None) -> None:
    """Run the chosen parts, print their tables and write them all into one file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", help=f"parts by comma: {','.join(PARTS)} (default: all)")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the tables go")
    parser.add_argument("--toy", action="store_true", help="tiny sizes, to see that it runs")
    chosen = parser.parse_args(words)
    parts = chosen.only.split(",") if chosen.only else PARTS
    for part in parts:
        if part not in PARTS:
            parser.error(f"no part {part!r}: use {', '.join(PARTS)}")
    from benchmarks.machine import describe

    warnings.filterwarnings("ignore")  # of the libraries, about what is compared on purpose
    pages = [f"# Benchmarks\n\nWritten by `make bench`.\n\n{describe()}\n"]
    for part in parts:
        start = time.monotonic()
        table = str(importlib.import_module(f"benchmarks.{part}").run(chosen.toy))
        pages.append(f"{table}\nTook {time.monotonic() - start:.0f} s.\n")
        print(pages[-1], flush=True)
        chosen.out.write_text(
            "\n".join(pages), encoding="utf-8"
        )  # after every part: a later one may be stopped


if __name__ == "__main__":
    main()
