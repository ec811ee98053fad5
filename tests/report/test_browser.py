"""The page of a run in headless Chromium: sorting, filters, links, both colour schemes, narrow and wide."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.plot.runs_by_hand import run_by_hand

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
webdriver = pytest.importorskip("selenium.webdriver", reason="the package selenium is not installed")
from selenium.webdriver.chrome.service import Service  # noqa: E402 - after the package is known to be there
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.select import Select  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

pytestmark = [
    pytest.mark.skipif(BROWSER is None, reason="needs the program chromium (Debian's package chromium)"),
    pytest.mark.skipif(DRIVER is None, reason="needs the program chromedriver (Debian's package chromium-driver)"),
]
NAMES = {"a": "reverse", "b": "central-difference", "b (order=4)": "central-difference (order=4)"}


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    profile = tmp_path_factory.mktemp("profile")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.add_argument(f"--user-data-dir={profile}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    made = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    yield made
    made.quit()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    return run_by_hand(NAMES).report(tmp_path_factory.mktemp("report") / "r.html").as_uri()


@pytest.fixture
def page(driver, address):
    """The page, opened anew; at the end, nothing was complained about and nothing was asked for but the page."""
    size(driver, 1400, 900)
    colours(driver, "light")
    driver.get("about:blank")
    logs(driver)
    driver.get(address)
    driver.execute_script("document.documentElement.style.scrollBehavior = 'auto'")
    yield driver
    complaints, asked = logs(driver)
    assert complaints == []
    assert {url.partition("#")[0] for url in asked} <= {address, "data:,"}


def logs(driver):
    """What the console holds, and every address asked for, since the last time."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    return driver.get_log("browser"), asked


def size(driver, width, height):
    shape = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)


def colours(driver, scheme):
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def column(driver, place):
    """Texts of one column of the rows that are shown."""
    script = """return Array.from(document.querySelectorAll("#all tbody tr")).filter(r => r.offsetHeight)
                .map(r => r.cells[arguments[0]].innerText.split("\\n")[0])"""
    return driver.execute_script(script, place)


def place_of(driver, title):
    heads = driver.find_elements("css selector", "#all th")
    return next(i for i, head in enumerate(heads) if head.text.split("\n")[0] == title)


def head(driver, title):
    return driver.find_elements("css selector", "#all th button")[place_of(driver, title)]


def shown(driver, text):
    """Whether the line above the table says this, at once or within some seconds: a choice in a list takes a moment."""
    WebDriverWait(driver, 10).until(lambda found: found.find_element("id", "shown").text == text)
    return True


def test_a_column_of_numbers_sorts_by_value_both_ways(page):
    """Up, then down; what was not timed is last both ways."""
    place = place_of(page, "median")
    for direction, sign in (("ascending", 1), ("descending", -1)):
        head(page, "median").click()
        cells = column(page, place)
        assert cells[-1] == "–"
        numbers = [sign * float(cell) for cell in cells[:-1]]
        assert len(numbers) == 19 and numbers == sorted(numbers)
        assert page.find_elements("css selector", "#all th")[place].get_attribute("aria-sort") == direction


def test_a_header_sorts_by_keyboard_and_size_is_a_number(page):
    button = head(page, "size")
    page.execute_script("arguments[0].focus()", button)
    button.send_keys(Keys.ENTER)
    # Not in the order of their texts, which is 10, 100, 3, 4.
    assert list(dict.fromkeys(column(page, place_of(page, "size")))) == ["3", "4", "10", "100"]
    button.send_keys(Keys.SPACE)
    assert list(dict.fromkeys(column(page, place_of(page, "size")))) == ["100", "10", "4", "3"]


def test_texts_sort_with_their_numbers_as_numbers(page):
    head(page, "case").click()
    assert list(dict.fromkeys(column(page, 0))) == ["curve (3)", "curve (4)", "line (10)", "line (100)"]


def test_filters_narrow_together_and_are_cleared(page):
    assert shown(page, "20 of 20 records")
    page.find_element("id", "text").send_keys("DIFFERENCE curve")
    assert shown(page, "4 of 20 records") and len(column(page, 0)) == 4
    Select(page.find_element("id", "status")).select_by_value("inaccurate")
    assert shown(page, "1 of 20 records") and column(page, 1) == ["central-difference"]
    Select(page.find_element("id", "problem")).select_by_value("line")
    assert shown(page, "0 of 20 records")
    page.find_element("id", "clear").click()
    assert shown(page, "20 of 20 records")
    Select(page.find_element("id", "method")).select_by_value("reverse")
    assert set(column(page, 1)) == {"reverse"} and len(column(page, 1)) == 4


def test_a_reason_is_found_and_read_as_text(page):
    page.find_element("id", "text").send_keys("alert(1)")
    assert shown(page, "2 of 20 records")
    cell = page.find_element("css selector", "#all tbody tr:not([hidden]) small")
    assert cell.text.startswith("<script>alert(1)</script>")


def test_a_link_leads_to_its_row_also_when_it_was_hidden(page):
    Select(page.find_element("id", "method")).select_by_value("by-hand")
    assert shown(page, "4 of 20 records") and not page.find_element("id", "record-9").is_displayed()
    link = page.find_element("css selector", "#cases a[href='#record-9']")
    link.click()
    row = page.find_element("id", "record-9")
    assert row.is_displayed() and "failed" in row.text
    top, bottom, height = page.execute_script(
        "const b = arguments[0].getBoundingClientRect(); return [b.top, b.bottom, innerHeight]", row
    )
    assert top >= 0 and bottom <= height
    row.find_element("css selector", "a").click()
    assert page.execute_script("return location.hash") == "#case-1"


def test_a_count_of_the_summary_filters_the_table(page):
    page.find_element("css selector", "#summary a[data-status='failed']").click()
    assert shown(page, "1 of 20 records")
    page.find_element("css selector", "#cases a[data-problem='curve']").click()
    assert shown(page, "10 of 20 records")


def test_numbers_behind_a_picture_open(page):
    details = page.find_element("css selector", "#picture-ratio details")
    assert not details.find_element("css selector", "table").is_displayed()
    details.find_element("css selector", "summary").click()
    cells = details.find_elements("css selector", "tbody tr:first-child td")
    assert [cell.text for cell in cells] == ["reverse", "4", "1.00", "3.94", "10.0"]  # the fourth root of 240


@pytest.mark.parametrize("width", [390, 800, 1400])
def test_the_page_never_scrolls_sideways(page, width):
    size(page, width, 900)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width


def test_rows_are_cards_on_a_phone_and_sort_there(page):
    size(page, 390, 900)
    assert not page.find_element("css selector", "#all thead").is_displayed()
    Select(page.find_element("id", "key")).select_by_visible_text("median [µs]")
    page.find_element("id", "way").click()
    first = page.find_element("css selector", "#all tbody tr")
    label = "return getComputedStyle(arguments[0].querySelectorAll('td')[arguments[1]], '::before').content"
    assert first.get_attribute("id") == "record-19"  # 20 µs, the slowest
    assert page.execute_script(label, first, 7) == '"median [µs]"'


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out_from_the_paper(page, scheme):
    """Contrast of 4.5 and more for letters, links and statuses, and of 3 for the first lines of a picture.

    The bounds are those of WCAG 2.2, 1.4.3 and 1.4.11. The light palette's pink, orange and sky blue are lighter than
    that, and told apart by their marks and dashes.
    """
    colours(page, scheme)
    paper = channels(page, "backgroundColor", "body")
    letters = ["body", "a", ".ok", ".inaccurate", ".failed", ".about", "thead small", "figcaption"]
    for selector in letters:
        assert contrast(channels(page, "color", selector), paper) >= 4.5, selector
    for number in (0, 1, 2):
        marks = page.find_elements("css selector", f"#picture-profile [style*='stroke: var(--s{number})']")
        assert contrast(channels(page, "stroke", marks[0]), paper) >= 3.0, number


def channels(driver, name, element):
    script = """const e = typeof arguments[1] === "string" ? document.querySelector(arguments[1]) : arguments[1];
                return getComputedStyle(e)[arguments[0]].match(/[\\d.]+/g).slice(0, 3).map(Number)"""
    return driver.execute_script(script, name, element)


def contrast(one, other):
    """Ratio of relative luminances, WCAG 2.2."""

    def luminance(colour):
        parts = [c / 255 for c in colour]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
