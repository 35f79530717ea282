"""Results: what the customers of an experiment show as of a day: a refusal, a band, or effects at a declared look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from training.experiments.allocation import report_allocation
from training.experiments.record.started_experiment import StartedExperiment
from training.experiments.refusal import Refusal
from training.experiments.result_schema import ExperimentResults, RefusalRecord
from training.experiments.results.arms import ArmComparison, band_arms, count_arms, segment_results
from training.experiments.results.daily_counts import count_days, count_erased
from training.experiments.results.factors import spend_factors
from training.experiments.results.guardrails import check_guardrail
from training.experiments.results.judged_looks import MadeLook, make_look
from training.experiments.results.looks import LookPlan, decided_before
from training.experiments.results.refusals import refuse_experiment, refuse_undeclared
from training.experiments.results.sample_ratio_check import check_sample_ratio, refuse_sample_ratio
from training.experiments.results.verdict import describe, find_winner
from training.experiments.units import Units


@dataclass(frozen=True, kw_only=True)
class ResultInputs:
    """What results are made from, beside the customers."""

    started: StartedExperiment
    as_of: date  # decisions and outcomes before this day of the shop are used
    stopped_on: date | None  # the day of the shop, None unless it was stopped
    matures_on: date | None  # the day on which the outcomes of all decisions so far count
    previous: ExperimentResults | None  # of the run before


def experiment_results(inputs: ResultInputs, units: Units) -> ExperimentResults:
    """The results of an experiment.

    The looks of earlier days stay as they were, and a look is repeated on the same day only, so that the same rows give
    the same results. After the end they stay, and only the number of erased customers changes.
    """
    previous = inputs.previous if inputs.previous and inputs.previous.as_of <= inputs.as_of else None
    label, control = inputs.started.record.outcome.label, inputs.started.record.control
    if previous is not None and previous.status == "ended":
        return previous.model_copy(update={"erased_since": count_erased(previous.daily, len(units))})
    daily = count_days(units, label, previous.daily if previous else ())
    counted = count_arms(units, label, control)
    check = check_sample_ratio(inputs.started.record, units)
    base = ExperimentResults(
        experiment_id=inputs.started.id,
        as_of=inputs.as_of,
        status="running",
        detail="",
        metric=label,
        decided=len(units),
        matured=sum(arm.matured for arm in counted),
        matures_on=inputs.matures_on,
        next_look=_plan(inputs, previous).next_look,
        sample_ratio=check,
        arms=tuple(counted),
        allocation=report_allocation(units, inputs.started),
        looks=tuple(look for look in (previous.looks if previous else ()) if look.as_of < inputs.as_of),
        erased_since=count_erased(daily, len(units)),
        daily=daily,
    )
    refusal = refuse_sample_ratio(check) or refuse_experiment(
        inputs.started.record, units, inputs.matures_on, inputs.as_of
    )
    if refusal is not None or control is None:
        return _refuse(base, refusal)
    comparison = ArmComparison.of(units, label, control)
    if not comparison.compared_arms:
        return _refuse(base, None, comparison.refusals)
    return _compare(inputs, base, comparison)


def _compare(inputs: ResultInputs, base: ExperimentResults, comparison: ArmComparison) -> ExperimentResults:
    """The results with a band and, on the day of a declared look, with effects."""
    units, plan = comparison.units, _plan(inputs, base)
    due = plan.due()
    if due is None:
        decisions = decided_before(base.looks)
        arms = tuple(arm.model_copy(update={"decision": decisions.get(arm.name)}) for arm in band_arms(comparison))
        status = "decided" if decisions else "not_identified"
        refusal = refuse_undeclared(plan.next_look, inputs.matures_on)
        return base.model_copy(update={"arms": arms, "status": status, "reason": "peeked", "detail": refusal.detail})
    made = make_look(plan, due, comparison)
    record = inputs.started.record
    guardrails = tuple(result for guardrail in record.guardrails for result in check_guardrail(guardrail, units))
    winner = find_winner(made, guardrails) if made.look.end else None
    return base.model_copy(
        update={
            "arms": made.look.arms,
            "status": _status(made),
            "winner": winner,
            "detail": describe(made, guardrails, winner),
            "factors": tuple(spend_factors(record, comparison, made.bound)),
            "segments": tuple(segment_results(units, comparison.label, comparison.control, made.bound)),
            "guardrails": guardrails,
            "looks": (*base.looks, made.look),
        }
    )


def _plan(inputs: ResultInputs, results: ExperimentResults | None) -> LookPlan:
    ends_on, stopped_on = inputs.started.ends_on, inputs.stopped_on
    past = tuple(look for look in (results.looks if results else ()) if look.as_of < inputs.as_of)
    return LookPlan(
        as_of=inputs.as_of,
        declared=inputs.started.looks,
        ends_on=ends_on,
        window_days=inputs.started.record.outcome.within_days,
        stopped=stopped_on is not None and stopped_on < ends_on,
        past=past,
    )


def _status(made: MadeLook) -> str:
    if made.look.end:
        return "ended"
    return "decided" if made.decided else "running"


def _refuse(
    base: ExperimentResults, refusal: Refusal | None, refusals: dict[int, RefusalRecord] | None = None
) -> ExperimentResults:
    """The results without a number: the refusal of the experiment, or those of all its arms."""
    if refusal is not None:
        return base.model_copy(
            update={"status": refusal.status, "reason": refusal.reason, "detail": refusal.detail, "allocation": None}
        )
    refusals = refusals or {}
    first = next(iter(refusals.values()))
    arms = tuple(arm.model_copy(update={"refusal": refusals.get(place)}) for place, arm in enumerate(base.arms))
    return base.model_copy(
        update={"arms": arms, "status": first.status, "reason": first.reason, "detail": first.detail}
    )
