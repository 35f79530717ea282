"""Fixtures of the feature store: a home with two cutoffs of two views, and a client for it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from features.online.backends import LMDB
from features.store.client import CustomerFeatures
from tests.features.store.catalogue import (
    ANN,
    BEHAVIOUR,
    BOB,
    MONDAY,
    TRANSACTIONS,
    TTL_DAYS,
    VIEWS,
    later_row,
    write_view,
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Ann and Bob are known on Monday and a week later; only Ann visits, and only in the second week."""
    write_view(tmp_path, TRANSACTIONS, [BOB, ANN, later_row(ANN, 7, 4.0), later_row(BOB, 7, 1.0)])
    write_view(tmp_path, BEHAVIOUR, [(ANN[0], MONDAY + timedelta(days=7), 9.0)])
    return tmp_path


@pytest.fixture
def features(home: Path, request: pytest.FixtureRequest) -> CustomerFeatures:
    """A client with the backend that the test requests, LMDB by default."""
    online = request.getfixturevalue("online") if "online" in request.fixturenames else LMDB
    features = CustomerFeatures.open(home, VIEWS, TTL_DAYS, online)
    features.apply()
    return features
