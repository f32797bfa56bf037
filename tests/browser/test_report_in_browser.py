"""The report in a real browser: it asks for nothing, fits a telephone, and prints with all its depth."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from auditc.reports import reports
from tests.reports.material import extreme, material

pytestmark = pytest.mark.browser

WIDTHS = (1280, 390)
OVERLAPS = """
    const bad = [];
    for (const svg of document.querySelectorAll('svg[role=img]')) {
        const boxes = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBBox()]);
        boxes.forEach(([a, p], i) => boxes.slice(i + 1).forEach(([b, q]) => {
            const x = Math.min(p.x + p.width, q.x + q.width) - Math.max(p.x, q.x);
            const y = Math.min(p.y + p.height, q.y + q.height) - Math.max(p.y, q.y);
            if (x > 1 && y > 3) bad.push(a + ' / ' + b);
        }));
    }
    return bad;
"""
"""Three units of height are the room that a line of type keeps above and below its letters."""


class Browser:
    """Chromium without a window, and what it asked for and complained of."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, path: Path, width: int) -> None:
        self.driver.get_log("performance")
        self.driver.get_log("browser")
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get(path.as_uri())

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def requests(self) -> list[str]:
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def printed(self) -> bytes:
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        settings = {"preferCSSPageSize": True, "printBackground": False}
        return base64.b64decode(self.driver.execute_cdp_cmd("Page.printToPDF", settings)["data"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = shutil.which("chromium") or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield Browser(driver)
    driver.quit()


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """`rendered("en")`, `rendered("extreme.zh")`: the path of a report."""
    folder = tmp_path_factory.mktemp("reports")

    def path(name: str) -> Path:
        language = name.removeprefix("extreme.")
        made = extreme(language) if name.startswith("extreme.") else material(language)
        return reports.take("html").render(made, folder / name)

    return path


@pytest.mark.parametrize("name", ["en", "zh", "extreme.en"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_asks_for_nothing_complains_of_nothing_and_fits(
    browser: Browser, rendered: Callable[[str], Path], name: str, width: int
) -> None:
    path = rendered(name)
    browser.open(path, width)
    assert {url for url in browser.requests() if not url.startswith("data:")} <= {path.as_uri()}
    assert browser.run("return performance.getEntriesByType('resource').map(e => e.name)") == []
    assert browser.complaints() == []
    wide = "return document.scrollingElement.scrollWidth - innerWidth"
    assert browser.run(wide) <= 0
    browser.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.run(wide) <= 0


@pytest.mark.parametrize("name", ["en", "zh", "extreme.en", "extreme.zh"])
def test_labels_of_figures_do_not_lie_on_each_other(
    browser: Browser, rendered: Callable[[str], Path], name: str
) -> None:
    browser.open(rendered(name), 1280)
    browser.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.run(OVERLAPS) == []


def test_marks_of_a_map_lie_inside_its_frame_and_a_unit_is_as_long_across_as_up(
    browser: Browser, rendered: Callable[[str], Path]
) -> None:
    browser.open(rendered("en"), 1280)
    outside = """
        const edge = document.querySelector('.map .edge').getBoundingClientRect();
        return [...document.querySelectorAll('.map svg[role=img] text.place')].filter(t => {
            const b = t.getBoundingClientRect();
            const aside = b.left < edge.left - 1 || b.right > edge.right + 1;
            return aside || b.top < edge.top - 3 || b.bottom > edge.bottom + 3;
        }).map(t => t.textContent);
    """
    assert browser.run(outside) == []
    steps = """
        const at = (anchor, side) => [...document.querySelectorAll('.map svg[role=img] text.tick')]
            .filter(t => t.getAttribute('text-anchor') === anchor)
            .map(t => [parseFloat(t.textContent.replace('\u2212', '-')), parseFloat(t.getAttribute(side))]);
        return [at('middle', 'x'), at('end', 'y')].map(
            t => Math.abs((t.at(-1)[1] - t[0][1]) / (t.at(-1)[0] - t[0][0])));
    """
    across, up = browser.run(steps)
    assert across == pytest.approx(up, rel=0.02)


def test_lanes_have_their_names_beside_them(browser: Browser, rendered: Callable[[str], Path]) -> None:
    browser.open(rendered("zh"), 390)
    beyond = """
        const left = e => e.getBoundingClientRect().left;
        return [...document.querySelectorAll('.lanes svg[role=img] text.lane')]
            .filter(t => left(t) < left(t.ownerSVGElement) - 2).map(t => t.textContent);
    """
    assert browser.run("return document.querySelectorAll('.lanes text.lane').length") > 20
    assert browser.run(beyond) == []


def test_letters_can_be_read_on_a_telephone(browser: Browser, rendered: Callable[[str], Path]) -> None:
    browser.open(rendered("en"), 390)
    browser.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    smallest = """
        return Math.min(...[...document.querySelectorAll('svg[role=img] text')].map(t =>
            parseFloat(getComputedStyle(t).fontSize) * t.getCTM().a));
    """
    assert browser.run(smallest) >= 9


def test_a_link_to_a_figure_opens_what_it_lies_in(browser: Browser, rendered: Callable[[str], Path]) -> None:
    browser.open(rendered("en"), 1280)
    row = "return document.querySelector('table.key td a').hash.slice(1)"
    target = browser.run(row)
    visible = "return document.getElementById(arguments[0]).checkVisibility({contentVisibilityAuto: true})"
    assert not browser.run(visible, target)
    browser.run("document.querySelector('table.key td a').click()")
    assert browser.run(visible, target)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_prints_with_all_its_depth(browser: Browser, rendered: Callable[[str], Path], language: str) -> None:
    browser.open(rendered(language), 1280)
    closed = browser.printed()
    pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", closed))
    assert 20 <= pages <= 90
    browser.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    opened = browser.printed()
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", opened)) == pages
