"""A release that could be: what was trained, and why each question is answered as it is."""

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
    """Everything that is registered of one training."""

    context: RunContext
    fingerprint: str
    backtest_result: BacktestResult
    gate_decisions: Mapping[str, Sequence[GateDecision]]  # question -> verdicts, the last one passed
    assembled_release: AssembledRelease
    churn_sample: list[float]
    regressions: Sequence[str]  # questions that the champion answers from a higher rung

    @property
    def tiers(self) -> dict[str, str]:
        """The rung that answers each question."""
        return {name: found[-1].tier for name, found in self.gate_decisions.items()}

    @property
    def gate(self) -> GateResult:
        """What promotion goes by."""
        reasons = {name: f"{found[-1].tier}: {found[-1].reason}" for name, found in self.gate_decisions.items()}
        return GateResult(passed=not self.regressions, regressions=list(self.regressions), reasons=reasons)

    def release_metadata(self) -> ReleaseMetadata:
        """What the release was trained for, as its manifest says it."""
        said = self.context.config
        return ReleaseMetadata(
            as_of=micros(self.context.now.timestamp),
            name=said.name,
            currency=said.currency,
            timezone=said.timezone,
            churn_days=self.context.churn_days,
            ltv_days=said.business.ltv_days,
            lead_days=said.business.lead_days,
            bands=(said.business.bands.low, said.business.bands.high),
            max_feature_age_days=said.business.max_feature_age_days,
            feature_service=FEATURE_SERVICE,
            has_amounts=self.context.history.has_amounts,
        )
