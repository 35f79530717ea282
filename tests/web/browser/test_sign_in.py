"""Scenario: where keys exist, a person signs in with one and reads the page."""

from __future__ import annotations

import pytest

from tests.web.browser.visits import OpenVisit

pytestmark = pytest.mark.slow


def test_the_service_answers_in_a_browser(visit: OpenVisit, locked_url: str) -> None:
    page = visit(base_url=locked_url)
    page.goto("/")
    assert page.url.endswith("/app/sign-in?next=%2Fapp%2F")
