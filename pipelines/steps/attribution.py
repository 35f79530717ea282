"""Attribution step: the attribution of a period as GET /v1/attribution answers it, from the home alone."""

from __future__ import annotations

from datetime import datetime

from features.calendar import micros
from features.canonical_form import canonical_word
from features.errors import FlywheelError
from pipelines.home import Home
from serving.schemas.attribution import AttributionResponse
from training.attribution.attribution_service import AttributionService
from training.attribution.period import Period


class NoSuchChannel(FlywheelError):
    """No touches of the period were on the channel."""


def run(home: Home, period: Period, channel: str | None, now: datetime) -> AttributionResponse:
    """The attribution of a period, of all channels or of one.

    Raises:
        NotFound: there is no home.
        NoSuchChannel: no touches of the period were on the channel.
    """
    home.require_folder()
    report = AttributionService(home.folder, home.ledger()).report(period, home.zone(), micros(now))
    word = None if channel is None else canonical_word(channel)
    answer = AttributionResponse.from_report(report, word)
    if word is not None and not answer.channels:
        names = sorted(each.channel for each in report.channels)
        raise NoSuchChannel(
            f"Found no touches on {channel!r} in the period; expected one of {', '.join(names) or 'none'}. Leave "
            "--channel out for all of them."
        )
    return answer
