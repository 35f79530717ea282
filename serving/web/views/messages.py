"""Messages view: what the messages of each campaign caused, beside those whom chance held out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from training.attribution.incremental.channel_effects import Incremental
from training.attribution.report import AttributionReport
from training.experiments.refusal import Refusal


@dataclass(frozen=True)
class MessageRow:
    """A channel, or one campaign of it."""

    channel: str
    campaign: str | None  # None for the channel as a whole
    sent: int | None
    reached: int | None
    withheld: int | None
    incremental: Incremental | None
    refusal: str | None  # its reason


@dataclass(frozen=True)
class MessagesView:
    """The messages of a period."""

    first: date
    last: date
    rows: tuple[MessageRow, ...]


def messages_view(report: AttributionReport) -> MessagesView:
    """The rows of a report: each channel, followed by its campaigns."""
    rows = []
    for channel in report.channels:
        incremental, refusal = _split(channel.incremental)
        sizes = (channel.touches, channel.customers, channel.withheld)
        rows.append(MessageRow(channel.channel, None, *sizes, incremental, refusal))
        for campaign in channel.campaigns:
            effect, reason = _split(campaign.incremental)
            sent, withheld = (
                (None, None) if effect is None else (effect.units - effect.control_units, effect.control_units)
            )
            rows.append(MessageRow(channel.channel, campaign.campaign, sent, None, withheld, effect, reason))
    return MessagesView(report.period.first, report.period.end - timedelta(days=1), tuple(rows))


def _split(estimate: Incremental | Refusal) -> tuple[Incremental | None, str | None]:
    return (None, estimate.reason) if isinstance(estimate, Refusal) else (estimate, None)
