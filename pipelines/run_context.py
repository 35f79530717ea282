"""One shop at one instant: what every step of the pipeline is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from features.calendar import micros
from features.config.shop import Description
from features.consents.ledger import Profiled
from features.history import Cutoff, History
from features.transformations.feature_tables import views
from features.views import View
from pipelines.home import Home
from training.dataset.churn_horizon import churn_days
from training.dataset.readiness import Readiness, readiness
from training.dataset.schedule import Schedule, schedule
from training.evaluation.churn_rule_limits import Limit, limits


@dataclass(frozen=True)
class Job:
    """A described log, a home, and the day before which everything is known."""

    description: Description
    home: Home
    as_of: date
    say: Callable[[str], None]
    origins: tuple[date, ...] = ()
    at: datetime | None = None  # when consents count; the beginning of the day where nobody says

    @property
    def now(self) -> Cutoff:
        """The instant after which nothing exists."""
        return Cutoff.of(self.as_of, self.description.zone)

    @cached_property
    def history(self) -> History:
        """What was known at that instant, of customers of whom predictions may be made and learned."""
        return History.open(self.home.history).before(self.now).of(self.profiled)

    @cached_property
    def profiled(self) -> Profiled:
        """Of whom predictions may be made and learned."""
        return self.home.ledger().profiled(micros(self.at or self.now.at))

    @cached_property
    def churn_days(self) -> int:
        """The churn horizon, found in the log where the business leaves it open."""
        said = self.description.business.churn_days
        return churn_days(self.history, self.now) if said == "auto" else said

    @cached_property
    def asked(self) -> tuple[int, ...]:
        """Every horizon to answer for, ascending."""
        return tuple(sorted({self.churn_days, *self.description.business.ltv_days}))

    @cached_property
    def laid(self) -> Schedule:
        """Cutoffs and test origins."""
        first, _ = self.history.days()
        return schedule(first, self.as_of, self.asked, self.history.customers(), self.origins or None)

    @cached_property
    def cutoffs(self) -> tuple[Cutoff, ...]:
        """The schedule's cutoffs as instants, ascending; the last is now."""
        return tuple(Cutoff.of(day, self.description.zone) for day in self.laid.cutoffs)

    @cached_property
    def readiness(self) -> Readiness:
        """What can be learned today."""
        return readiness(self.history, self.laid, self.cutoffs, self.churn_days, self.asked)

    @property
    def rule_limits(self) -> list[Limit]:
        """What keeps a churn rule of the business from meaning what it says on this log."""
        return limits(self.description.business.churn_rules, self.laid, self.description.events)

    @cached_property
    def views(self) -> tuple[View, ...]:
        """The feature views that the log can fill."""
        return views(self.history, self.description.events)
