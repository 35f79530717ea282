"""One shop at one instant: what every step of the pipeline is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from features.calendar import micros
from features.config.shop import ShopConfig
from features.consents.ledger import ProfilingScope
from features.history import Cutoff, History
from features.transformations.feature_tables import feature_views
from features.views import View
from pipelines.home import Home
from training.dataset.churn_horizon import estimate_churn_days
from training.dataset.readiness import Readiness, readiness
from training.dataset.schedule import Schedule, plan_schedule
from training.evaluation.churn_rule_limits import RuleLimit, find_rule_limits


@dataclass(frozen=True)
class RunContext:
    """A described log, a home, and the day before which everything is known."""

    config: ShopConfig
    home: Home
    as_of: date
    report: Callable[[str], None]
    origins: tuple[date, ...] = ()
    consents_at: datetime | None = None  # when consents count; the beginning of the day where nobody says

    @property
    def now(self) -> Cutoff:
        """The instant after which nothing exists."""
        return Cutoff.from_day(self.as_of, self.config.zone)

    @cached_property
    def history(self) -> History:
        """What was known at that instant, of customers of whom predictions may be made and learned."""
        return History.open(self.home.history).before(self.now).restrict_to_scope(self.profiling_scope)

    @cached_property
    def profiling_scope(self) -> ProfilingScope:
        """Of whom predictions may be made and learned."""
        return self.home.ledger().profiling_scope(micros(self.consents_at or self.now.timestamp))

    @cached_property
    def churn_days(self) -> int:
        """The churn horizon, found in the log where the business leaves it open."""
        said = self.config.business.churn_days
        return estimate_churn_days(self.history, self.now) if said == "auto" else said

    @cached_property
    def horizons(self) -> tuple[int, ...]:
        """Every horizon to answer for, ascending."""
        return tuple(sorted({self.churn_days, *self.config.business.ltv_days}))

    @cached_property
    def schedule(self) -> Schedule:
        """Cutoffs and test origins."""
        first, _ = self.history.day_range()
        return plan_schedule(first, self.as_of, self.horizons, self.history.count_customers(), self.origins or None)

    @cached_property
    def cutoffs(self) -> tuple[Cutoff, ...]:
        """The schedule's cutoffs as instants, ascending; the last is now."""
        return tuple(Cutoff.from_day(day, self.config.zone) for day in self.schedule.cutoffs)

    @cached_property
    def readiness(self) -> Readiness:
        """What can be learned today."""
        return readiness(self.history, self.schedule, self.cutoffs, self.churn_days, self.horizons)

    @property
    def rule_limits(self) -> list[RuleLimit]:
        """What keeps a churn rule of the business from meaning what it says on this log."""
        return find_rule_limits(self.config.business.churn_rules, self.schedule, self.config.events)

    @cached_property
    def views(self) -> tuple[View, ...]:
        """The feature views that the log can fill."""
        return feature_views(self.history, self.config.events)
