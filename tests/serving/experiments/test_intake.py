"""Intake service: an erasure between the check and the write leaves nothing behind."""

from __future__ import annotations

import pytest

from features.consents.ledger import Ledger
from features.decisions.decision_log import DecisionLog
from features.decisions.records import Exposure, OutcomeEvent
from serving.experiments.decision_time import DecisionTime
from serving.experiments.intake import ERASED, IntakeService
from tests.dictionary_storage import in_memory_ledger
from tests.features.decisions.stores import DictionaryStorage, decision, exposure, outcome
from tests.serving.fakes import AMSTERDAM

TIME = DecisionTime(100, 100, AMSTERDAM)


class ErasingLog(DecisionLog):
    """A log to which an erasure comes just before each write: the ledger knows of it, the log was cleared before."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(DictionaryStorage())
        self.ledger = ledger

    def record_exposures(self, exposures: list[Exposure]) -> list[object]:  # type: ignore[override]
        self.ledger.erase("ann")
        return super().record_exposures(exposures)  # type: ignore[return-value]

    def record_outcomes(self, outcomes: list[OutcomeEvent]) -> list[object]:  # type: ignore[override]
        self.ledger.erase("ann")
        return super().record_outcomes(outcomes)  # type: ignore[return-value]


@pytest.fixture
def service() -> IntakeService:
    ledger = in_memory_ledger()
    log = ErasingLog(ledger)
    log.record([decision(), decision("d2", "bob")])
    return IntakeService(log, ledger)


def test_an_exposure_written_during_an_erasure_is_deleted(service: IntakeService) -> None:
    service.record_exposures([exposure(), exposure("d2")], TIME)
    assert [*service.log.customer_ids()] == ["bob"]
    assert [one.decision_id for one in service.log.exposures()] == ["d2"]


def test_an_outcome_written_during_an_erasure_is_deleted(service: IntakeService) -> None:
    service.record_outcomes([outcome(customer_id="ann"), outcome("o2", decision_id="d2")], [False, False], TIME)
    assert [one.outcome_id for one in service.log.outcomes()] == ["o2"]
    assert service.record_outcomes([outcome("o3", customer_id="ann")], [False], TIME) == [ERASED]
