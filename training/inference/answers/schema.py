"""JSON schema base: the pydantic model and the types that all requests and answers share."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0, le=1)]


class StrictModel(BaseModel):
    """A frozen pydantic model that forbids unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)
