"""Status schemas: what the service answers from, how old it is, and what was noticed about the log."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from serving.schemas.base import StrictModel


class ProbeResponse(StrictModel):
    """Probe response; degraded means that the worker is ready, but cannot read features or consents."""

    status: Literal["alive", "ready", "degraded"]
    release: str | None = None
    reason: str | None = None
    log_until: datetime | None = Field(default=None, description="The last order line that the features know.")
    silence_days: int | None = Field(default=None, description="Whole local days without an order line since then.")
    notice: str | None = Field(default=None, description="Only when the silence is longer than usual for the log.")


class SilenceResponse(StrictModel):
    """The silence at the end of the log, in whole local days without an order line."""

    days: int = Field(description="Since the last order line that the features know, by the service's clock.")
    longest_before: int = Field(description="The longest silence between two days with an order line.")
    usual: int = Field(description="The longest silence that is usual after such a weekday; beyond it comes a notice.")
    limit: int = Field(description="The longest silence after which `flywheel run` scores without --accept-silence.")
    notice: str | None = Field(description="What to check; null while the silence is usual.")


class NoteResponse(StrictModel):
    """One thing about the log that may make answers wrong; without its example, which may be a customer's id."""

    code: str = Field(examples=["ids_differ_by_case"])
    severity: Literal["info", "warning", "blocking"]
    found: str
    expected: str
    remedy: str
    count: int
    accepted: bool = Field(description="Whether `accept` in flywheel.toml names the code.")


class StatusResponse(StrictModel):
    """What the service answers from now; null where nothing was published, or by an earlier version of Flywheel."""

    version: str = Field(description="The version of Flywheel.", examples=["0.2.0"])
    release: str | None = Field(description="The release that answers; null while none is loaded.", examples=["7"])
    champion: str | None = Field(
        description="The release that was promoted; another than `release` while it is loaded, or if it was rejected."
    )
    trained_as_of: datetime | None
    as_of: datetime = Field(description="The service's clock.")
    features_at: datetime | None = Field(description="The cutoff of the published features.")
    log_until: datetime | None = Field(description="The last order line, of any customer, before that cutoff.")
    log_age_seconds: float | None = Field(description="From the last order line to the service's clock.")
    silence: SilenceResponse | None
    degraded: str | None = Field(description="Why predictions would fail now; null if they would not.")
    consent_state: str | None = Field(description="The state of the consent ledger; null while it cannot be read.")
    plausibility: list[NoteResponse] = Field(description="Notes on the log at the last publication.")
