"""What everything on the wire has in common: nothing but the fields it names."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0, le=1)]


class StrictModel(BaseModel):
    """Frozen, and nothing unforeseen in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
