"""JSON schema base: the pydantic model and the types that all requests and answers share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0, le=1)]


AnswerStatus = Literal["stale_features", "insufficient_history", "no_signal", "scored"]


class StrictModel(BaseModel):
    """A frozen pydantic model that forbids unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AnswerResponse(StrictModel):
    """The answer of one model for one customer; serving fills in its status and tier."""

    status: AnswerStatus = Field(
        description="`scored`, or why the answer is weaker: old features, too little history, or no signal found: this "
        "model ranked customers no better than chance at the test origins.",
        examples=["scored"],
    )
    tier: Literal["average", "last_window", "btyd", "population"] = Field(examples=["average"])
