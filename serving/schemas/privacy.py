"""Privacy schema: consent changes, the consents on record and the report of an erasure."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StringConstraints, model_validator

from features.canonical_form import canonical_word
from features.consents.consent import ALL_CHANNELS, PROFILING
from serving.schemas.base import StrictModel
from serving.schemas.predictions import AsOf

RETAINED_NOTICE = (
    "a keyed hash, which prevents a log that is ingested again from restoring the customer; audit lines, which contain "
    "another keyed hash of the customer; tables written outside the home; free pages of the home's stores, until they "
    "are overwritten"
)


def _word(value: object) -> object:
    return canonical_word(value) if isinstance(value, str) else value


def _require_visible(channel: str) -> str:
    if not canonical_word(channel):
        raise ValueError(
            f"found {channel!r}; expected a channel with a visible character: leave it out for all channels"
        )
    return channel


Channel = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_require_visible)]


class ConsentChange(StrictModel):
    """One consent that the customer grants or withdraws."""

    purpose: Annotated[Literal["profiling", "marketing"], BeforeValidator(_word)]
    channel: Channel | None = Field(
        default=None,
        description="For marketing, compared without case and outer blanks; default: every channel without a record of "
        "its own.",
    )
    granted: StrictBool
    changed_at: AsOf | None = Field(default=None, description="When the customer decided; default: now.")
    until: AsOf | None = Field(default=None, description="When a grant expires.")

    @model_validator(mode="after")
    def _profiling_has_no_channel(self) -> ConsentChange:
        if self.purpose == PROFILING and self.channel not in (None, ALL_CHANNELS):
            raise ValueError(f"found the channel {self.channel!r} for profiling; expected none: leave it out")
        return self


class ConsentChanges(StrictModel):
    """The consents to change; all others stay as they are."""

    consents: Annotated[list[ConsentChange], Field(min_length=1, max_length=100)]


class ConsentRecord(StrictModel):
    """The newest consent on record for one purpose and channel."""

    purpose: str
    channel: str | None
    granted: bool
    changed_at: datetime
    until: datetime | None


class ConsentsResponse(StrictModel):
    """The consents of a customer on record, and what they allow now."""

    customer_id: str
    consents: list[ConsentRecord]
    profiling: bool = Field(description="Whether predictions for the customer are allowed.")
    marketing: dict[str, bool] = Field(description="By channel; * stands for channels without a record of their own.")
    consent_state: str = Field(description="Changes with every change in the ledger.", examples=["1207"])


class TrainedRelease(StrictModel):
    """A release that was trained on a log that contained the customer."""

    release: str
    trained_as_of: datetime
    model_versions: dict[str, str]


class ErasureReport(StrictModel):
    """What was deleted and where; without the customer's id."""

    status: Literal["erased", "pending"] = Field(
        description="pending: another writer holds the home and deletes the rest when it ends."
    )
    known: bool = Field(
        description="Whether anything was recorded under this id; otherwise check its spelling. It stays erased anyway."
    )
    removed: dict[str, int] = Field(description="Deleted rows by table, and the number of changed audiences.")
    trained_releases: list[TrainedRelease] = Field(
        description="Releases trained after the customer first appeared in the log."
    )
    retained: str = RETAINED_NOTICE
