"""Offer effect: what an offer changes per person contacted, as an experiment measured it or as the caller assumes.

A prediction of churn says nothing about the effect of an offer: those most at risk are not those whom it keeps (Ascarza
2018, "Retention futility: targeting high-risk customers might be ineffective", Journal of Marketing Research 55(1)). So
only a comparison with a randomised control, at a look that was declared before, is a randomised profit basis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from features.arrays import Floats
from features.canonical_form import canonical_word
from features.errors import NotFound
from serving.audiences.errors import InvalidAudienceRequest, suggestions
from serving.schemas.economics import EconomicsRequest, ProfitBasis, ProfitRefusal
from training.experiments.record.experiment import Experiment, MetricKind
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.result_schema import ArmResult, EffectEstimate, ExperimentResults, Look
from training.experiments.results.stored_results import read_stored_results

_IN_MONEY: Sequence[MetricKind] = ("order", "orders", "spend")
NO_EXPERIMENT = (
    "Found no experiment in the request; expected one with this kind of offer. Predictions tell who is likely to "
    "leave, not whom an offer keeps: hold some out at random and measure (`flywheel experiment`), or send "
    "assumed_uplift."
)


@dataclass(frozen=True, kw_only=True)
class OfferEffect:
    """The change per person contacted, of orders or of net spend; arrays (n,) where people differ."""

    basis: ProfitBasis
    outcome: Literal["orders", "spend"]
    value: float | Floats
    low: float | Floats | None
    high: float | Floats | None
    detail: str
    experiment: Experiment | None = None
    arm: str | None = None

    @property
    def scenarios(self) -> list[float | Floats]:
        """The effect, then the ends of its interval, if there is one."""
        return [effect for effect in (self.value, self.low, self.high) if effect is not None]


@dataclass(frozen=True)
class EffectRefusal:
    """Why no experiment tells the effect."""

    reason: ProfitRefusal
    detail: str


def assumed_effect(uplift: float) -> OfferEffect:
    """Return the effect that the caller assumes, in orders."""
    return OfferEffect(
        basis="assumed",
        outcome="orders",
        value=uplift,
        low=None,
        high=None,
        detail=f"Assumed by the caller: {uplift:g} additional orders per person contacted. No experiment shows it.",
    )


def measured_effect(
    request: EconomicsRequest, channel: str | None, experiments: ExperimentFolder | None
) -> OfferEffect | EffectRefusal:
    """Return the effect at the newest declared look of the experiment that the request names.

    Args:
        request: names an experiment, or none.
        channel: of the audience.
        experiments: of the home; None for a caller who may not read them.

    Raises:
        InvalidAudienceRequest: there is no such experiment or arm, or an arm alone.
        StoreDamaged: the files of the experiment are not as they were written.
    """
    if request.experiment is None and request.arm is not None:
        reason = f"Found {request.arm} without an experiment; expected both, or neither."
        raise InvalidAudienceRequest.for_field("economics.arm", reason)
    if request.experiment is None:
        return EffectRefusal("no_experiment", NO_EXPERIMENT)
    if experiments is None:
        return EffectRefusal(
            "no_access", "Found a key without the scope experiment; expected it, to use the effect of an experiment."
        )
    try:
        record = experiments.read(request.experiment).record
    except NotFound as error:
        raise InvalidAudienceRequest.for_field("economics.experiment", str(error)) from None
    arm = _offered_arm(record, request.arm)
    refusal = _refuse_record(record, channel)
    return refusal or _effect_of(record, arm, read_stored_results(experiments, record.id))


def _offered_arm(record: Experiment, name: str | None) -> str:
    """Return the arm with the offer.

    Raises:
        InvalidAudienceRequest: it is not one of those that are compared with control.
    """
    offered = [arm.name for arm in record.arms if not arm.control]
    if name is None and len(offered) == 1:
        return offered[0]
    if name is None:
        reason = f"Found no arm; expected one of {', '.join(offered)}, since {record.id} has several beside control."
        raise InvalidAudienceRequest.for_field("economics.arm", reason)
    if name not in offered:
        reason = f"Found {name}; expected an arm of {record.id} beside control. {suggestions(name, offered)}"
        raise InvalidAudienceRequest.for_field("economics.arm", reason)
    return name


def _refuse_record(record: Experiment, channel: str | None) -> EffectRefusal | None:
    measured_on = record.eligible.channel
    if measured_on is not None and canonical_word(measured_on) != channel:
        return EffectRefusal(
            "other_channel",
            f"Found the experiment {record.id} on the channel {measured_on} and an audience on {channel or 'any'}; "
            "expected the same. An offer may do something else on another channel.",
        )
    if record.outcome.kind not in _IN_MONEY:
        return EffectRefusal(
            "outcome_not_in_money",
            f"Found the outcome {record.outcome.label} of {record.id}; expected orders or spend, which have a margin.",
        )
    return None


def _effect_of(record: Experiment, arm: str, results: ExperimentResults | None) -> OfferEffect | EffectRefusal:
    if results is None:
        return EffectRefusal(
            "not_yet", f"Found no results of {record.id} yet; expected those of a nightly `flywheel learn`."
        )
    if results.sample_ratio is not None and results.sample_ratio.alarm:
        return EffectRefusal("not_identified", results.detail)
    look = results.looks[-1] if results.looks else None
    compared = None if look is None else next((result for result in look.arms if result.name == arm), None)
    if look is None or compared is None or compared.effect is None:
        return _without_effect(results, compared)
    return _randomised_effect(record, compared, compared.effect, look)


def _without_effect(results: ExperimentResults, compared: ArmResult | None) -> EffectRefusal:
    refused = compared or next((arm for arm in results.arms if arm.refusal is not None), None)
    if refused is not None and refused.refusal is not None:
        return EffectRefusal(refused.refusal.status, refused.refusal.detail)
    waits = results.status == "not_yet" or results.next_look is not None
    return EffectRefusal("not_yet" if waits else "not_identified", results.detail)


def _randomised_effect(record: Experiment, compared: ArmResult, effect: EffectEstimate, look: Look) -> OfferEffect:
    control = next(arm.name for arm in record.arms if arm.control)
    return OfferEffect(
        basis="randomised",
        outcome="spend" if record.outcome.kind == "spend" else "orders",
        value=effect.value,
        low=effect.low,
        high=effect.high,
        detail=(
            f"Measured by the experiment {record.id}, {record.outcome.label}, at the look of {look.as_of}: the arm "
            f"{compared.name} against {control}, {look.matured:,} customers. It holds for people like those."
        ),
        experiment=record,
        arm=compared.name,
    )
