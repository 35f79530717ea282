"""What goes over the wire: the request as it is checked, the answers as they are documented."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue, StringConstraints, WithJsonSchema

from serving.moments import parse_datetime
from serving.schemas.base import Probability, StrictModel
from serving.schemas.segments import SegmentResponse

MAX_CUSTOMERS = 1000
MAX_ID_LENGTH = 256

Part = Literal["churn", "next_purchase", "ltv", "segment", "reasons"]
DEFAULT_PARTS: frozenset[Part] = frozenset({"churn", "next_purchase", "ltv", "segment"})

CustomerId = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID_LENGTH)]
AsOf = Annotated[
    datetime,
    BeforeValidator(parse_datetime),
    WithJsonSchema(
        {
            "type": "string",
            "description": "The instant the answer speaks for: RFC 3339; without an offset the shop's wall clock; a "
            "plain date is that local day's beginning. Not before the features' own time.",
            "examples": ["2026-11-21T00:00:00Z", "2026-11-21"],
        }
    ),
]


class PredictionRequest(StrictModel):
    """Which customers, at which instant, and which parts of the answer."""

    customer_ids: Annotated[list[CustomerId], Field(min_length=1, max_length=MAX_CUSTOMERS)] = Field(
        description="Ids as they stand in the shop's log, digit for digit. Answers come in this order.",
        examples=[["17850", "13047"]],
    )
    as_of: AsOf | None = Field(default=None, description="Default: the service's clock.")
    include: list[Part] | None = Field(
        default=None,
        description="Parts of the answer; what is not included is absent. Default: all but reasons, which take some "
        "milliseconds per customer and speak of the answers included with them.",
        examples=[["churn", "next_purchase"]],
    )


class ChurnResponse(StrictModel):
    """Will the customer place no order within the horizon?"""

    horizon_days: int = Field(examples=[90])
    probability: Probability = Field(examples=[0.1])
    percentile: Annotated[float, Field(ge=0, le=100)] = Field(
        description="Mid-rank within the population scored when the release was promoted; higher is likelier to churn.",
        examples=[23.0],
    )
    band: Literal["low", "medium", "high"] = Field(examples=["low"])


class CategoryResponse(StrictModel):
    """When does the next order in a category come? Never before the next order of any kind."""

    category: str = Field(description="As it stands in the shop's log.", examples=["skin care"])
    evidence: Literal["category", "customer", "population"] = Field(
        description="What the answer rests on: the customer's own rhythm in the category; the category's usual gap at "
        "the customer's pace in general; that gap alone."
    )
    last_order_at: date = Field(description="The shop's day.", examples=["2026-09-09"])
    p10: date | None = Field(examples=["2026-11-28"])
    p50: date | None = Field(examples=["2026-12-09"])
    p90: date | None = Field(examples=["2027-03-02"])
    remind_on: date | None = Field(description="The later of the as-of day and p50 less the lead days.")
    overdue_ratio: float = Field(
        description="Time since the last order in the category over the gap expected there.", examples=[0.8]
    )
    probability_within: dict[str, Probability] = Field(
        description="P(order in the category) within so many days.", examples=[{"7": 0.04, "14": 0.19, "30": 0.71}]
    )


class NextPurchaseResponse(StrictModel):
    """When does the next order come? Dates are the shop's; null lies beyond the model's last day."""

    p10: date | None = Field(examples=["2026-11-25"])
    p50: date | None = Field(examples=["2026-12-07"])
    p90: date | None = Field(examples=["2027-02-19"])
    remind_on: date | None = Field(description="The later of the as-of day and p50 less the lead days.")
    overdue_ratio: float | None = Field(
        description="Time since the last order over the customer's own typical gap; null before a second order.",
        examples=[0.7],
    )
    probability_within: dict[str, Probability] = Field(
        description="P(order) within so many days.", examples=[{"7": 0.21, "14": 0.44, "30": 0.66}]
    )
    by_category: list[CategoryResponse] | None = Field(
        description="The categories that the customer ordered on the most days, up to eight, the soonest reminder "
        "first and those without one last; empty before the first order in any, null for a log without categories."
    )


class Spending(StrictModel):
    """What the customer will do within one horizon; amounts are null for a log without amounts."""

    expected_orders: Annotated[float, Field(ge=0)] = Field(examples=[0.9])
    mean: float | None = Field(examples=[40.1])
    median: float | None = Field(examples=[31.0])
    p10: float | None = Field(examples=[0.0])
    p90: float | None = Field(examples=[96.0])


class LtvResponse(StrictModel):
    """What has the customer spent, and what will they spend?"""

    currency: str = Field(examples=["GBP"])
    historic: float | None = Field(description="Net spend so far; null for a log without amounts.", examples=[1204.5])
    predicted: dict[str, Spending] = Field(description="By horizon in days.")


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
    """One thing about the customer that moved one of the answers, and which way."""

    answer: Literal["churn", "next_purchase", "ltv"]
    code: str = Field(description="The feature that tells most of it; features that say the same thing count together.")
    value: float | None = Field(description="Of that feature; null where nothing is known yet.")
    direction: Literal["raises", "lowers", "sooner", "later"] = Field(
        description="What it does to the churn probability or to the spend expected over the longest horizon that "
        "could be learned: raises or lowers; to the next purchase: sooner or later."
    )
    importance: Probability = Field(
        description="Its share in all that moved this answer away from that of customers in general."
    )
    text: LocalizedText


class Prediction(StrictModel):
    """One customer's answer; of an unknown or withheld one, and while features cannot be read, only the envelope."""

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
        Literal["store_unreachable", "not_materialized", "rows_lost", "schema_mismatch", "consents_unavailable"] | None
    ) = Field(default=None, description="Why the features cannot be read just now. Ask again later.")
    model_tier: Literal["ml", "btyd", "cohort", "population"] | None = Field(
        default=None, description="The lowest rung of the ladder that any of the answers rests on."
    )
    as_of: datetime
    prediction_id: str = Field(description="The same for the same customer, instant, release and features.")
    release: str = Field(examples=["7"])
    model_versions: dict[str, str] = Field(examples=[{"churn": "3", "next_purchase": "3", "ltv": "2"}])
    features_at: datetime | None = Field(default=None, description="The features' own time.")
    churn: ChurnResponse | None = None
    next_purchase: NextPurchaseResponse | None = None
    ltv: LtvResponse | None = None
    segment: SegmentResponse | None = None
    reasons: list[ReasonResponse] | None = Field(
        default=None,
        description="Only when asked for: up to three for each answer included, for all three when none is, the most "
        "important first. An answer that is the same for everybody has none.",
        examples=[[EXAMPLE_REASON]],
    )


class PredictionsResponse(StrictModel):
    """Answers in the order asked for."""

    predictions: list[Prediction]


class ModelsResponse(StrictModel):
    """The champions that answer now."""

    release: str = Field(examples=["7"])
    trained_as_of: datetime = Field(description="Everything before this instant was known in training.")
    feature_service: str
    model_versions: dict[str, str]
    models: list[dict[str, JsonValue]] = Field(
        description="A card per model: version, horizon, training window, metrics against baselines."
    )


class ProbeResponse(StrictModel):
    """What a probe says: degraded is ready, but every answer would be that features are unavailable."""

    status: Literal["alive", "ready", "degraded"]
    release: str | None = None
    reason: str | None = None


class FieldProblem(StrictModel):
    """What is wrong with one field."""

    field: str = Field(examples=["customer_ids[0]"])
    reason: str


class ProblemDetails(StrictModel):
    """RFC 9457: what went wrong, in words and in numbers."""

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Unprocessable Content"])
    status: int = Field(examples=[422])
    detail: str
    errors: list[FieldProblem] = Field(default=[], description="Where single fields are at fault.")
