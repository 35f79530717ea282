"""A shop with scored customers, consents and a log of decisions in memory, and the decision service of its home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from features.consents.consent import Defaults
from features.consents.ledger import Ledger
from features.decisions.records import Decision
from serving.audiences.query.scores_table import ScoresFile
from serving.experiments.customer_pool import CustomerPool
from serving.experiments.decision_service import DecisionService
from serving.experiments.decision_time import DecisionTime
from serving.experiments.screening import Secrets
from serving.schemas.experiments import DecisionRequest, DecisionResponse
from tests.dictionary_storage import in_memory_ledger
from tests.serving import scored
from tests.serving.fakes import AMSTERDAM, timestamp_us
from tests.training.experiments.records import experiment
from training.experiments.record.experiment_folder import ExperimentFolder

IDS = [f"c{number:03d}" for number in range(400)]
START = timestamp_us("2027-03-01T10:00:00")
MORNING = DecisionTime(START, START, AMSTERDAM)


def at(text: str) -> DecisionTime:
    """A moment of the shop."""
    return DecisionTime(timestamp_us(text), timestamp_us(text), AMSTERDAM)


@dataclass
class FakeDecisionLog:
    """A log of decisions in a dictionary."""

    rows: dict[str, Decision] = field(default_factory=dict)

    def find(self, decision_ids: Sequence[str]) -> list[Decision | None]:
        return [self.rows.get(decision_id) for decision_id in decision_ids]

    def record(self, decisions: Sequence[Decision]) -> list[Decision]:
        return [self.rows.setdefault(decision.decision_id, decision) for decision in decisions]

    def delete_customers(self, customer_ids: Sequence[str]) -> Mapping[str, int]:
        before = len(self.rows)
        self.rows = {key: row for key, row in self.rows.items() if row.customer_id not in customer_ids}
        return {"decisions": before - len(self.rows)}


@dataclass
class ExperimentShop:
    """The decision service of a home, and what it reads."""

    service: DecisionService
    folder: ExperimentFolder
    log: FakeDecisionLog
    ledger: Ledger

    @classmethod
    def of(cls, home: Path) -> ExperimentShop:
        """A shop of 400 scored customers who all consent to marketing by default."""
        ledger, log, folder = in_memory_ledger(), FakeDecisionLog(), ExperimentFolder(home)
        ledger.set_defaults(Defaults(marketing=True))
        scored.write_scores(home, ledger, IDS)
        service = DecisionService(
            home=home,
            folder=folder,
            log=log,
            ledger=ledger,
            pool=CustomerPool(ScoresFile(home / "scores.parquet"), home),
            secrets=Secrets(holdout=b"h" * 32, assignment=b"a" * 32),
        )
        return cls(service, folder, log, ledger)

    def start(self, **fields: Any) -> None:  # noqa: ANN401 - any field of the record
        """Start an experiment with some fields in place of the usual ones."""
        self.folder.start(experiment(**fields), START, "test")

    def decide(
        self,
        customer_ids: Sequence[str] = IDS,
        experiment_id: str = "win-back",
        time: DecisionTime = MORNING,
        audience_id: str | None = None,
    ) -> dict[str, DecisionResponse]:
        """The decisions by customer, as they were asked about."""
        request = DecisionRequest(experiment_id=experiment_id, customer_ids=list(customer_ids), audience_id=audience_id)
        answers = self.service.decide(request, time)
        assert [answer.customer_id for answer in answers] == list(customer_ids)
        return {answer.customer_id: answer for answer in answers}

    def other_worker(self) -> ExperimentShop:
        """Another worker of the same home, with nothing in memory."""
        home = self.service.home
        pool = CustomerPool(ScoresFile(home / "scores.parquet"), home)
        folder = ExperimentFolder(home)
        return replace(self, service=replace(self.service, pool=pool, folder=folder), folder=folder)


def reasons(decisions: Mapping[str, DecisionResponse]) -> dict[str, str]:
    """The reason of each customer."""
    return {customer_id: decision.reason for customer_id, decision in decisions.items()}


def drawn_ids(decisions: Mapping[str, DecisionResponse]) -> set[str]:
    """The customers who drew an arm."""
    return {customer_id for customer_id, decision in decisions.items() if decision.reason == "drawn"}
