"""Segment sizes: records for the page how many customers of each preset segment can be approached tonight."""

from __future__ import annotations

from datetime import date

from pipelines.environment import audience_policy
from pipelines.home import Home
from serving.audiences.audience_service import AudienceService
from serving.audiences.preset_sizes import PresetSegments
from serving.growth.segment_sizes import SegmentSizes, record_night
from serving.observability.audit_log import AuditLog


def record_segment_sizes(home: Home, day: date, now: int) -> None:
    """Record the sizes in the scores table that was just written.

    Args:
        home: the home of the table.
        day: the day that the customers were scored for.
        now: the instant of the consent checks, microseconds since 1970 UTC.

    Raises:
        InvalidVariable: a setting of audiences has an invalid value.
    """
    audiences = AudienceService.for_home(home.folder, home.ledger(), AuditLog.open(home.folder), audience_policy())
    segments = PresetSegments(home.folder, audiences.scores, audiences.consent_filter, audiences.derive_key)
    sizes = segments.sizes(now, now, max(audiences.policy.smallest_audience, 1)).sizes
    record_night(home.folder, SegmentSizes(day, {size.name: size.count for size in sizes}))
