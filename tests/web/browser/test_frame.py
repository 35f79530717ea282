"""Scenarios of the frame: a failed update keeps the old numbers and tries again; charts are drawn from tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from serving.app import create_app
from serving.problems import Problem
from serving.web.environment import environment
from serving.web.language import Language
from serving.web.rendering import security_headers
from serving.web.routing import PageRoute, page_access
from serving.web.static_files import static_files
from tests.running_application import running_application
from tests.serving.fakes import FakeRelease, Shop
from tests.web.browser.visits import Visits

pytestmark = pytest.mark.slow

WEEKS = [(date(2026, 11, 9), 3, 1, 5), (date(2026, 11, 16), 4, 2, 6), (date(2026, 11, 23), None, None, None)]
PAGE = """{% import "macros.html" as ui with context %}<!DOCTYPE html>
<html lang="en"><head><title>Test</title><link rel="icon" href="{{ files["favicon.svg"].path }}">
<meta name="htmx-config" content='{"allowEval":false,"includeIndicatorStyles":false,"historyCacheSize":0}'>
<link rel="stylesheet" href="{{ files["page.css"].path }}">
<script src="{{ files["page.js"].path }}" defer></script></head>
<body data-stale-text="These numbers are old." data-language="en"><main>
<form action="/app/test-answer" hx-get="/app/test-answer" hx-target="#answer" hx-trigger="input">
<input type="range" id="share" name="share" min="0" max="1" step="0.1" value="0.5" data-format="percent">
<output for="share">50%</output></form><div id="answer">old numbers</div>
<form data-confirm="Really?" action="/app/test-answer"><button>Forget</button></form>
{% set weekly = [("Week", "day"), ("Orders", "number"), ("low", "number"), ("high", "number")] %}
{{ ui.chart("Orders by week.", weekly, weeks, band=(2, 3)) }}
{% set tiers = [("Tier", "text"), ("Customers", "number")] %}
{{ ui.chart("Customers by tier.", tiers, [("high", 3), ("low", 4)], kind="bars") }}
{{ ui.chart("Nothing yet.", tiers, []) }}
</main></body></html>"""


@pytest.fixture
def failures() -> list[int]:
    """The statuses with which the next updates fail."""
    return [503, 429]


@pytest.fixture
def page(browser: Browser, failures: list[int]) -> Iterator[Page]:
    """A page with a form whose first updates fail."""

    async def show(_: Request) -> Response:
        html = environment(Language.ENGLISH).from_string(PAGE).render(files=static_files(), weeks=WEEKS)
        return HTMLResponse(html, headers=security_headers(()))

    async def answer(request: Request) -> Response:
        if failures:
            raise Problem(failures.pop(0), "Later.", headers={"Retry-After": "1"})
        return HTMLResponse(f"new numbers {request.query_params['share']}")

    app = create_app(lambda: Shop.of(FakeRelease()).worker)
    for path, endpoint in (("/app/test", show), ("/app/test-answer", answer)):
        app.router.routes.insert(0, PageRoute(path, endpoint, dependencies=[page_access()]))
    with running_application(app) as url:
        visits = Visits(browser, url)
        page = visits.open()
        page.goto("/app/test")
        yield page
        assert [text for text in visits.complaints() if "Response Status Error" not in text] == []
        visits.close()


def test_a_failed_update_greys_the_old_numbers_and_tries_again(page: Page, failures: list[int]) -> None:
    page.locator("#share").fill("0.8")
    expect(page.locator("output")).to_have_text("80%")
    expect(page.locator("#answer")).to_have_class("stale")
    expect(page.locator("#answer")).to_have_text("old numbers")
    expect(page.locator(".stale-note")).to_have_text("These numbers are old.")
    expect(page.locator("#answer")).to_have_text("new numbers 0.8")
    expect(page.locator("#answer")).not_to_have_class("stale")
    expect(page.locator(".stale-note")).to_have_count(0)
    assert failures == []


def test_charts_are_drawn_from_their_tables(page: Page) -> None:
    for name in ("Orders by week.", "Customers by tier."):
        figure = page.get_by_role("figure").filter(has_text=name)
        expect(figure.locator("canvas")).to_have_count(1)
        assert figure.locator("canvas").evaluate(
            "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"
        )
    empty = page.get_by_role("figure").filter(has_text="Nothing yet.")
    expect(empty.locator("canvas")).to_have_count(0)
    expect(empty.locator(".canvas")).to_be_hidden()


def test_a_form_asks_once_and_is_not_sent_without_a_yes(page: Page, failures: list[int]) -> None:
    questions: list[str] = []

    def decline(dialog: Dialog) -> None:
        questions.append(dialog.message)
        dialog.dismiss()

    page.once("dialog", decline)
    page.get_by_role("button", name="Forget").click()
    assert (questions, page.url.rpartition("/")[2], failures) == (["Really?"], "test", [503, 429])
