"""Release schemas: the history of the releases, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from serving.schemas.base import StrictModel

MAX_RELEASE_EVENTS = 100

EventKind = Literal["promotion", "rollback", "refusal", "waiting"]


class GateResponse(StrictModel):
    """What the quality gate measured."""

    passed: bool
    regressions: list[str] = Field(description="Models that the champion answers surely better, or from a higher tier.")
    refutations: list[str] = Field(description="What the newest back-test refutes, in sentences.")
    no_signal: list[str] = Field(description="Models that rank nobody.")
    implausible: dict[str, str] = Field(description="What blocks in the log: a sentence for each code.")
    reasons: dict[str, str] = Field(description="Why each model is answered from its tier.")


class ReleaseEvent(StrictModel):
    """One event in the history of the releases."""

    kind: EventKind = Field(
        description="A refused release did not serve; a waiting one was neither asked for nor refused."
    )
    version: str = Field(examples=["7"])
    serving: bool = Field(description="Whether this release serves now.")
    trained_as_of: datetime | None = Field(
        description="Everything before this instant was known in training; null where its files were removed."
    )
    at: datetime | None = Field(description="When it was promoted, rolled back to or refused; null while it waits.")
    by: str | None
    why: str | None
    forced: bool = Field(description="Promoted against the decision of the gate.")
    replaced: str | None = Field(description="The release that served before.")
    tiers: dict[str, str] | None = Field(description="The tier that answers each model; null without its files.")
    replaced_tiers: dict[str, str] | None = Field(description="The tiers of the release that served before.")
    gate: GateResponse | None
    mlflow_run_id: str | None = Field(description="Its run in MLflow: `/#/experiments/.../runs/<id>` at your MLflow.")


class ReleasesResponse(StrictModel):
    """The history of the releases, the newest event first."""

    events: list[ReleaseEvent]
    left_out: int = Field(description=f"Events before the newest {MAX_RELEASE_EVENTS}.")
