"""Fixtures: a shop whose customers are scored, and a client of its service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from features.consents.consent import Defaults
from tests.serving import scored
from tests.serving.api.audience_requests import IDS, denial
from tests.serving.fakes import FakeFeatureReader, FakeRelease, KnownCustomer, Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop.of(FakeRelease(), FakeFeatureReader(c001=KnownCustomer()), home=tmp_path)
    ledger = shop.worker.consent_gate.ledger
    ledger.set_defaults(Defaults(marketing=True))
    ledger.record({"c003": [denial("email")], "c004": [denial()]})
    scored.write_scores(tmp_path, ledger, IDS)
    return shop


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with shop.client() as client:
        yield client
