"""Release candidate: everything that one training produced, before it is registered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from features.calendar import micros
from features.plausibility_note import without_examples
from features.store.definitions import FEATURE_SERVICE
from pipelines.registration.backtest_result import BacktestResult
from pipelines.registration.champion import tiers_of_usable_champion
from pipelines.run_context import RunContext
from training.dataset.outcomes import Rows
from training.evaluation.member_losses import QuestionLosses, losses_by_model
from training.evaluation.paired_comparison import PairedComparison, compare_on_origins
from training.evaluation.quality_gate import GateDecision
from training.evaluation.totals import backtest_totals, total_ranges
from training.fitting.assemble import AssembledRelease
from training.inference.forecast import LAST_WINDOW
from training.inference.release_manifest import GateResult, ReleaseMetadata
from training.inference.uplift.evidence import UpliftEvidence
from training.models import EXPERIMENT_MODELS, MODELS
from training.monitoring.drift_reference import DriftReference
from training.total_range import TotalRange


@dataclass(frozen=True, kw_only=True)
class ReleaseCandidate:
    """A trained release with its back-test and its gate decisions."""

    context: RunContext
    fingerprint: str
    backtest_result: BacktestResult
    gate_decisions: Mapping[str, GateDecision]  # by model
    assembled_release: AssembledRelease
    churn_sample: list[float]
    rows: Rows  # of every cutoff; the last is today
    drift_reference: DriftReference
    comparisons: Sequence[PairedComparison] = ()  # with the champion
    stand_in_refutations: Sequence[str] = ()  # what the newest origin refutes of the last window, where that answers
    uplift: UpliftEvidence | None = None  # None without an experiment that teaches it

    @property
    def tier(self) -> str:
        """The tier that answers."""
        return self.assembled_release.tiered_model.tier_name

    @property
    def models(self) -> list[str]:
        """The models of the release: those of the log, and those of experiments that have been taught."""
        return [*MODELS, *(name for name in EXPERIMENT_MODELS if self.uplift is not None)]

    @property
    def tested_tier(self) -> str:
        """The tier that the back-test judged."""
        return self.context.readiness.tier

    @cached_property
    def gate(self) -> GateResult:
        """The gate result, which decides whether the release may promote itself."""
        decisions = self.gate_decisions
        refutations = [
            f"{name}: {sentence}" for name, decision in decisions.items() for sentence in decision.refutations
        ]
        surely_worse = [comparison.model for comparison in self.comparisons if comparison.is_regression]
        implausible = {note.code: note.sentence for note in without_examples(self.context.plausibility) if note.blocks}
        return GateResult(
            passed=not implausible and not surely_worse and self._stands_its_test,
            regressions=surely_worse,
            reasons={name: f"{decision.tier}: {decision.reason}" for name, decision in decisions.items()},
            refutations=[*refutations, *self.stand_in_refutations],
            no_signal=[
                *(name for name, decision in decisions.items() if not decision.ranks),
                *(["uplift"] if self.uplift is not None and not self.uplift.ranks else []),
            ],
            implausible=implausible,
        )

    @property
    def _stands_its_test(self) -> bool:
        """Whether the newest origin lets the tier that answers serve.

        The last window has a test of its own. Wrong probabilities alone stop no release where nothing else can answer.
        """
        decisions = self.gate_decisions.values()
        if self.tier == LAST_WINDOW:
            return not self.stand_in_refutations
        if any(decision.blocking for decision in decisions):
            return False
        return not any(decision.refutations for decision in decisions) or not tiers_of_usable_champion(self.context)

    @cached_property
    def member_losses(self) -> Mapping[str, Sequence[QuestionLosses]]:
        """The losses of the members of the average, by model; empty where a simpler tier answers."""
        average = self.assembled_release.average
        return {} if average is None else losses_by_model(average)

    @cached_property
    def simple_tier_comparisons(self) -> Mapping[str, Sequence[PairedComparison]]:
        """Each simple tier beside the tested one on the same customers, by model; empty where nothing was tested."""
        tests, own = self.backtest_result.tests, self.tested_tier
        simple = [tier for tier in (tests[0].forecasts if tests else ()) if tier != own]
        compared = [
            comparison
            for tier in simple
            for comparison in compare_on_origins(tests, own, tier, lambda test, tier=tier: test.forecasts[tier])  # type: ignore[misc]
        ]
        return {name: [each for each in compared if each.model == name] for name in MODELS}

    def horizon_days(self, name: str) -> list[int]:
        """The horizons that a model answers for, in days."""
        return list(MODELS[name].horizons(self.context.churn_days, self.context.horizons))

    def total_ranges(self, name: str) -> list[TotalRange]:
        """How far the totals of a model can be off, at each of its horizons."""
        totals = backtest_totals(self.backtest_result.tests, name, self.tested_tier)
        return total_ranges(totals, self.horizon_days(name), self.context.schedule.span)

    def release_metadata(self) -> ReleaseMetadata:
        """The metadata of the release, as its manifest holds it."""
        config = self.context.config
        return ReleaseMetadata(
            as_of=micros(self.context.now.timestamp),
            name=config.name,
            currency=config.currency,
            timezone=config.timezone,
            churn_days=self.context.churn_days,
            ltv_days=config.business.ltv_days,
            lead_days=config.business.lead_days,
            bands=(config.business.bands.low, config.business.bands.high),
            max_feature_age_days=config.business.max_feature_age_days,
            feature_service=FEATURE_SERVICE,
            has_amounts=self.context.history.has_amounts,
            uplift=self.uplift,
        )
