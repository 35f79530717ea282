"""Audit step: verifies the chain of a home's audit log."""

from __future__ import annotations

from features.errors import FlywheelError
from pipelines.home import Home
from serving.observability.audit_verification import AuditReport, verify_audit


class AuditUnreadable(FlywheelError):
    """A file of the audit log cannot be read."""


def verify(home: Home, begins_at: int) -> AuditReport:
    """Verify the audit log of a home from the line number ``begins_at`` on; nothing is changed.

    Raises:
        AuditUnreadable: a file of the log cannot be read.
        InvalidSecret: the home's secret is damaged or missing.
    """
    try:
        return verify_audit(home.folder, begins_at)
    except OSError as error:
        raise AuditUnreadable(
            f"Found no way to read {error.filename} ({error.strerror}); expected the files of the audit log. Run as "
            "the user who owns the home."
        ) from None
