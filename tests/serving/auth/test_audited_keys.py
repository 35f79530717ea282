"""Audited keys: a key is created and revoked with a line in the audit log, and no key is valid without one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from serving.auth.audited_keys import AuditedKeys
from serving.auth.key_store import active_keys
from serving.auth.scopes import KeyScope
from serving.observability.audit_log import AuditWriteFailed
from serving.observability.audit_reader import read_audit

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_a_key_that_is_created_and_revoked_leaves_two_lines_without_the_key(tmp_path: Path) -> None:
    keys = AuditedKeys.for_home(tmp_path)
    api_key, record = keys.create("mail", [KeyScope.PREDICT], NOW, rate=10)
    keys.revoke(record.id, NOW)
    created, revoked = read_audit(tmp_path)
    assert (created["action"], created["key"], created["client"], created["scopes"]) == (
        "key_created", record.id, "mail", ["predict"]
    )  # fmt: skip
    assert (revoked["action"], revoked["key"], revoked["actor"]) == ("key_revoked", record.id, "cli")
    assert api_key not in (tmp_path / "audit.jsonl").read_text()


def test_no_key_lives_without_its_line_and_a_revocation_needs_none(tmp_path: Path) -> None:
    keys = AuditedKeys.for_home(tmp_path)
    _, record = keys.create("mail", [KeyScope.PREDICT], NOW)
    (tmp_path / "audit.jsonl").unlink()
    (tmp_path / "audit.jsonl").mkdir()
    with pytest.raises(AuditWriteFailed):
        keys.create("other", [KeyScope.ADMIN], NOW)
    assert [key.id for key in active_keys(keys.key_store.read())] == [record.id]
    with pytest.raises(AuditWriteFailed):
        keys.revoke(record.id, NOW)
    assert active_keys(keys.key_store.read()) == ()
