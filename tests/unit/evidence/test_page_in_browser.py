"""The page as a reader meets it: opened in Chromium, hovered, clicked, sorted, in the dark."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.toys import browser
from tests.toys.finished_page import finish

pytestmark = pytest.mark.skipif(not browser.there(), reason="Debian's chromium is not installed")
ROWS = "return document.querySelectorAll('dialog[open] tbody tr').length"
LOST = """
return [...document.querySelectorAll('nav a, .skip')].map(each => each.hash.slice(1))
  .filter(name => !document.getElementById(name))
"""
DOT = ".chart svg path[aria-roledescription='point']"


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Return the page in a folder of its own: nothing else is needed to read it."""
    made = finish(tmp_path_factory.mktemp("project"))
    return Path(shutil.copy(made, tmp_path_factory.mktemp("elsewhere")))


@pytest.fixture(scope="module")
def shared():
    with browser.browser() as driver:
        yield driver


@pytest.fixture
def driver(shared, page):
    browser.complaints(shared)
    shared.get("about:blank")
    browser.open_page(shared, page)
    yield shared
    assert browser.complaints(shared) == []


def wait(driver, condition):
    return WebDriverWait(driver, browser.PATIENCE, poll_frequency=0.05).until(condition)


def texts(driver, selector):
    return [each.text for each in driver.find_elements(By.CSS_SELECTOR, selector)]


def picture(driver, element):
    """Scroll to an element; return what is seen of it, `[rows, columns, 3]` from 0 to 1."""
    driver.execute_script("arguments[0].scrollIntoView({behavior: 'instant'})", element)
    box = driver.execute_script("return arguments[0].getBoundingClientRect()", element)
    left, top, right, bottom = (
        max(0, int(box[name])) for name in ("left", "top", "right", "bottom")
    )
    return imread(io.BytesIO(driver.get_screenshot_as_png()))[top:bottom, left:right, :3]


def in_the_dark(driver, dark):
    media = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})


def test_every_figure_is_painted(driver):
    figures = driver.find_elements(By.CSS_SELECTOR, "figure > .chart, figure > img")
    assert len(figures) == 3
    for figure in figures:
        pixels = picture(driver, figure)
        colours = np.unique((pixels * 255).astype(np.uint8).reshape(-1, 3), axis=0)
        assert len(colours) > 50
        painted = (np.abs(pixels - pixels[0, 0]).max(-1) > 0.1).mean()
        assert 0.01 < painted < 0.7


def test_a_run_that_is_pointed_at_says_its_place_in_the_grid_and_its_score(driver):
    dot = driver.find_elements(By.CSS_SELECTOR, DOT)[20]
    ActionChains(driver).scroll_to_element(dot).move_to_element(dot).perform()
    wait(driver, lambda it: texts(it, "#vg-tooltip-element.visible td.key"))
    told = dict(
        zip(
            texts(driver, "#vg-tooltip-element td.key"),
            texts(driver, "#vg-tooltip-element td.value"),
            strict=True,
        )
    )
    assert {"lr", "batch", "warmup", "seed", "score", "chain", "is"} <= told.keys()
    assert float(told["lr"]) in (5e-6, 1e-5, 2e-5) and told["batch"] in ("8", "16", "32")


def test_a_run_that_is_clicked_shows_its_record_and_escape_closes_it(driver):
    dot = driver.find_elements(By.CSS_SELECTOR, DOT)[20]
    ActionChains(driver).scroll_to_element(dot).move_to_element(dot).click().perform()
    wait(driver, lambda it: "#run:" in it.current_url)
    said = driver.find_element(By.CSS_SELECTOR, "dialog[open]").text
    for word in ("Settings, with their origin", "grid", "Digests", "checkpoint", "score"):
        assert word in said
    ActionChains(driver).send_keys(Keys.ESCAPE).perform()
    wait(driver, lambda it: "#run" not in it.current_url)
    assert not driver.find_elements(By.CSS_SELECTOR, "dialog[open]")


def test_every_number_of_ours_leads_to_runs_or_scores(driver):
    links = driver.execute_script(
        "return [...document.querySelectorAll('td a')].map(each => each.getAttribute('href'))"
    )
    assert len(links) > 50
    for link in dict.fromkeys(links):
        driver.execute_script("location.hash = arguments[0]", link)
        wait(driver, lambda it: it.execute_script(ROWS))


def test_every_place_that_the_page_points_to_is_there(driver):
    assert driver.execute_script(LOST) == []


def test_a_table_sorts_by_number_up_and_down_and_what_is_missing_stays_last(driver):
    table = driver.find_element(By.CSS_SELECTOR, "table[data-name=table_1]")
    heads = table.find_elements(By.CSS_SELECTOR, "th")
    place = [head.text for head in heads].index("Validation")
    for mark in ("ascending", "descending"):
        heads[place].find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
        assert heads[place].get_attribute("aria-sort") == mark
        column = [
            row.find_elements(By.TAG_NAME, "td")[place].text
            for row in table.find_elements(By.CSS_SELECTOR, "tbody tr")
        ]
        numbers = [int(cell.replace(",", "")) for cell in column if cell != "not available"]
        assert numbers == sorted(numbers, reverse=mark == "descending") and len(set(numbers)) > 1
        assert column[len(numbers) :] == ["not available"] * (len(column) - len(numbers))


def test_in_the_dark_the_ground_is_dark_and_the_writing_light(driver):
    try:
        shades = {}
        for dark in (False, True):
            in_the_dark(driver, dark)
            shades[dark] = picture(driver, driver.find_element(By.TAG_NAME, "nav")).mean()
        assert shades[False] > 0.8 and shades[True] < 0.25
        figure = driver.find_element(By.CSS_SELECTOR, ".chart")
        pixels = picture(driver, figure).mean(-1)
        assert np.median(pixels) < 0.2 and pixels.max() > 0.8
    finally:
        in_the_dark(driver, False)


def test_on_paper_stands_the_printed_figure_and_no_contents(driver):
    try:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        driver.execute_script("dispatchEvent(new Event('beforeprint'))")
        assert not driver.find_element(By.TAG_NAME, "nav").is_displayed()
        assert not driver.find_element(By.CSS_SELECTOR, ".chart").is_displayed()
        assert driver.find_element(By.CSS_SELECTOR, ".printed img").is_displayed()
    finally:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
