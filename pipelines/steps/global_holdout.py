"""Global hold-out step: copies the global hold-out of flywheel.toml into the home, and says what it can show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from features.calendar import micros
from features.config.global_holdout import GlobalHoldoutConfig
from features.config.shop import ShopConfig
from features.ingestion.manifest import HistoryManifest
from pipelines.home import Home
from training.experiments.record.global_holdout import GlobalHoldout, record_global_holdout, relative_half_width

EXAMPLE_RATE = 0.05  # of customers who order within a window, for the sentence on what the hold-out can show


def record_configured_holdout(
    config: ShopConfig, manifest: HistoryManifest, home: Home, timestamp: datetime, report: Callable[[str], None]
) -> None:
    """Copy the global hold-out of the configuration into the home if it changed; ``timestamp`` is when."""
    configured = config.business.global_holdout
    holdout = None if configured is None else GlobalHoldout(configured.share, configured.name, configured.until)
    if record_global_holdout(home.folder, holdout, micros(timestamp)):
        report("the global hold-out ended" if configured is None else _sentence(configured, manifest))


def _sentence(configured: GlobalHoldoutConfig, manifest: HistoryManifest) -> str:
    customers = max((table.customers for table in manifest.tables if table.table == "orders"), default=0)
    half_width = relative_half_width(customers, configured.share, EXAMPLE_RATE)
    return (
        f"the global hold-out {configured.name} takes {configured.share:.1%} of the customers until "
        f"{configured.until}: at a rate of {EXAMPLE_RATE:.0%} and {customers:,} customers, the 95 % interval of the "
        f"effect of all that was sent is +-{half_width:.0%} of that rate"
    )
