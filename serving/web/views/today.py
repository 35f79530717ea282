"""Today view: whether to trust the numbers, who is about to leave, the preset segments, and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from serving.audiences.preset_sizes import ABOUT_TO_LAPSE, PREFIX, PresetSizes
from serving.observability.log_silence import LogSilence
from serving.observability.recent_acts import RecentActs
from serving.schemas.releases import ReleaseEvent
from serving.schemas.reminders import RemindersResponse
from serving.web.audience_query import audience_url
from serving.web.views.feedback import FeedbackView
from serving.web.views.growth import GrowthView
from serving.web.views.segment_cards import SegmentCards

DAY_SECONDS = 86_400
Level = Literal["good", "warning", "bad"]


@dataclass(frozen=True)
class TrustView:
    """How far the numbers of this page can be trusted, and why not further."""

    release: str
    scored_at: datetime | None  # in the shop's zone; None where nothing is scored or scores are of nobody
    log_until: date | None
    age_days: int | None  # whole days since the scores
    level: Level
    reasons: tuple[str, ...]  # keys of texts
    silence_days: int = 0


@dataclass(frozen=True)
class ActsView:
    """Consents and erasures of the last week; None for fewer than are told."""

    granted: int | None
    denied: int | None
    erased: int | None
    smallest: int
    complete: bool


@dataclass(frozen=True)
class DueDay:
    """The customers who are due to be reminded on one day."""

    day: date
    customers: int | None  # None for fewer than are told
    share: float  # of the busiest day of the week


@dataclass(frozen=True)
class TodayView:
    """What the page Today shows; a part is None where the key may not see it."""

    trust: TrustView
    sizes: PresetSizes | None
    segments: SegmentCards | None  # None without sizes
    smallest: int
    sizes_problem: str | None  # the key of a text where the sizes cannot be read
    due: tuple[DueDay, ...] | None
    releases: tuple[ReleaseEvent, ...] | None
    acts: ActsView | None
    growth: GrowthView | None = None  # None before the first run too
    feedback: FeedbackView | None = None  # None for a shop without texts too

    @staticmethod
    def builder_url(segment: str) -> str:
        """The address of the builder with a preset segment as its condition."""
        return audience_url({"column": f"{PREFIX}{segment}", "equals": True})

    @property
    def has_leaving(self) -> bool:
        """Whether the scores table says who is about to leave."""
        return self.segments is not None and ABOUT_TO_LAPSE in self.segments.names

    @property
    def leaving(self) -> int | None:
        """How many are about to leave; None where it is not told."""
        return None if self.sizes is None else self.sizes.count_of(ABOUT_TO_LAPSE)


def trust_view(
    release: str,
    scored_at: datetime | None,
    silence: LogSilence | None,
    now: datetime,
    max_age_days: int,
) -> TrustView:
    """The line of trust: amber for scores older than a day, red beyond the release's limit or after a silent log.

    Args:
        release: the release that answers.
        scored_at: the instant of the scores.
        silence: the end of the log that the features know.
        now: the clock of the service, in the shop's zone.
        max_age_days: beyond this age the release's own answers are stale.
    """
    age = None if scored_at is None else (now - scored_at).total_seconds() / DAY_SECONDS
    bad = {
        "not_scored": age is None,
        "scores_of_later_day": age is not None and age < 0,
        "scores_stale": age is not None and age > max_age_days,
        "log_silent": silence is not None and silence.notice is not None,
    }
    reasons = tuple(reason for reason, holds in bad.items() if holds)
    is_old = age is not None and age > 1
    return TrustView(
        release=release,
        scored_at=None if scored_at is None else scored_at.astimezone(now.tzinfo),
        log_until=None if silence is None else silence.publication.last_day,
        age_days=None if age is None else max(int(age), 0),
        level="bad" if reasons else "warning" if is_old else "good",
        reasons=reasons or (("scores_old",) if is_old else ()),
        silence_days=0 if silence is None else silence.days,
    )


def due_days(reminders: RemindersResponse) -> tuple[DueDay, ...]:
    """Every day of a period, also those on which nobody is due or too few to be told."""
    customers = {row.day: row.customers for row in reminders.reminders}
    most = max(customers.values(), default=1)
    days = [reminders.from_ + timedelta(days=offset) for offset in range((reminders.to - reminders.from_).days)]
    return tuple(DueDay(day, customers.get(day), customers.get(day, 0) / most) for day in days)


def acts_view(acts: RecentActs, smallest: int) -> ActsView:
    """The acts of the last week; a number below ``smallest`` is not told."""
    granted, denied, erased = (
        count if count >= smallest else None for count in (acts.granted, acts.denied, acts.erased)
    )
    return ActsView(granted, denied, erased, smallest, acts.complete)
