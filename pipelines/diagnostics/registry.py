"""Check registry: all checks of ``flywheel doctor``, in the order in which they are shown."""

from __future__ import annotations

from pipelines.diagnostics.audit_checks import AUDIT_CHECKS
from pipelines.diagnostics.check import Check, CheckResult, run_check
from pipelines.diagnostics.clock_checks import CLOCK_CHECKS
from pipelines.diagnostics.environment_checks import ENVIRONMENT_CHECKS
from pipelines.diagnostics.experiment_checks import EXPERIMENT_CHECKS
from pipelines.diagnostics.freshness_checks import FRESHNESS_CHECKS
from pipelines.diagnostics.growth_checks import closed_periods, growth_age
from pipelines.diagnostics.home_checks import HOME_CHECKS
from pipelines.diagnostics.ledger_checks import LEDGER_CHECKS
from pipelines.diagnostics.log_checks import LOG_CHECKS
from pipelines.diagnostics.network_checks import NETWORK_CHECKS
from pipelines.diagnostics.promotion_checks import PROMOTION_CHECKS
from pipelines.diagnostics.store_checks import STORE_CHECKS
from pipelines.diagnostics.surroundings import Surroundings
from pipelines.diagnostics.tag_checks import TAG_CHECKS

CHECKS: tuple[Check, ...] = (
    *ENVIRONMENT_CHECKS,
    *HOME_CHECKS,
    closed_periods,
    *STORE_CHECKS,
    *EXPERIMENT_CHECKS,
    *TAG_CHECKS,
    *LEDGER_CHECKS,
    *PROMOTION_CHECKS,
    *AUDIT_CHECKS,
    *CLOCK_CHECKS,
    *NETWORK_CHECKS,
    *LOG_CHECKS,
    *FRESHNESS_CHECKS,
    growth_age,
)


def run_checks(surroundings: Surroundings) -> list[CheckResult]:
    """Run all checks; none of them changes anything."""
    return [run_check(check, surroundings) for check in CHECKS]
