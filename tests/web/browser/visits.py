"""Visits: pages in fresh browser contexts, and what they complain about."""

from __future__ import annotations

from typing import Any, Protocol

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, ViewportSize

from tests.browser import TIMEOUT_MS

DESKTOP, PHONE = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
# What is no fault: how Chromium words an answer such as 404, which a scenario may expect, and how htmx words a request
# that a newer one of the same form replaced.
EXPECTED = ("Failed to load resource", "htmx:afterRequest", "htmx:sendAbort")


class OpenVisit(Protocol):
    """Opens a page in a fresh context, with options of Playwright's ``new_context``."""

    def __call__(self, **options: Any) -> Page:  # noqa: ANN401 - Playwright's own options
        """A page whose relative addresses are those of the service."""
        ...


class Visits:
    """The visits of one scenario."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser, self._url = browser, url
        self._contexts: list[BrowserContext] = []
        self._complaints: list[str] = []

    def open(self, **options: Any) -> Page:  # noqa: ANN401 - as above
        """A page in a fresh context."""
        defaults: dict[str, Any] = {"base_url": self._url, "viewport": DESKTOP, "locale": "en-GB"}
        context = self._browser.new_context(**{**defaults, **options})
        context.set_default_timeout(TIMEOUT_MS)
        self._contexts.append(context)
        page = context.new_page()
        host = (options.get("base_url") or self._url) + "/"
        page.on("pageerror", lambda error: self._complaints.append(str(error)))
        page.on("console", self._listen)
        page.on("request", lambda request: self._check_host(request, host))
        return page

    def complaints(self) -> list[str]:
        """Everything that went wrong in the pages so far."""
        return list(self._complaints)

    def close(self) -> None:
        """Close all contexts."""
        for context in self._contexts:
            context.close()

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED):
            self._complaints.append(message.text)

    def _check_host(self, request: Request, host: str) -> None:
        if not request.url.startswith((host, "data:", "blob:")):
            self._complaints.append(f"a request to {request.url}")
