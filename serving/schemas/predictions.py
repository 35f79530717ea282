"""Prediction schemas: the request as it is validated, and the answers as OpenAPI documents them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    JsonValue,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    create_model,
    field_validator,
)

from serving.moments import DATETIME_SCHEMA, parse_datetime
from serving.schemas.base import Probability, StrictModel
from serving.schemas.scorecards import DriftResponse
from serving.schemas.segments import SegmentResponse
from training.models import ANSWER_ORDER, EXPLANATIONS, PAGES

MAX_CUSTOMERS = 1000
MAX_CUSTOMERS_WITH_REASONS = 200  # more would not be answered within the deadline

PARTS = (*ANSWER_ORDER, "segment", "reasons")
DIRECTIONS = tuple(
    dict.fromkeys(direction for page in EXPLANATIONS.values() for direction in reversed(page.directions))
)

# The catalogue of pages is known at run time alone: pydantic checks the names, the type checker reads text.
if TYPE_CHECKING:
    Part = str
    Answered = str
    Direction = str
else:
    Part = Literal[PARTS]
    Answered = Literal[tuple(EXPLANATIONS)]
    Direction = Literal[DIRECTIONS]

DEFAULT_PARTS: frozenset[Part] = frozenset(PARTS) - {"reasons"}

CustomerId = Annotated[str, StringConstraints(min_length=1)]
AsOf = Annotated[
    datetime,
    BeforeValidator(parse_datetime),
    WithJsonSchema(
        {
            **DATETIME_SCHEMA,
            "description": "The instant that the answer is for: RFC 3339; without an offset, the shop's wall clock; a "
            "plain date is the beginning of that local day. Not before the time of the features.",
            "examples": ["2026-11-21T00:00:00Z", "2026-11-21"],
        }
    ),
]


class PredictionRequest(StrictModel):
    """The customers, the instant, and the parts of the answer."""

    customer_ids: Annotated[list[CustomerId], Field(min_length=1, max_length=MAX_CUSTOMERS)] = Field(
        description="Ids as they stand in the shop's log, digit for digit; outer blanks, Unicode form and invisible "
        "characters do not matter. Answers come in this order, with the ids as they were sent.",
        examples=[["17850", "13047"]],
    )
    as_of: AsOf | None = Field(default=None, description="Default: the service's clock.")
    include: list[Part] | None = Field(
        default=None,
        description="Parts of the answer; what is not included is absent. Default: all but reasons, which take some "
        "milliseconds per customer and explain the answers included with them: for up to "
        f"{MAX_CUSTOMERS_WITH_REASONS} customers at a time.",
        examples=[["churn", "next_purchase"]],
    )
    curve: bool = Field(
        default=False,
        strict=True,
        description="Whether next_purchase has P(order) within each of 1 to 90 days too.",
    )

    @field_validator("include")
    @classmethod
    def _limit_reasons(cls, include: list[Part] | None, info: ValidationInfo) -> list[Part] | None:
        count = len(info.data.get("customer_ids", ()))
        if "reasons" in (include or ()) and count > MAX_CUSTOMERS_WITH_REASONS:
            raise ValueError(
                f"Found reasons for {count:,} customers; expected at most {MAX_CUSTOMERS_WITH_REASONS}. Send several "
                "requests, or leave reasons out."
            )
        return include


EXAMPLE_REASON: JsonValue = {
    "answer": "churn",
    "code": "recency_over_median_gap",
    "value": 4.2,
    "direction": "raises",
    "importance": 0.38,
    "text": {
        "en": "Silent for 4.2 times the usual gap between orders",
        "zh": "沉默时间已是平时购买间隔的 4.2 倍",
    },
}


class LocalizedText(StrictModel):
    """One sentence in each language."""

    en: str
    zh: str


class ReasonResponse(StrictModel):
    """One fact about the customer that moved an answer, and the direction."""

    answer: Answered
    code: str = Field(description="The feature that contributes most; related features count together.")
    value: float | None = Field(description="Of that feature; null where nothing is known yet.")
    direction: Direction = Field(
        description="What it does to the churn probability or to the spend expected over the longest horizon that "
        "could be learned: raises or lowers; to the next purchase: sooner or later."
    )
    importance: Probability = Field(description="Its share of the absolute attributions of this answer, 0 to 1.")
    text: LocalizedText


class PredictionEnvelope(StrictModel):
    """The answer for one customer; without consent or features, or for an unknown customer, it has no predictions."""

    customer_id: str = Field(examples=["17850"])
    status: Literal[
        "features_unavailable",
        "unknown_customer",
        "withheld_consent",
        "stale_features",
        "insufficient_history",
        "scored",
    ]
    reason: (
        Literal[
            "store_unreachable",
            "store_damaged",
            "not_materialized",
            "rows_lost",
            "schema_mismatch",
            "consents_unavailable",
        ]
        | None
    ) = Field(default=None, description="Why the features cannot be read just now. Ask again later.")
    model_tier: Literal["average", "last_window", "btyd", "population"] | None = Field(
        default=None,
        description="What answers: the weighted average of several models; the best of them on the level of the last "
        "window, where the newest test origin refuted the average; a buy-till-you-die model; the mean of all.",
    )
    as_of: datetime
    prediction_id: str = Field(description="The same for the same customer, instant, release and features.")
    release: str = Field(examples=["7"])
    model_versions: dict[str, str] = Field(examples=[{"churn": "3", "next_purchase": "3", "ltv": "2"}])
    features_at: datetime | None = Field(default=None, description="The time of the features.")
    log_until: datetime | None = Field(
        description="The last order line, of any customer, that the features know; null where an "
        "earlier version of Flywheel published them. Long before features_at, the log has stopped, not the customers."
    )


REASONS = Field(
    default=None,
    description="Only when requested: up to three for each included answer, for all answers when none is, the most "
    "important first. An answer that is the same for everybody has none.",
    examples=[[EXAMPLE_REASON]],
)


def _prediction_schema() -> type[PredictionEnvelope]:
    """The envelope, one field for each page of ``training/models/``, and the fields that serving adds."""
    answers: dict[str, Any] = {name: (PAGES[name].answer.schema | None, None) for name in ANSWER_ORDER}
    return create_model(
        "Prediction",
        __base__=PredictionEnvelope,
        __doc__=PredictionEnvelope.__doc__,
        __module__=__name__,
        **answers,
        segment=(SegmentResponse | None, None),
        reasons=(list[ReasonResponse] | None, REASONS),
    )


if TYPE_CHECKING:
    Prediction = PredictionEnvelope
else:
    Prediction = _prediction_schema()


class PredictionsResponse(StrictModel):
    """Predictions in the order of the request."""

    predictions: list[Prediction]


class ModelsResponse(StrictModel):
    """The models of the active release."""

    release: str = Field(examples=["7"])
    trained_as_of: datetime = Field(description="Everything before this instant was known in training.")
    feature_service: str
    model_versions: dict[str, str]
    models: list[dict[str, JsonValue]] = Field(
        description="A card per model: version, horizon, training window, metrics against baselines."
    )
    drift: DriftResponse | None = Field(description="Drift since its training; null before the first nightly look.")


class FieldProblem(StrictModel):
    """The problem of one field."""

    field: str = Field(examples=["customer_ids[0]"])
    reason: str


class ProblemDetails(StrictModel):
    """Problem details (RFC 9457): what went wrong, as text and as a status code."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str
    errors: list[FieldProblem] = Field(default=[], description="Where single fields are at fault.")
