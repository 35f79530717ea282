"""Scoped keys: browsers that signed in to a shop with a key of some scopes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from starlette.testclient import TestClient

from serving.app import create_app
from serving.auth.api_keys import ApiKeys
from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope
from tests.serving.fakes import Shop


@contextmanager
def signed_in_browser(
    shop: Shop, home: Path, *scopes: KeyScope, rate: int | None = None, language: str = "en"
) -> Iterator[TestClient]:
    """A browser that signed in with a new key of these scopes."""
    store = KeyStore.for_home(home)
    key, _ = store.create("growth", scopes, datetime(2026, 11, 16, tzinfo=UTC), rate=rate)
    worker = replace(shop.worker, api_keys=ApiKeys([], KeyReloader(store, shop.worker.log, poll_seconds=0)))
    with TestClient(create_app(lambda: worker), headers={"Accept": "text/html", "Accept-Language": language}) as client:
        client.post("/app/sign-in", data={"key": key}, follow_redirects=False)
        yield client
