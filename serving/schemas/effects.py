"""Effects schema: the question about an event, and what attending it did, or why that is not known."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from features.canonical_form import canonical_word
from serving.schemas.base import StrictModel
from training.experiments.refusal import Reason

Status = Literal["estimated", "not_yet", "not_identified"]
Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class EffectRequest(StrictModel):
    """A question: what did attending an event do to spend or orders in the days from the attendance on?"""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    event: Word = Field(
        description="The kind of event in [events], or of an outcome, compared without case.",
        examples=["cooking_class"],
    )
    outcome: Literal["spend", "orders"] = "spend"
    within_days: Annotated[int, Field(ge=7, le=365, strict=True)] = Field(
        default=84, description="Length of the window from the day of attendance on."
    )
    from_day: date | None = Field(default=None, alias="from", description="The first day of attendances that count.")
    to_day: date | None = Field(default=None, alias="to", description="The day after the last one.")
    invitation_experiment: Word | None = Field(
        default=None,
        description="The experiment, or the campaign of [touches], that drew at random who was invited.",
    )

    @model_validator(mode="after")
    def _check(self) -> EffectRequest:
        if not canonical_word(self.event):
            raise ValueError("found an event without a visible character; expected the kind of an event")
        if self.from_day is not None and self.to_day is not None and self.from_day >= self.to_day:
            raise ValueError(f"found from {self.from_day} and to {self.to_day}; expected from to lie before to")
        return self


class Interval(StrictModel):
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


class DiagnosticResponse(StrictModel):
    """What an estimator finds for pseudo-attendees, who resemble the attendees and did not attend."""

    estimator: Literal["matched", "doubly_robust", "difference_in_differences", "before_and_after", "difference_after"]
    pseudo_effect: float = Field(description="Per pseudo-attendee in the window: the bias of the estimator.")
    passes: bool = Field(description="Whether it lies within one standard error of 0.")


class SensitivityResponse(StrictModel):
    """How strong a hidden cause would have to be (robustness value of Cinelli & Hazlett 2020), shares of variance."""

    robustness_value: float = Field(
        description="A cause that explains this share of what is left of attending and of the outcome explains the "
        "whole effect away."
    )
    robustness_value_interval: float = Field(description="The same for the end of the interval nearer to 0.")
    recorded_attending: float = Field(description="What the purchases of the 12 weeks before explain of attending.")
    recorded_outcome: float = Field(description="What they explain of the change in the outcome.")


class ObservedEffect(StrictModel):
    """The effect of attending from those who came of their own accord; a refusal has a reason and no number."""

    status: Status
    evidence: Literal["observational"] = "observational"
    reason: Reason | None = None
    detail: str
    per_attendee: Interval | None = Field(
        default=None, description="In the window, by matched difference in differences."
    )
    doubly_robust: Interval | None = Field(default=None, description="The same by doubly robust differences.")
    sensitivity: SensitivityResponse | None = None
    diagnostics: list[DiagnosticResponse] = Field(default=[], description="Biases, not effects.")


class RandomisedEffect(StrictModel):
    """The effect of invitations that were drawn at random; a refusal has a reason and no number."""

    status: Status
    evidence: Literal["randomised"] = "randomised"
    reason: Reason | None = None
    detail: str
    invited: int
    not_invited: int
    per_invited: Interval | None = Field(default=None, description="Intention to treat, per customer in the window.")
    uptake: Interval | None = Field(default=None, description="The share that attended because of the invitation.")
    per_attendee: Interval | None = Field(
        default=None,
        description="On those who came because they were invited (Wald); null where the uptake may be 0.",
    )


class EffectResponse(StrictModel):
    """The answer to a question about an event."""

    event: str
    outcome: Literal["spend", "orders"]
    within_days: int
    as_of: date = Field(description="The day up to which the log was read, itself left out.")
    attendees: int = Field(description="Customers whose first attendance lies in the period.")
    mature: int = Field(description="Of these, with a window that is over, and with 12 weeks of the log before.")
    compared: int = Field(description="Of these, with an order before; at most 2,000, drawn at random.")
    ordered_that_day: float | None = Field(
        description="The share of the mature who ordered on the day of attendance. Near 1 the event is part of an "
        "order, and its effect has that order in it."
    )
    cohorts: int = Field(description="Weeks of attendance.")
    never_attended: int = Field(description="Customers that they are compared with.")
    attending: ObservedEffect
    invitations: RandomisedEffect | None = None
