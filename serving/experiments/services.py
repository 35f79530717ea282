"""Experiment services of a home: what the HTTP service and the command line share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from features.consents.ledger import Ledger
from serving.audiences.audience_service import AudienceService
from serving.audiences.consent_filter import ConsentFilter
from serving.experiments.customer_pool import CustomerPool
from serving.experiments.decision_log import DecisionLog
from serving.experiments.decision_service import DecisionService
from serving.experiments.experiment_service import ExperimentService
from serving.experiments.screening import Secrets
from serving.observability.audit_log import AuditLog
from training.experiments.record.experiment_folder import ExperimentFolder


@dataclass(frozen=True)
class ExperimentServices:
    """The services that start experiments, and that decide for customers."""

    experiments: ExperimentService
    decisions: DecisionService

    @classmethod
    def for_home(
        cls, home: Path, ledger: Ledger, audit_log: AuditLog, audiences: AudienceService, log: DecisionLog
    ) -> ExperimentServices:
        """The services of a home; the scores table and the secret are those of its audiences.

        Raises:
            InvalidSecret: the secret of the home is damaged, or cannot be created.
        """
        folder, pool = ExperimentFolder(home), CustomerPool(audiences.scores, home)
        secrets = Secrets(holdout=audiences.derive_key("holdout"), assignment=audiences.derive_key("experiment"))
        return cls(
            ExperimentService(
                home=home,
                folder=folder,
                pool=pool,
                consent_filter=ConsentFilter(ledger, home),
                audit_log=audit_log,
                secrets=secrets,
            ),
            DecisionService(home=home, folder=folder, log=log, ledger=ledger, pool=pool, secrets=secrets),
        )
