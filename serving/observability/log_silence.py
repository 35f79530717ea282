"""Log silence: how long ago the log ended that the published features know, by the clock of the service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from features.publication import Publication


@dataclass(frozen=True)
class LogSilence:
    """The silence from the end of the log of a publication to a day of the service's clock."""

    publication: Publication
    today: date

    @property
    def days(self) -> int:
        """Whole local days without an order line before today."""
        return self.publication.silence_days(self.today)

    @property
    def notice(self) -> str | None:
        """A sentence that names the end of the log and the remedy; None while the silence is usual for the log."""
        usual = self.publication.usual_silence
        if self.days <= usual:
            return None
        return (
            f"The published features know a log that ends on {self.publication.last_day}, {self.days} whole days "
            f"before {self.today}. Expected at most {usual}, the silence that is usual for this log. Check "
            "that the nightly job runs and that its export goes on."
        )
