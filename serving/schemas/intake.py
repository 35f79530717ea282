"""Intake schemas: exposures and outcomes of a call, and what became of each."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from features.canonical_form import canonical_id, canonical_word
from features.decisions.intake import RefusalReason
from features.decisions.records import ExposureState
from serving.moments import DATETIME_SCHEMA, parse_datetime
from serving.schemas.base import StrictModel

MAX_ITEMS = 1000
REASON_MEANINGS = (
    "unknown_decision: no decision has the id, or its customer was erased, or its windows are over. conflict: the same "
    "id or key came with other content. superseded: a later recorded outcome with this id stands. erased, no_consent: "
    "nothing is recorded about the customer any more. in_future: a time lies more than a day after now."
)


def _require_visible(word: str) -> str:
    canonical = canonical_word(word)
    if not canonical:
        raise ValueError(f"found {word!r}; expected a word with a visible character")
    return canonical


def _require_somebody(customer_id: str) -> str:
    if not canonical_id(customer_id):
        raise ValueError(f"found {customer_id!a}; expected an id with a visible character")
    return customer_id


RecordId = Annotated[str, StringConstraints(min_length=1, max_length=200)]
CustomerId = Annotated[RecordId, AfterValidator(_require_somebody)]
Kind = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_require_visible)]
Instant = Annotated[datetime, BeforeValidator(parse_datetime), WithJsonSchema(dict(DATETIME_SCHEMA))]
Amount = Annotated[float, Field(allow_inf_nan=False)]


class ExposureItem(StrictModel):
    """What became of a decision after the draw; one for each state that it reaches."""

    decision_id: RecordId = Field(description="From `POST /v1/decisions`.")
    state: ExposureState
    at: Instant = Field(description="When; without an offset, the shop's wall clock.")
    cost: Annotated[Amount, Field(ge=0)] | None = Field(default=None, description="In the currency of the shop.")


class OutcomeItem(StrictModel):
    """An outcome that the log of the shop does not hold, such as a click, an unsubscribe or a visit of a class."""

    outcome_id: RecordId = Field(description="Of the caller; of two with one id the later recorded one stands.")
    kind: Kind = Field(description="Compared without case and outer blanks.", examples=["unsubscribe"])
    happened_at: Instant = Field(description="Without an offset, the shop's wall clock.")
    recorded_at: Instant | None = Field(
        default=None, description="When the caller learned of it; default: now, unless the same outcome is stored."
    )
    customer_id: CustomerId | None = Field(default=None, description="Either this or `decision_id`.")
    decision_id: RecordId | None = None
    value: Amount | None = None

    @model_validator(mode="after")
    def _require_one_subject(self) -> OutcomeItem:
        if (self.customer_id is None) == (self.decision_id is None):
            raise ValueError(
                f"found {'neither' if self.customer_id is None else 'both'} of customer_id and decision_id; expected "
                "one of them"
            )
        return self


class ExposuresRequest(StrictModel):
    """Exposures to record."""

    exposures: Annotated[list[ExposureItem], Field(min_length=1, max_length=MAX_ITEMS)]


class OutcomesRequest(StrictModel):
    """Outcomes to record."""

    outcomes: Annotated[list[OutcomeItem], Field(min_length=1, max_length=MAX_ITEMS)]


class IntakeItem(StrictModel):
    """What became of one item."""

    status: Literal["accepted", "repeated", "refused"] = Field(
        description="repeated: it was recorded before, and nothing changed."
    )
    reason: RefusalReason | None = Field(description=f"Of a refusal, else null. {REASON_MEANINGS}")


class IntakeResponse(StrictModel):
    """What became of each item, in the order of the request; what was accepted is stored."""

    accepted: int
    repeated: int
    refused: int
    items: list[IntakeItem]
