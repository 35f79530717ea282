"""Release candidate: everything that one training produced, before it is registered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from features.calendar import micros
from features.store.definitions import FEATURE_SERVICE
from pipelines.registration.backtest_result import BacktestResult
from pipelines.run_context import RunContext
from training.evaluation.quality_gate import GateDecision
from training.fitting.assemble import AssembledRelease
from training.inference.release_manifest import GateResult, ReleaseMetadata


@dataclass(frozen=True, kw_only=True)
class ReleaseCandidate:
    """A trained release with its back-test and its gate decisions."""

    context: RunContext
    fingerprint: str
    backtest_result: BacktestResult
    gate_decisions: Mapping[str, Sequence[GateDecision]]  # model -> decisions, the last one passed
    assembled_release: AssembledRelease
    churn_sample: list[float]
    regressions: Sequence[str]  # models that the champion answers from a higher tier

    @property
    def tiers(self) -> dict[str, str]:
        """The tier that answers each model."""
        return {name: decisions[-1].tier for name, decisions in self.gate_decisions.items()}

    @property
    def gate(self) -> GateResult:
        """The gate result, which decides about the promotion."""
        last = {name: decisions[-1] for name, decisions in self.gate_decisions.items()}
        reasons = {name: f"{decision.tier}: {decision.reason}" for name, decision in last.items()}
        return GateResult(passed=not self.regressions, regressions=list(self.regressions), reasons=reasons)

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
        )
