"""Sign-in page: in a real browser, a person with a key reads the documentation, and without one does not."""

from __future__ import annotations

import pytest

from serving.app import create_app
from tests.browser import open_page
from tests.running_application import running_application
from tests.serving.fakes import FakeRelease, Shop

pytestmark = pytest.mark.slow  # a browser

KEY = "a key of the environment"


def test_a_person_signs_in_reads_the_documentation_and_signs_out() -> None:
    app = create_app(lambda: Shop.of(FakeRelease(), keys=[KEY]).worker)
    with running_application(app) as url, open_page() as page:
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: complaints.append(request.url) if not request.url.startswith(url) else None)
        page.goto(f"{url}/docs")
        assert page.url == f"{url}/app/sign-in?next=%2Fdocs"
        page.fill("#key", KEY)
        page.click("button")
        page.wait_for_selector(".opblock")
        assert page.url == f"{url}/docs"
        page.click("text=Sign out")
        page.goto(url)
        assert page.url == f"{url}/app/sign-in?next=%2Fapp%2F"
        page.fill("#key", KEY)
        page.click("button")
        page.wait_for_selector("h1:has-text('Today')")
        assert page.url == f"{url}/app/"
        assert [complaint for complaint in complaints if not complaint.startswith("data:")] == []
