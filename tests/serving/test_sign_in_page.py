"""Sign-in page: in a real browser, a person with a key reads the documentation, and without one does not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from fastapi import FastAPI

from serving.app import create_app
from tests.browser import open_page
from tests.free_ports import free_port
from tests.serving.fakes import FakeRelease, Shop

pytestmark = pytest.mark.slow  # a browser

KEY = "a key of the environment"


@contextmanager
def running_server(app: FastAPI) -> Iterator[str]:
    """The address of an application that a thread of this process serves."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, ws="none", log_level="error"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def test_a_person_signs_in_reads_the_documentation_and_signs_out() -> None:
    app = create_app(lambda: Shop.of(FakeRelease(), keys=[KEY]).worker)
    with running_server(app) as url, open_page() as page:
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: complaints.append(request.url) if not request.url.startswith(url) else None)
        page.goto(url)
        assert page.url == f"{url}/sign-in"
        page.fill("#key", KEY)
        page.click("button")
        page.wait_for_selector(".opblock")
        assert page.url == f"{url}/docs"
        page.click("text=Sign out")
        page.goto(f"{url}/docs")
        assert page.url == f"{url}/sign-in"
        assert [complaint for complaint in complaints if not complaint.startswith("data:")] == []
