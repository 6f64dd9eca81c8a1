"""Chromium without a window, driven through WebDriver; what it complains of is kept."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

PROGRAMS = ("chromium", "chromedriver")  # Debian's packages chromium and chromium-driver
WORDS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
PATIENCE = 60  # seconds: the machine may be busy
DRAWN = "return [...document.querySelectorAll('.chart')].every(each => each.querySelector('svg'))"


def there() -> bool:
    """Say whether the programs are installed."""
    return all(map(shutil.which, PROGRAMS))


@contextmanager
def browser(width: int = 1400, height: int = 1000) -> Iterator[Chrome]:
    """Yield a browser that reaches nothing but files."""
    options = ChromeOptions()
    options.binary_location = shutil.which(PROGRAMS[0])
    for word in (
        *WORDS,
        f"--window-size={width},{height}",
        "--host-resolver-rules=MAP * ~NOTFOUND",
    ):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=Service(shutil.which(PROGRAMS[1])))
    try:
        yield driver
    finally:
        driver.quit()


def open_page(driver: Chrome, page: Path) -> None:
    """Open a page and wait until its last figure is drawn."""
    driver.get(page.as_uri())
    WebDriverWait(driver, PATIENCE, poll_frequency=0.02).until(lambda it: it.execute_script(DRAWN))


def complaints(driver: Chrome) -> list[str]:
    """Return what the console has said since it was asked last."""
    return [entry["message"] for entry in driver.get_log("browser")]
