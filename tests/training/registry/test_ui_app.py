"""The first page of the UI: it sets the browser up for reviewers and goes to the releases; the rest is MLflow's."""

from __future__ import annotations

import asyncio

from training.registry.ui_app import FIRST_PAGE, FirstPage, Message, Receive, Scope, Send

PAGE = b"<!doctype html><html><head><title>MLflow</title></head></html>"


async def mlflow(scope: Scope, _: Receive, send: Send) -> None:
    status = 304 if any(name == b"if-none-match" for name, _ in scope["headers"]) else 200
    headers = [(b"content-length", str(len(PAGE)).encode()), (b"etag", b"1")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": PAGE[:9], "more_body": True})
    await send({"type": "http.response.body", "body": PAGE[9:]})


def answer(path: str, headers: list[tuple[bytes, bytes]]) -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": path, "headers": headers}
    asyncio.run(FirstPage(mlflow)(scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])


def test_the_first_page_leads_to_the_releases_whatever_the_browser_has_cached() -> None:
    status, headers, body = answer("/", [(b"if-none-match", b"1")])
    assert status == 200
    assert f'location.replace("{FIRST_PAGE}")'.encode() in body
    assert headers == {b"content-length": str(len(body)).encode()}


def test_every_other_page_is_mlflows_own() -> None:
    assert answer("/health", [])[2] == PAGE
