"""Uplift answer: by how much a treatment moves the outcome of a customer, with its interval and its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from features.arrays import Booleans, Floats
from training.inference.answers.answer import Answer, AnswerContext, Horizons, Json, TableColumn, TableValues
from training.inference.answers.schema import AnswerStatus, StrictModel
from training.inference.uplift.evidence import UpliftEvidence

Policy = Literal["everybody", "nobody", "one_feature_rule", "response", "linear_t", "boosted_s", "boosted_t"]


@dataclass(frozen=True, kw_only=True)
class UpliftColumns:
    """The uplift answers of n customers, all by one experiment."""

    evidence: UpliftEvidence
    known: Booleans  # (n,) customers who have an answer
    effect: Floats  # (n, 3) with the ends of the 95 % interval; NaN without a policy


class UpliftResponse(StrictModel):
    """By how much the treatment of an experiment changes the outcome of the customer."""

    status: AnswerStatus = Field(
        description="`scored`, or why the answer is weaker; `no_signal`: the experiment does not show that customers "
        "differ.",
        examples=["scored"],
    )
    policy: Policy | None = Field(
        description="What answers: the average effect for `everybody` or `nobody`, or a ranking that surely beats "
        "both; null where not even the average effect is clear.",
        examples=["one_feature_rule"],
    )
    uplift: float | None = Field(
        description="Expected outcome with the treatment less that without: a difference of probabilities for orders "
        "and events, an amount for spend. Null without a policy.",
        examples=[0.031],
    )
    low: float | None = Field(
        description="Lower end of the 95 % interval of the mean effect on customers like this one.", examples=[0.012]
    )
    high: float | None = Field(description="Upper end of that interval.", examples=[0.05])
    outcome: str = Field(description="What is measured, and within how many days.", examples=["order_28d"])
    experiment_id: str = Field(examples=["win-back-2027-03"])
    arm: str = Field(description="The treatment.", examples=["ten-percent"])
    control: str = Field(description="The arm that it is compared with.", examples=["none"])
    evidence: Literal["randomised"] = "randomised"
    reason: str | None = Field(description="Why customers are not ranked.", examples=["no_heterogeneity"])


def compute(context: AnswerContext) -> UpliftColumns:
    """The answers of the head."""
    evidence = context.metadata.uplift
    if evidence is None:
        raise ValueError("Found no evidence of uplift in the release. Expected it beside the model: train again.")
    effect = context.forecast.answers["uplift"]
    effect = np.full_like(effect, np.nan) if evidence.policy is None else effect
    return UpliftColumns(evidence=evidence, known=context.known_mask, effect=effect)


def serialize(columns: UpliftColumns) -> list[Json]:
    """One JSON object per customer."""
    evidence = columns.evidence
    shared = {
        "outcome": evidence.outcome,
        "experiment_id": evidence.experiment_id,
        "arm": evidence.arm,
        "control": evidence.control,
        "evidence": "randomised",
        "reason": evidence.reason,
    }
    return [
        {"policy": evidence.policy, "uplift": effect, "low": low, "high": high, **shared}
        for effect, low, high in columns.effect.tolist()
    ]


def table_columns(_horizons: Horizons) -> tuple[TableColumn, ...]:
    """The columns of the scores table."""
    return (
        TableColumn(
            "uplift", "number", "Expected outcome with the treatment of `uplift_experiment` less that without."
        ),
        TableColumn("uplift_low", "number", "Lower end of the 95 % interval of that difference."),
        TableColumn("uplift_high", "number", "Upper end of the 95 % interval of that difference."),
        TableColumn("uplift_policy", "text", "What answers: `everybody`, `nobody`, or the ranking that beats both."),
        TableColumn("uplift_experiment", "text", "The experiment that the difference rests on."),
        TableColumn("uplift_arm", "text", "The arm of it that is compared with control."),
        TableColumn("uplift_outcome", "text", "What it measures, and within how many days."),
    )


def tabulate(columns: UpliftColumns, _horizons: Horizons) -> Mapping[str, TableValues]:
    """The values of the columns of the scores table, (n,) each."""
    evidence = columns.evidence
    texts = {
        "uplift_policy": evidence.policy,
        "uplift_experiment": evidence.experiment_id,
        "uplift_arm": evidence.arm,
        "uplift_outcome": evidence.outcome,
    }
    return {
        **dict(zip(("uplift", "uplift_low", "uplift_high"), columns.effect.T, strict=True)),
        **{name: [text if known else None for known in columns.known.tolist()] for name, text in texts.items()},
    }


UPLIFT_ANSWER = Answer(
    compute=compute, schema=UpliftResponse, serialize=serialize, table_columns=table_columns, tabulate=tabulate
)
