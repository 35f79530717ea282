"""Experiment: what is compared, on which customers, by which outcome and how long, frozen from its first decision."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from features.canonical_form import canonical_word

ID_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"
MAX_ARMS, MAX_GUARDRAILS, MAX_LOOKS = 10, 10, 30
MAX_COST = 1e12
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9990, 12, 31)  # windows around a day have dates too


def _require_near(day: date) -> date:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"found {day}; expected a day from {FIRST_DAY} to {LAST_DAY}")
    return day


Name = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Days = Annotated[int, Field(ge=1, le=365, strict=True)]
Day = Annotated[date, AfterValidator(_require_near)]
Probability = Annotated[float, Field(ge=0, le=1)]
MetricKind = Literal["order", "orders", "spend", "event"]  # came or not, number, net amount, a kind of outcome


class ExperimentModel(BaseModel):
    """A part of the record: only known keys, frozen values, and numbers that JSON can express."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class Arm(ExperimentModel):
    """An arm: one of the things that are compared."""

    name: Name
    control: bool = False
    """Whether the others are compared with this arm."""
    cost: Annotated[float, Field(ge=0, le=MAX_COST)] = 0.0
    """What one decision for this arm costs, in the currency of the shop."""
    share: Annotated[float, Field(gt=0, lt=1)] | None = None
    """The share of the customers of a fixed split; without any, all arms have the same."""


class NamedHoldout(ExperimentModel):
    """The hold-out of audiences with this name, as in `POST /v1/audiences`."""

    share: Annotated[float, Field(ge=0, le=0.5)]
    name: Word


class Eligibility(ExperimentModel):
    """Who may take part: the filter of an audience, with its purpose and channel."""

    filter: Any = None
    """As in `POST /v1/audiences`; without it every customer."""
    purpose: Word = "marketing"
    channel: Word | None = None
    holdout: NamedHoldout | None = None
    """Customers whom the hold-out of audiences leaves out; they draw no arm."""


class WarmUp(ExperimentModel):
    """Warm-up: an adaptive split stays even until each arm has this much."""

    units: Annotated[int, Field(ge=0)] = 100
    conversions: Annotated[int, Field(ge=0)] = 40


class Allocation(ExperimentModel):
    """Allocation: a fixed split, or probabilities that follow the outcomes."""

    kind: Literal["fixed", "adaptive"] = "fixed"
    floor: Annotated[float, Field(ge=0.01, le=0.5)] = 0.05
    """The smallest probability of an arm; 0.05 where an effect is to be stated."""
    warm_up: WarmUp = WarmUp()
    every: Literal["day", "week"] = "day"
    half_life_days: Days | None = None
    """After how many days an observation counts half; for winners that change."""


class Metric(ExperimentModel):
    """A metric: what is measured for each customer in the days from the decision on, half-open."""

    kind: MetricKind
    within_days: Days
    name: Word | None = None
    """The kind of outcome, for `event`."""

    @property
    def label(self) -> str:
        """The metric as one word, such as ``order_28d`` or ``unsubscribe_28d``."""
        return f"{self.name or self.kind}_{self.within_days}d"


class Guardrail(Metric):
    """A guardrail: what the arms must not make worse than control."""

    within_days: Days = 28
    not_worse_by: Annotated[float, Field(gt=0, lt=1)] | None = None
    """The largest loss, relative to control (non-inferiority)."""
    at_most: Probability | None = None
    """The largest rate in any arm."""


class Experiment(ExperimentModel):
    """Experiment: the record, the file ``experiments/<id>.json`` of the home."""

    id: Name
    unit: Literal["customer"] = "customer"
    arms: Annotated[tuple[Arm, ...], Field(min_length=2, max_length=MAX_ARMS)]
    eligible: Eligibility = Eligibility()
    allocation: Allocation = Allocation()
    outcome: Metric
    guardrails: Annotated[tuple[Guardrail, ...], Field(max_length=MAX_GUARDRAILS)] = ()
    looks: Annotated[tuple[Day, ...], Field(max_length=MAX_LOOKS)] = ()
    """The days of the declared looks at the results, before the end; the end is always one."""
    ends_on: Day
    excludes: Name | None = None
    """Experiments with the same word never share a customer."""
    segments: Word | None = None
    """A column of the scores table: the winner may differ between its values."""
    sticky: bool = True
    """Whether a customer keeps the first arm; otherwise each epoch draws again and counts by itself."""

    @model_validator(mode="after")
    def _check(self) -> Experiment:
        names = [arm.name for arm in self.arms]
        if len(set(names)) < len(names):
            raise ValueError(f"found the arms {', '.join(names)}; expected different names")
        if sum(arm.control for arm in self.arms) > 1:
            raise ValueError("found several control arms; expected at most one")
        if self.allocation.kind == "adaptive" and self.allocation.floor * len(self.arms) > 1:
            raise ValueError(
                f"found a floor of {self.allocation.floor} for {len(self.arms)} arms; expected at most 1 in all"
            )
        shares = [arm.share for arm in self.arms if arm.share is not None]
        if shares and (len(shares) < len(names) or abs(sum(shares) - 1) > 1e-6):
            raise ValueError(
                f"found shares of {len(shares)} arms with the sum {sum(shares):g}; expected one each, and 1 in all"
            )
        _check_metrics(self.outcome, self.guardrails)
        if list(self.looks) != sorted(set(self.looks)) or any(look >= self.ends_on for look in self.looks):
            raise ValueError("found looks out of order or not before ends_on; expected ascending days before it")
        return self

    @property
    def arm_names(self) -> tuple[str, ...]:
        """The names of the arms, in their order."""
        return tuple(arm.name for arm in self.arms)

    @property
    def control(self) -> int | None:
        """The position of the control arm; None without one."""
        return next((position for position, arm in enumerate(self.arms) if arm.control), None)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The outcome and the guardrails."""
        return (self.outcome, *self.guardrails)

    @property
    def shares(self) -> tuple[float, ...]:
        """The probabilities of the arms before anything is learned."""
        return tuple(arm.share if arm.share is not None else 1 / len(self.arms) for arm in self.arms)


def _check_metrics(outcome: Metric, guardrails: tuple[Guardrail, ...]) -> None:
    """Check that every metric has the fields of its kind, that no two share a label, and that guardrails have a limit.

    Raises:
        ValueError: they are not so.
    """
    for metric in (outcome, *guardrails):
        if (metric.kind == "event") != (metric.name is not None):
            raise ValueError(
                f"found the metric {metric.kind} with the name {metric.name}; expected a name for event alone"
            )
        if metric.name is not None and canonical_word(metric.name) in ("", *get_args(MetricKind)):
            raise ValueError(
                f"found an event with the name {metric.name!r}; expected a visible one that is not the name of another "
                "kind of metric"
            )
    unlimited = [one.label for one in guardrails if one.not_worse_by is None and one.at_most is None]
    if unlimited:
        raise ValueError(f"found the guardrail {unlimited[0]} without a limit; expected not_worse_by or at_most")
