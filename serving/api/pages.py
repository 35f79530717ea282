"""Pages: HTML for people in a browser, with security headers; nothing of a page comes from another host."""

from __future__ import annotations

from html import escape
from pathlib import Path

from starlette.responses import FileResponse, HTMLResponse, Response

DOCS_PATH, PAGE_PATH = "/docs", "/app/"
SIGN_IN_PATH, SIGN_OUT_PATH = "/app/sign-in", "/app/sign-out"
STATIC_PATH = "/app/static/"  # needs no key
ASSETS = Path(__file__).with_name("assets")
_POLICY = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
STRICT_POLICY = f"{_POLICY}; style-src 'self'"
# Swagger UI sets styles on elements and draws icons as data.
SCRIPT_POLICY = (
    f"{_POLICY}; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"
)


def page(title: str, body: str, *, head: str = "", policy: str = STRICT_POLICY, status: int = 200) -> Response:
    """A page around the HTML of its body; ``head`` adds style sheets and scripts."""
    html = (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f'<link rel="stylesheet" href="/docs/style.css">{head}</head>\n<body>{body}</body></html>\n'
    )
    return HTMLResponse(html, status, page_headers(policy))


def page_headers(policy: str) -> dict[str, str]:
    """Security headers of a page with a content security policy."""
    return {
        "Content-Security-Policy": policy,
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }


def is_page(path: str) -> bool:
    """Whether a browser finds a page at a path, so that it is sent to sign in there."""
    return path in (DOCS_PATH, PAGE_PATH.rstrip("/")) or path.startswith(PAGE_PATH)


def asset(name: str, media_type: str) -> Response:
    """A file of ``serving/api/assets``."""
    return FileResponse(ASSETS / name, media_type=media_type, headers={"X-Content-Type-Options": "nosniff"})
