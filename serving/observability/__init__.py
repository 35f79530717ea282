"""Observability: metrics, JSON logs, the audit log and the clock."""
