"""Column service: the columns of the scores table of one home, with their values by the current consents."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from features.consents.consent import PROFILING, ReachRequest
from serving.audience_policy import AudiencePolicy
from serving.audiences.canonical_request import canonical_reach
from serving.audiences.column_values import describe_columns
from serving.audiences.consent_filter import ConsentFilter
from serving.audiences.disclosure import rounded_count
from serving.audiences.distribution_schema import ColumnsResponse
from serving.audiences.distributions import told_count
from serving.audiences.query.absent_values import contact_channels
from serving.audiences.query.scores_table import ScoresFile


@dataclass(frozen=True)
class ColumnService:
    """Describes columns for the HTTP service."""

    scores: ScoresFile
    consent_filter: ConsentFilter
    policy: AudiencePolicy

    def describe(
        self, purpose: str, channel: str | None, names: Collection[str], now: int, *, is_admin: bool
    ) -> ColumnsResponse:
        """Describe columns, all without ``names``; the values are those of customers who may be approached now.

        Args:
            purpose: marketing or profiling.
            channel: None for any channel.
            names: the columns.
            now: microseconds since 1970 UTC.
            is_admin: whether values of a few customers are told too.

        Raises:
            InvalidAudienceRequest: a column, the purpose or the channel is not there.
            InvalidScores: there are no scores.
        """
        purpose, channel = canonical_reach(purpose, channel)
        columns = self.scores.columns()
        reachable = self.consent_filter.mask(columns, ReachRequest(purpose, channel), now)
        smallest = self.policy.smallest_told(is_admin=is_admin)
        return ColumnsResponse(
            purpose=purpose, channel=channel, columns=describe_columns(columns, reachable, smallest, names)
        )

    def excluded_by_consent(self, purpose: str, channel: str | None, now: int) -> int | None:
        """Return how many of all customers are profiled but may not be approached now, in tens; None below ten."""
        columns = self.scores.columns()
        request = ReachRequest(*canonical_reach(purpose, channel))
        profiled = self.consent_filter.mask(columns, ReachRequest(PROFILING, None), now)
        return rounded_count(int(np.count_nonzero(profiled & ~self.consent_filter.mask(columns, request, now))))

    def channel_counts(self, purpose: str, now: int, *, is_admin: bool) -> dict[str, int | None]:
        """Return how many customers may be approached now on each channel of a consent or a contact.

        None stands for fewer than may be told.
        """
        columns, smallest = self.scores.columns(), self.policy.smallest_told(is_admin=is_admin)
        channels = sorted({*self.consent_filter.channels(columns), *contact_channels(columns)})
        requests = {channel: ReachRequest(*canonical_reach(purpose, channel)) for channel in channels}
        return {
            channel: told_count(self.consent_filter.mask(columns, request, now), smallest)
            for channel, request in requests.items()
        }
