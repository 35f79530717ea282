"""Web application of ``flywheel ui``: MLflow's own, whose first page is the list of releases.

MLflow's first page is an introduction to its products for language models, and its version page has a button that
copies a version elsewhere, which promotes nothing here. What a reviewer has set once, the browser keeps.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

FIRST_PAGE = "#/models/release"

# MLflow keeps these settings in the browser; here are those of somebody who reviews models.
_SETTINGS = {
    "mlflow.workflowType_v1": '"machine_learning"',
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
    "mlflow.assistant.panelOpen_v1": "false",
    "_mlflow_model_registry_promo_modal_dismissed_v1": "true",
}
_SCRIPT = f"""<script>
for (const [name, value] of Object.entries({json.dumps(_SETTINGS)}))
    if (localStorage.getItem(name) === null) localStorage.setItem(name, value);
if (["", "#", "#/"].includes(location.hash)) location.replace("{FIRST_PAGE}");
</script>"""
_STYLE = """<style>
.promote-model-btn-wrapper { display: none }
.note-editor-preview-content table { border-collapse: collapse; margin: 8px 0 16px }
.note-editor-preview-content :is(th, td) { padding: 4px 14px 4px 0; border-bottom: 1px solid #ddd; text-align: left }
.note-editor-preview-content img { max-width: min(100%, 820px) }
</style>"""


class FirstPage:
    """ASGI middleware: what MLflow answers to ``GET /`` also sets the browser up and goes to the releases."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; only the body of the first page is changed."""
        if scope["type"] != "http" or scope["path"] != "/" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        # A page from the browser's cache would be answered with 304, without a body.
        headers = [header for header in scope["headers"] if not header[0].startswith(b"if-")]
        await self._app({**scope, "headers": headers}, receive, collect)
        for message in _with_head(messages, (_SCRIPT + _STYLE).encode()):
            await send(message)


def _with_head(messages: list[Message], markup: bytes) -> list[Message]:
    """The messages of one response as two, with the markup at the beginning of the page's head."""
    start, *rest = messages
    body = b"".join(message.get("body", b"") for message in rest).replace(b"<head>", b"<head>" + markup, 1)
    fixed = [header for header in start["headers"] if header[0].lower() not in {b"content-length", b"etag"}]
    headers = [*fixed, (b"content-length", str(len(body)).encode())]
    return [{**start, "headers": headers}, {"type": "http.response.body", "body": body}]


def create_app() -> AsgiApp:
    """MLflow's application behind the first page; its settings come from ``backend.ui_command``."""
    from mlflow.server.fastapi_app import app  # noqa: PLC0415 -- reads its settings when it is imported

    return FirstPage(app)
