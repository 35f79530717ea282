"""What every section of flywheel.toml has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Keys that are all known, of values that stay as they were read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
