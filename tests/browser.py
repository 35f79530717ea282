"""Browser: Debian's Chromium, driven by Playwright, for tests of the pages that people look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
VIEWPORT = ViewportSize(width=1440, height=1000)
TIMEOUT_MS = 60_000  # a page of scripts on two busy cores


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A fresh browser; only one can be open, for Playwright runs an event loop."""
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_program(), args=options)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def open_page() -> Iterator[Page]:
    """An empty page of a fresh browser, without cookies."""
    with open_browser() as browser:
        page = browser.new_page(viewport=VIEWPORT)
        page.set_default_timeout(TIMEOUT_MS)
        yield page


def browser_program() -> str:
    """The path of Chromium; without it the test is skipped, or fails in CI."""
    for program in PROGRAMS:
        if path := shutil.which(program):
            return path
    missing = f"Found none of {', '.join(PROGRAMS)}. Install the package chromium."
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)
