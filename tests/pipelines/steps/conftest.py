"""Fixtures of the steps: the home whose consents are backed up and restored."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.consents.consent import PROFILING, Consent
from tests.features.consents.stores import Store
from tests.pipelines.steps.ledger_home import say, write_orders


@pytest.fixture(params=["lmdb", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store of a home that knows Ann, Bob and Cem from their orders."""
    store = Store(tmp_path / "home", None if request.param == "lmdb" else request.getfixturevalue("redis"))
    monkeypatch.setenv("FLYWHEEL_ONLINE_STORE", store.location)
    (store.home / "history").mkdir(parents=True)
    write_orders(store.home, "ann", "bob", "cem")
    say(store, "ann", Consent(PROFILING, "*", granted=True, changed_at=1))
    return store
