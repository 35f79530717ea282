"""Learning of uplift: the experiment that teaches the page, and what it teaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from pipelines.learning.experiments.units import experiment_units
from pipelines.run_context import RunContext
from training.dataset.point_in_time import PointInTimeFeatures
from training.dataset.randomised_sample import RandomisedSample
from training.dataset.treatment_sample import treatment_sample
from training.experiments.record.experiment import Arm, Experiment
from training.experiments.record.experiment_folder import ExperimentFolder
from training.experiments.refusal import Refusal
from training.experiments.results.refusals import refuse_arm, refuse_experiment
from training.experiments.results.sample_ratio_check import check_sample_ratio
from training.experiments.units import Units
from training.fitting.gradient_boosting import fit_gradient_boosting
from training.inference.input_limits import InputLimits
from training.inference.uplift.evidence import UpliftEvidence
from training.model import Artifact, UpliftFindings
from training.models import EXPERIMENT_MODELS
from training.uplift.selection import select_uplift, too_few

UPLIFT = "uplift"


@dataclass(frozen=True)
class LearnedFromExperiment:
    """What an experiment taught: the files of the head, and the evidence of the manifest."""

    files: Artifact
    evidence: UpliftEvidence


@dataclass(frozen=True)
class _Treatment:
    """An arm of an experiment with its customers and those of control."""

    experiment: Experiment
    arm: Arm
    sample: RandomisedSample

    @property
    def precedence(self) -> tuple[bool, int, str, str]:
        """An arm that costs something comes first, then the one with the most customers: whom to leave out matters."""
        return (self.arm.cost > 0, len(self.sample), self.experiment.id, self.arm.name)


def has_experiments(context: RunContext) -> bool:
    """Whether the home has an experiment."""
    return bool(ExperimentFolder(context.home.folder).ids())


def learn_uplift(
    context: RunContext, features: PointInTimeFeatures, amount_limits: Mapping[str, float]
) -> LearnedFromExperiment | None:
    """Learn from the experiment whose arm costs something, or which has the most customers; None where none is ready.

    Args:
        context: of the run; its cutoff ends what is known.
        features: the source of features at past instants.
        amount_limits: the largest plausible value of each input that is an amount of money.
    """
    treatments = list(_treatments(context, features))
    if not treatments:
        return None
    chosen = max(treatments, key=lambda treatment: treatment.precedence)
    limits = InputLimits.from_names(amount_limits, chosen.sample.names)
    sample = replace(chosen.sample, inputs=limits.clip(chosen.sample.inputs))
    context.report(f"learning uplift from {chosen.experiment.id}, {chosen.arm.name}: {len(sample):,} customers")
    learned = EXPERIMENT_MODELS[UPLIFT].fit(sample, partial(select_uplift, boost=fit_gradient_boosting))
    context.report(f"uplift: {learned.findings.policy or 'nothing is clear'}; {learned.findings.detail}")
    return LearnedFromExperiment(learned.files, _evidence(chosen, learned.findings))


def _treatments(context: RunContext, features: PointInTimeFeatures) -> Iterator[_Treatment]:
    """The arms of all experiments that have enough matured customers; says why others have not."""
    for started in ExperimentFolder(context.home.folder).read_all():
        record = started.record
        units = experiment_units(context.home, started, context.now, context.config.zone)
        if (refusal := _refuse(record, units)) is not None:
            context.report(f"uplift: {record.id} teaches nothing: {refusal.reason}")
            continue
        for position, arm in enumerate(record.arms):
            if position == record.control:
                continue
            sample = refuse_arm(units, record.outcome.label, position) or treatment_sample(
                units, arm.name, record.outcome.label, features, context.config.zone
            )
            refusal = sample if isinstance(sample, Refusal) else too_few(sample)
            if isinstance(sample, RandomisedSample) and refusal is None:
                yield _Treatment(record, arm, sample)
            elif refusal is not None:
                context.report(f"uplift: {record.id}, {arm.name} teaches nothing: {refusal.reason}")


def _refuse(record: Experiment, units: Units) -> Refusal | None:
    if refusal := refuse_experiment(record, units, None):
        return refusal
    ratio = check_sample_ratio(record, units)
    if ratio is not None and ratio.alarm:
        return Refusal("sample_ratio", f"Found a sample ratio alarm since {ratio.since}; expected none.")
    return None


def _evidence(treatment: _Treatment, findings: UpliftFindings) -> UpliftEvidence:
    record = treatment.experiment
    control = next(arm.name for arm in record.arms if arm.control)
    return UpliftEvidence(
        experiment_id=record.id,
        arm=treatment.arm.name,
        control=control,
        cost=treatment.arm.cost,
        outcome=record.outcome.label,
        within_days=record.outcome.within_days,
        customers=len(treatment.sample),
        policy=findings.policy,
        reason=findings.reason,
        detail=findings.detail,
        average_effect=findings.average_effect,
        qini=findings.qini,
        candidates=findings.candidates,
    )
