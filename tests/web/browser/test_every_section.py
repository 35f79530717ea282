"""Scenarios of every section: accessible in both themes, small, in Chinese on a phone, and without scripts."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Response, expect

from tests.web.browser.sections import SECTIONS
from tests.web.browser.visits import PHONE, OpenVisit

pytestmark = pytest.mark.slow

FIRST = "/app/"  # the view with which a visit begins; the others find its styles and scripts in the browser
SERIOUS = {"serious", "critical"}
MAX_VIEW_BYTES, MAX_REQUESTS, MAX_HTML_BYTES = 60_000, 8, 8_000  # compressed


def serious_findings(page: Page) -> list[str]:
    """Serious and critical findings of axe-core, each with the elements that it concerns."""
    violations = Axe().run(page).response["violations"]
    return [
        f"{violation['id']}: {', '.join(str(node['target']) for node in violation['nodes'])}"
        for violation in violations
        if violation["impact"] in SERIOUS
    ]


@pytest.mark.parametrize("path", SECTIONS)
def test_a_section_has_no_serious_finding_of_axe_in_either_theme(visit: OpenVisit, path: str) -> None:
    page = visit(reduced_motion="reduce")  # no colour is measured on its way to another
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    findings = {"light": serious_findings(page)}
    page.emulate_media(color_scheme="dark")
    findings["dark"] = serious_findings(page)
    assert findings == {"light": [], "dark": []}


@pytest.mark.parametrize("path", SECTIONS)
def test_a_section_is_small_and_so_is_the_first_view(page: Page, path: str) -> None:
    responses: list[Response] = []

    def collect(response: Response) -> None:
        responses.append(response)

    page.on("response", collect)
    page.goto(path, wait_until="networkidle")
    sizes = {response.url: response.request.sizes()["responseBodySize"] for response in responses}
    html = next(size for url, size in sizes.items() if url.endswith(path))
    assert len(sizes) <= MAX_REQUESTS, sizes
    assert path != FIRST or sum(sizes.values()) <= MAX_VIEW_BYTES, sizes
    assert html <= MAX_HTML_BYTES, sizes


@pytest.mark.parametrize(("path", "heading"), SECTIONS.items())
def test_a_section_is_in_chinese_and_fits_a_phone(visit: OpenVisit, path: str, heading: str) -> None:
    page = visit(locale="zh-CN", viewport=PHONE)
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    assert page.locator("html").get_attribute("lang") == "zh"
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("path", SECTIONS)
def test_a_section_can_be_read_without_scripts(visit: OpenVisit, path: str) -> None:
    page = visit(java_script_enabled=False)
    page.goto(path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    for chart in page.locator("figure.chart").all():
        expect(chart.locator("summary")).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="Quality").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Quality")
