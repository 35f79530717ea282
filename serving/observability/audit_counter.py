"""Audit counter: requests that are too many for a line each, one line a minute for each actor and kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock

from structlog.typing import FilteringBoundLogger

from serving.moments import rfc3339
from serving.observability.audit_log import DECISION, PREDICTION, REFUSAL, AuditLog, AuditWriteFailed
from serving.observability.json_logs import log_error

INTERVAL_US = 60_000_000
UNKNOWN_ACTOR = "unknown"  # of a request without a valid key
_Key = tuple[str, str, tuple[tuple[str, object], ...]]


@dataclass
class _Count:
    """The requests of one kind since an instant."""

    since: int  # microseconds since 1970 UTC
    requests: int = 0
    customers: int = 0


@dataclass
class AuditCounter:
    """Audit counter of one worker. A worker that is killed loses the counts of its last minute.

    Lines are few whatever a caller does: kinds are the actors of keys, times the routes and statuses or experiments.
    """

    audit_log: AuditLog
    _counts: dict[_Key, _Count] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def count_prediction(self, actor: str, now: int, customers: int) -> None:
        """Count a request for predictions of ``customers``; ``now`` in microseconds since 1970 UTC."""
        self._count((PREDICTION, actor, ()), now, customers)

    def count_decisions(self, actor: str, now: int, experiment_id: str, customers: int) -> None:
        """Count a request for decisions about ``customers``; ``now`` in microseconds since 1970 UTC."""
        self._count((DECISION, actor, (("experiment", experiment_id),)), now, customers)

    def count_refusal(self, actor: str, now: int, status: int, route: str) -> None:
        """Count a request that was refused: 401 without a valid key, 403 without the scope, 429 beyond a limit."""
        self._count((REFUSAL, actor, (("status", status), ("route", route))), now, 0)

    def flush(self, now: int, log: FilteringBoundLogger, *, everything: bool = False) -> None:
        """Write the counts that are a minute old, or all of them, and the lines that are owed.

        What cannot be written is kept and tried again.
        """
        try:
            self.audit_log.write_owed()
        except AuditWriteFailed as error:
            log_error(log, "lines of the audit not written", error)
        with self._lock:
            due = {key: count for key, count in self._counts.items() if everything or now - count.since >= INTERVAL_US}
            for key in due:
                del self._counts[key]
        for key, count in due.items():
            try:
                self._write(key, count, now)
            except AuditWriteFailed as error:
                log_error(log, "counts of the audit not written", error)
                self._restore(key, count)

    def _count(self, key: _Key, now: int, customers: int) -> None:
        with self._lock:
            count = self._counts.setdefault(key, _Count(now))
            count.requests += 1
            count.customers += customers

    def _write(self, key: _Key, count: _Count, now: int) -> None:
        action, actor, labels = key
        customers = {"customers": count.customers} if action in (PREDICTION, DECISION) else {}
        self.audit_log.append(
            action, actor, now, since=rfc3339(count.since), requests=count.requests, **customers, **dict(labels)
        )

    def _restore(self, key: _Key, count: _Count) -> None:
        with self._lock:
            newer = self._counts.get(key, _Count(count.since))
            requests, customers = count.requests + newer.requests, count.customers + newer.customers
            self._counts[key] = _Count(count.since, requests, customers)
