"""Audience policy: the smallest audience that is told, how much may be stored, and for how long; settings of a home."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class AudiencePolicy(BaseSettings):
    """The settings of audiences, from environment variables such as FLYWHEEL_MAX_AUDIENCES."""

    model_config = SettingsConfigDict(env_prefix="FLYWHEEL_", frozen=True, extra="forbid", hide_input_in_errors=True)

    smallest_audience: int = Field(
        default=10,
        ge=1,
        description="Audiences with fewer members are neither counted nor listed for keys without the scope admin.",
    )
    max_audiences: int = Field(
        default=500,
        ge=2,
        description="Audiences that a home stores at once; one key stores at most half of them. Others get 507.",
    )
    max_audience_bytes: int = Field(
        default=4 * 1024**3,
        ge=2 * 1024**2,
        description="Bytes of all stored audiences; those of one key take at most half. Others get 507.",
    )
    audience_days: int = Field(
        default=30, ge=1, description="Days after which a stored audience is deleted, by the clock of the machine."
    )

    def smallest_told(self, *, is_admin: bool) -> int:
        """Return the smallest number of customers that a caller is told; 0 for one who is told every number."""
        return 0 if is_admin else self.smallest_audience

    @property
    def retention(self) -> timedelta:
        """The age at which a stored audience is deleted."""
        return timedelta(days=self.audience_days)
