"""Publication: what the features in the online store were computed from, stored there together with them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date

from features.checksums import seal, unseal
from features.plausibility_note import PlausibilityNote, without_examples

VIEW = "publication"  # its only row has an id that no customer has
ROW_ID = ""


@dataclass(frozen=True)
class Publication:
    """The cutoff of published features, the end of the log before it, and the notes on that log."""

    features_at: int  # the cutoff, microseconds since 1970 UTC
    log_until: int  # the last order line before the cutoff, microseconds since 1970 UTC
    last_day: date  # its local day
    longest_silence: int  # the longest silence between two order days, whole local days
    usual_silence: int  # the longest silence after the last day that is usual, whole local days
    silence_limit: int  # the silence beyond which nothing is scored, whole local days
    notes: tuple[PlausibilityNote, ...] = ()  # without examples, which may be customer ids

    def silence_days(self, today: date) -> int:
        """Whole local days without an order line, from the day after the last one to yesterday."""
        return max((today - self.last_day).days - 1, 0)

    def has_ended(self, today: date) -> bool:
        """Whether the silence up to a day exceeds the limit beyond which nothing is scored."""
        return self.silence_days(today) > self.silence_limit

    def to_bytes(self) -> bytes:
        """The publication as JSON with a checksum."""
        notes = [asdict(note) for note in without_examples(self.notes)]
        return seal(json.dumps({**asdict(self), "last_day": self.last_day.isoformat(), "notes": notes}).encode())

    @classmethod
    def from_bytes(cls, stored: bytes) -> Publication | None:
        """The publication from its JSON; None where it is damaged, or has the fields of another version."""
        try:
            payload = json.loads(unseal(stored))
            notes = tuple(PlausibilityNote(**note) for note in payload["notes"])
            return cls(**{**payload, "last_day": date.fromisoformat(payload["last_day"]), "notes": notes})
        except (ValueError, KeyError, TypeError):
            return None
