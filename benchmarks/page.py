"""What it takes to open the page of a whole sweep, to its last figure."""

import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.table import Table, progress
from tests.toys import browser
from tests.toys.finished_page import finish
from tests.toys.invented_results import runs


def run(toy: bool = False) -> Table:
    """Open the page of the invented study in Chromium, as often as `toy` says, and time it."""
    header = ("runs", "size", "opened to its last figure", "slowest")
    note = "The page of an invented sweep in Chromium without a window; median of several openings."
    if not browser.there():
        return Table("Page", header, [("–", "–", "not measured: no chromium here", "–")], note)
    with tempfile.TemporaryDirectory() as folder:
        progress("page: writing and opening it")
        page = finish(Path(folder))
        times = _opened(page, 1 if toy else 7)
        size = page.stat().st_size / 1e6
    row = (f"{len(runs()):,}", f"{size:.1f} MB", f"{median(times):.2f} s", f"{max(times):.2f} s")
    return Table("Page", header, [row], note)


def _opened(page: Path, rounds: int) -> list[float]:
    times = []
    with browser.browser() as driver:
        for _ in range(rounds):
            driver.get("about:blank")
            start = time.perf_counter()
            browser.open_page(driver, page)
            times.append(time.perf_counter() - start)
    return times
