"""Audited keys: API keys that are created and revoked with a line in the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from features.calendar import micros
from serving.auth.key_store import KeyStore, StoredKey
from serving.auth.scopes import KeyScope
from serving.observability.audit_log import COMMAND_LINE, KEY_CREATED, KEY_REVOKED, AuditLog, AuditWriteFailed


@dataclass(frozen=True)
class AuditedKeys:
    """The keys of a home, as the command line changes them."""

    key_store: KeyStore
    audit_log: AuditLog

    @classmethod
    def for_home(cls, home: Path) -> AuditedKeys:
        """The keys and the audit log of a home.

        Raises:
            InvalidSecret: the home's secret is damaged, or cannot be created.
        """
        return cls(KeyStore.for_home(home), AuditLog.open(home))

    def create(
        self,
        client: str,
        scopes: Sequence[KeyScope],
        created_at: datetime,
        *,
        rate: int | None = None,
        quota: int | None = None,
    ) -> tuple[str, StoredKey]:
        """Create a key as ``KeyStore.create`` does; without a line in the audit log it is revoked before it is shown.

        Raises:
            KeyRejected, InvalidKeyStore: as ``KeyStore.create``.
            AuditWriteFailed: the line cannot be written.
        """
        api_key, record = self.key_store.create(client, scopes, created_at, rate=rate, quota=quota)
        try:
            self.audit_log.append(
                KEY_CREATED, COMMAND_LINE, micros(created_at), key=record.id, client=client, scopes=[*record.scopes]
            )
        except AuditWriteFailed:
            self.key_store.revoke(record.id, created_at)
            raise
        return api_key, record

    def revoke(self, key_id: str, revoked_at: datetime) -> StoredKey:
        """Revoke a key; it is revoked even if the line cannot be written.

        Raises:
            KeyRejected, InvalidKeyStore: as ``KeyStore.revoke``.
            AuditWriteFailed: the line cannot be written.
        """
        record = self.key_store.revoke(key_id, revoked_at)
        self.audit_log.append(KEY_REVOKED, COMMAND_LINE, micros(revoked_at), key=record.id, client=record.client)
        return record
