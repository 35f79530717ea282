"""Result schema: what is known of an experiment, as ``results.json`` and the answer of the service have it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from training.experiments.record.experiment import Probability
from training.experiments.refusal import Reason, Refusal

ResultStatus = Literal["running", "decided", "ended", "not_yet", "not_identified"]


def _round(value: object) -> object:
    """Nine significant digits: the order in which rows were summed must not show in the file."""
    return float(f"{value:.9g}") if isinstance(value, float) else value


Figure = Annotated[float, BeforeValidator(_round)]
Count = Annotated[int, Field(ge=0)]


class ResultModel(BaseModel):
    """A part of the results: only known keys, frozen values."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class RefusalRecord(ResultModel):
    """Why a number is not stated; none stands in its place."""

    status: Literal["not_yet", "not_identified"]
    """`not_yet` where time or more customers help."""
    reason: Reason
    detail: str
    """What was found, what was expected and what to do."""

    @classmethod
    def of(cls, refusal: Refusal) -> RefusalRecord:
        """The record of a refusal."""
        return cls(status=refusal.status, reason=refusal.reason, detail=refusal.detail)


class EffectEstimate(ResultModel):
    """A difference from control, per customer in units of the metric, with its interval."""

    value: Figure
    low: Figure
    high: Figure
    """The interval holds for all declared looks and all arms together, at 95 %."""
    relative: Figure | None
    """The difference divided by the mean of control; null where that is 0."""
    method: str


class Band(ResultModel):
    """A confidence sequence of the difference from control: it holds at all times together, at 95 %."""

    value: Figure
    low: Figure
    high: Figure


class ArmResult(ResultModel):
    """The customers of an arm and, where they are identified, its effect and its band."""

    name: str
    control: bool
    decided: Count
    """Customers with a decision for this arm."""
    matured: Count
    """Those whose outcome counts: the window is over, and its rows had the time to arrive."""
    conversions: Count | None = None
    """Matured customers with an outcome above 0; null where nothing is stated, as of few customers."""
    mean: Figure | None = None
    """The mean of the metric per customer, estimated for all customers; at declared looks only."""
    effect: EffectEstimate | None = None
    """At declared looks only."""
    band: Band | None = None
    probability_best: Probability | None = None
    """The probability that no other arm has a larger mean; at declared looks only."""
    decision: Literal["better", "worse"] | None = None
    """Against control, at the newest declared look that decided; null while nothing is decided."""
    refusal: RefusalRecord | None = None


class SegmentArm(ResultModel):
    """The effect of an arm in one segment."""

    name: str
    matured: Count
    effect: EffectEstimate | None = None
    refusal: RefusalRecord | None = None


class SegmentResult(ResultModel):
    """The effects in one value of the segment column."""

    segment: str
    arms: tuple[SegmentArm, ...]


class FactorResult(ResultModel):
    """Orders per customer and spend per order: the two factors of spend, each with its difference from control."""

    metric: str
    arm: str
    control_mean: Figure
    effect: EffectEstimate
    note: str = ""


class GuardrailResult(ResultModel):
    """Whether an arm keeps a guardrail: `kept` and `broken` are shown by the interval, `unclear` is neither."""

    metric: str
    arm: str
    limit: str
    """The guardrail in words."""
    status: Literal["kept", "broken", "unclear"] | None = None
    value: Figure | None = None
    low: Figure | None = None
    high: Figure | None = None
    """The value and its 95 % interval: of the arm less the largest loss allowed, or of the arm's rate."""
    refusal: RefusalRecord | None = None


class SampleRatio(ResultModel):
    """Whether the arms got the customers that the logged probabilities say; an alarm withholds every effect."""

    log_e_value: Figure
    """The natural logarithm of the largest e-value so far."""
    alarm: bool
    """Whether the e-value passed 1,000."""
    since: date | None = None
    """The first day of the alarm."""
    method: str


class Look(ResultModel):
    """A declared look: what was known and decided then; it stays as it was."""

    day: date
    """The declared day."""
    as_of: date
    """The day of the analysis, which is the first one after it on which results were made."""
    end: bool
    matured: Count
    share: Figure
    """Matured customers as a share of those expected at the end."""
    spent_alpha: Figure
    """How much of the error of 5 % is spent."""
    bound: Figure
    """The bound of an arm's z statistic, if all arms are still open."""
    arms: tuple[ArmResult, ...]


class AllocationResult(ResultModel):
    """What the probabilities of an adaptive split rest on, and the tests of what they assume."""

    warm_up_over: bool
    """Whether every arm has the customers and conversions of the warm-up; until then the split stays as it began."""
    delays_differ_p: Probability
    """The p-value that the outcomes of all arms take the same time."""
    matured_only: bool
    """Whether only matured customers count for the split, since the arms take different times."""
    change_p: Probability
    """The p-value that the effects are the same in both halves of the days; a small one speaks for a half-life."""
    half_life_days: int | None
    """After how many days an observation counts half, as declared."""


class DailyCount(ResultModel):
    """One arm on one day: what remains of it when the rows of its customers are erased."""

    day: date
    arm: str
    decided: Count
    matured: Count
    total: Figure
    """The sum of the metric over the matured customers."""
    squares: Figure
    """The sum of its squares."""


class StatedResults(ResultModel):
    """The results of an experiment: effects with intervals at the declared looks, a band at all times, or a refusal."""

    experiment_id: str
    as_of: date
    """Only decisions and outcomes before this day of the shop are used."""
    status: ResultStatus
    """`decided` once a look decided an arm, `ended` after the last look; else `running`, or the refusal's status."""
    reason: Reason | None = None
    detail: str
    metric: str
    decided: Count | None
    """Customers with a decision; null before the first `flywheel learn`, like `matured`."""
    matured: Count | None
    matures_on: date | None = None
    """The day on which the outcomes of all decisions so far count."""
    next_look: date | None = None
    sample_ratio: SampleRatio | None = None
    arms: tuple[ArmResult, ...]
    winner: str | None = None
    """At the end only: the arm that is the best with 95 %, is above control, and keeps its guardrails."""
    factors: tuple[FactorResult, ...] = ()
    segments: tuple[SegmentResult, ...] = ()
    guardrails: tuple[GuardrailResult, ...] = ()
    allocation: AllocationResult | None = None
    """Of an adaptive split only."""
    looks: tuple[Look, ...] = ()
    erased_since: Count = 0
    """Customers whose rows were erased after they had been counted; the figures of earlier looks include them."""


class ExperimentResults(StatedResults):
    """The results as the home keeps them. The counts by day are in no answer: a day may have one customer."""

    daily: tuple[DailyCount, ...] = ()
