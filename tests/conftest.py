"""What holds for every test."""

from __future__ import annotations

# Feast, once imported, makes every later counter of this process a shared one; the service's must be its own.
import prometheus_client  # noqa: F401 -- before anything imports feast
