"""Concurrent decisions: workers that decide at once, while the probabilities change, agree on one decision each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from features.decisions.backends import local_decisions
from serving.schemas.experiments import DecisionResponse
from tests.serving.experiments.shop import IDS, START, ExperimentShop
from training.experiments.record.epochs import Epoch

WORKERS, ROUNDS = 6, 8


def test_workers_that_decide_at_once_answer_the_stored_decision(tmp_path: Path) -> None:
    shop, log = ExperimentShop.of(tmp_path), local_decisions(tmp_path)
    shop.start(excludes="win-back")
    shop.start(id="other", excludes="win-back")

    def change_probabilities() -> None:
        for number in range(2, 2 + ROUNDS):
            share = 0.1 + 0.8 * (number % 2)
            epoch = Epoch(number=number, began_at=START, probabilities={"": (share, 1 - share)})
            shop.folder.append_epoch("win-back", epoch)

    def decide(offset: int) -> list[DecisionResponse]:
        worker = shop.other_worker()
        worker.service = replace(worker.service, log=log)
        ids = [*IDS[offset:], *IDS[:offset]]
        return [
            answer
            for experiment_id in ("win-back", "other")
            for start in range(0, len(ids), 40)
            for answer in worker.decide(ids[start : start + 40], experiment_id).values()
        ]

    with ThreadPoolExecutor(WORKERS + 1) as pool:
        changes = pool.submit(change_probabilities)
        answers = [answer for part in pool.map(decide, range(0, WORKERS * 50, 50)) for answer in part]
        changes.result()
    stored = {decision.decision_id: decision for decision in log.decisions()}
    drawn = [answer for answer in answers if answer.reason == "drawn"]
    assert len(drawn) == WORKERS * len(IDS)
    assert len(stored) == len(IDS)
    assert {decision.customer_id for decision in stored.values()} == set(IDS)
    for answer in drawn:
        decision = stored[str(answer.decision_id)]
        assert (answer.arm, answer.probability) == (decision.arm, decision.probability)
        assert decision.probability in decision.probabilities
    epochs = {
        (experiment_id, epoch.number): epoch.for_segment(None)
        for experiment_id in ("win-back", "other")
        for epoch in shop.folder.epochs(experiment_id)
    }
    for decision in stored.values():
        assert decision.probabilities == epochs[decision.experiment_id, decision.epoch]
