"""Ledger home: a home with orders, consents and an audit log, for tests of backup and restore."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.consents.consent import PROFILING, Consent
from pipelines.steps import restore
from serving.observability.audit_log import AuditLog
from serving.privacy.consents import PendingConsents
from tests.features.consents.stores import Store

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
NOW_US = int(NOW.timestamp() * 1_000_000)


def write_orders(home: Path, *customer_ids: str) -> None:
    rows = {"customer_id": list(customer_ids), "at_us": [1] * len(customer_ids)}
    pq.write_table(pa.table(rows), home / "history" / "orders.parquet")


def say(store: Store, customer_id: str, *consents: Consent, home: Path | None = None) -> None:
    """Record consents as ``PUT /v1/customers/{id}/consents`` does, with a line in the audit log."""
    home = home or store.home
    PendingConsents(customer_id, list(consents), NOW_US).record(store.ledger(home), AuditLog.open(home), "crm")


def no(changed_at: int = 5, purpose: str = PROFILING) -> Consent:
    return Consent(purpose, "*", granted=False, changed_at=changed_at)


@contextmanager
def killed_before_replay(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Kill the restore that the block runs, before it records any change again."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(restore, "replay_changes", stop)
        with pytest.raises(KeyboardInterrupt):
            yield


def statuses(store: Store, *customer_ids: str) -> list[str]:
    return [status.name for status in store.ledger().statuses(customer_ids, NOW_US)]
