"""A release that could be: what was trained, and why each question is answered as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from features.calendar import micros
from features.store.definitions import SERVICE
from pipelines.run_context import Job
from pipelines.steps.evaluate import Tested
from training.evaluation.quality_gate import Verdict
from training.fitting.assemble import Assembled
from training.inference.release_manifest import Facts, Gate


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """Everything that is registered of one training."""

    job: Job
    fingerprint: str
    tested: Tested
    judged: Mapping[str, Sequence[Verdict]]  # question -> verdicts, the last one passed
    assembled: Assembled
    churn_sample: list[float]
    falls: Sequence[str]  # questions that the champion answers from a higher rung

    @property
    def tiers(self) -> dict[str, str]:
        """The rung that answers each question."""
        return {name: found[-1].tier for name, found in self.judged.items()}

    @property
    def gate(self) -> Gate:
        """What promotion goes by."""
        reasons = {name: f"{found[-1].tier}: {found[-1].reason}" for name, found in self.judged.items()}
        return Gate(passed=not self.falls, falls=list(self.falls), reasons=reasons)

    def facts(self) -> Facts:
        """What the release was trained for, as its manifest says it."""
        said = self.job.description
        return Facts(
            as_of=micros(self.job.now.at),
            name=said.name,
            currency=said.currency,
            timezone=said.timezone,
            churn_days=self.job.churn_days,
            ltv_days=said.business.ltv_days,
            lead_days=said.business.lead_days,
            bands=(said.business.bands.low, said.business.bands.high),
            max_feature_age_days=said.business.max_feature_age_days,
            feature_service=SERVICE,
            has_amounts=self.job.history.has_amounts,
        )
