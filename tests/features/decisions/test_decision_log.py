"""Decision log: what is sent twice, late or in another order leaves the same records, in every store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.decisions.backends import open_decisions
from features.decisions.decision_log import BATCH_SIZE, DecisionLog
from features.decisions.intake import (
    ACCEPTED,
    CONFLICT,
    REPEATED,
    SUPERSEDED,
    UNKNOWN_DECISION,
    DecisionConflict,
)
from features.online.backends import LMDB
from tests.features.decisions.stores import DictionaryStorage, decision, exposure, outcome


@pytest.fixture(params=["lmdb", "redis", "dictionary"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> DecisionLog:
    if request.param == "dictionary":
        return DecisionLog(DictionaryStorage())
    return open_decisions(tmp_path, LMDB if request.param == "lmdb" else request.getfixturevalue("redis").url)


def test_a_decision_is_found_as_it_was_recorded(log: DecisionLog) -> None:
    full = replace(decision(), segment="high", prediction_id="p", release="3", predicted_spend=9.5, audience_id="a")
    assert log.record([full, decision("d2", "bob")]) == [full, decision("d2", "bob")]
    assert log.find(["d2", "d3", "d1"]) == [decision("d2", "bob"), None, full]


def test_the_first_decision_stands_when_it_is_asked_for_again(log: DecisionLog) -> None:
    log.record([decision(arm="none", at=10)])
    assert log.record([decision(arm="ten-percent", at=11, epoch=2)] * 2) == [decision(arm="none", at=10)] * 2


@pytest.mark.parametrize("other", [replace(decision(), experiment_id="spring"), decision(customer_id="bob")])
def test_an_id_of_another_experiment_or_customer_is_a_conflict(log: DecisionLog, other: object) -> None:
    log.record([decision()])
    with pytest.raises(DecisionConflict, match=r"^Found the decision d1 for another experiment or customer than"):
        log.record([decision("d2"), other])  # type: ignore[list-item]
    assert log.find(["d1", "d2"]) == [decision(), None]


def test_an_exposure_counts_once_and_only_after_its_decision(log: DecisionLog) -> None:
    assert log.record_exposures([exposure()]) == [UNKNOWN_DECISION]
    log.record([decision()])
    sent = [exposure(), exposure(), exposure(at=21), exposure(cost=3)]
    assert log.record_exposures(sent) == [ACCEPTED, REPEATED, ACCEPTED, CONFLICT]
    assert [*log.exposures()] == [exposure(), exposure(at=21)]


def test_an_outcome_of_a_decision_is_one_of_its_customer(log: DecisionLog) -> None:
    assert log.record_outcomes([outcome(decision_id="d1")]) == [UNKNOWN_DECISION]
    log.record([decision()])
    assert log.record_outcomes([outcome(decision_id="d1"), outcome("o2", customer_id="zoe")]) == [ACCEPTED, ACCEPTED]
    assert log.find_outcomes(["o1"]) == [outcome(decision_id="d1", customer_id="ann")]
    assert sorted(log.customer_ids()) == ["ann", "zoe"]


def test_of_two_outcomes_with_one_id_the_later_recorded_one_stands(log: DecisionLog) -> None:
    first, later = outcome(customer_id="ann", value=1), outcome(customer_id="ann", value=2.0, recorded_at=41)
    assert log.record_outcomes([first, first, later, first, later]) == [
        ACCEPTED, REPEATED, ACCEPTED, SUPERSEDED, REPEATED
    ]  # fmt: skip
    same_instant, of_another = replace(later, value=3.0), replace(later, customer_id="bob", recorded_at=99)
    assert log.record_outcomes([same_instant, of_another]) == [CONFLICT, CONFLICT]
    assert [*log.outcomes()] == [later]


def test_nothing_of_an_erased_customer_remains(log: DecisionLog) -> None:
    log.record([decision(), decision("d2"), decision("d3", "bob")])
    log.record_exposures([exposure(), exposure(at=21), exposure("d3")])
    log.record_outcomes([outcome(decision_id="d1"), outcome("o2", customer_id="ann"), outcome("o3", customer_id="bob")])
    assert log.delete_customers(["ann", "zoe"]) == {"decisions": 2, "exposures": 2, "outcomes": 2}
    assert [one.decision_id for one in log.decisions()] == ["d3"]
    assert [one.decision_id for one in log.exposures()] == ["d3"]
    assert [one.outcome_id for one in log.outcomes()] == ["o3"]
    assert [*log.customer_ids()] == ["bob"]
    assert log.delete_customers(["ann"]) == {"decisions": 0, "exposures": 0, "outcomes": 0}


def test_a_removed_record_leaves_nothing_that_an_erasure_would_look_for(log: DecisionLog) -> None:
    log.record([decision(), decision("d2", "bob")])
    log.record_exposures([exposure()])
    log.record_outcomes([outcome(decision_id="d1"), outcome("o2", customer_id="bob")])
    log.remove(["d1", "d9"], ["o1", "o9"])
    assert log.counts() == {"decisions": 1, "exposures": 0, "outcomes": 1, "customers": 1}
    assert log.delete_customers(["bob"]) == {"decisions": 1, "exposures": 0, "outcomes": 1}


def test_many_decisions_are_written_in_several_batches(log: DecisionLog) -> None:
    many = [decision(f"d{index}", f"c{index}") for index in range(BATCH_SIZE + 5)]
    assert log.record(many) == many
    assert log.counts()["decisions"] == len(many)


def test_ids_of_any_text_and_length_are_kept_apart(log: DecisionLog) -> None:
    ids = ["x" * 600, "x" * 599 + "y", "é", "e", " "]
    log.record([decision(f"d{index}", customer_id) for index, customer_id in enumerate(ids)])
    log.record_outcomes([outcome(text, customer_id="ann") for text in ids])
    assert sorted(log.customer_ids()) == sorted(["ann", *ids])
    assert log.delete_customers([ids[0], "é"]) == {"decisions": 2, "exposures": 0, "outcomes": 0}
    assert sorted(one.customer_id for one in log.decisions()) == sorted([ids[1], "e", " "])
    assert sorted(one.outcome_id for one in log.outcomes()) == sorted(ids)


def test_of_many_writers_at_once_one_is_first_for_all(log: DecisionLog) -> None:
    arms = [f"arm{index}" for index in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = [*threads.map(lambda arm: log.record([decision(arm=arm), decision(f"d-{arm}")])[0].arm, arms)]
    assert len({*answers}) == 1
    assert log.delete_customers(["ann"])["decisions"] == 1 + len(arms)


SENT = [decision(), decision("d2", "bob"), exposure(), exposure(at=21), exposure("d2"), outcome(decision_id="d1"),
        outcome(decision_id="d1", value=2.0, recorded_at=41), outcome(decision_id="d1", value=3.0, recorded_at=42),
        outcome("o2", customer_id="ann")]  # fmt: skip


def send_until_accepted(log: DecisionLog, messages: list[object]) -> None:
    """Send each message alone, those that are refused again at the end, as a caller with a queue does."""
    recorders = {
        type(decision()): log.record,
        type(exposure()): log.record_exposures,
        type(outcome()): log.record_outcomes,
    }
    for message in messages * 2:
        recorders[type(message)]([message])  # type: ignore[operator]


@given(order=st.randoms(use_true_random=False), repeated=st.lists(st.sampled_from(SENT), max_size=8))
def test_replays_duplicates_and_any_order_leave_the_same_bytes(order: Random, repeated: list[object]) -> None:
    expected, storage = DictionaryStorage(), DictionaryStorage()
    send_until_accepted(DecisionLog(expected), list(SENT))
    messages = [*SENT, *repeated]
    order.shuffle(messages)
    send_until_accepted(DecisionLog(storage), messages)
    assert storage.entries == expected.entries


def test_outcomes_in_every_order_leave_the_last_recorded(log: DecisionLog) -> None:
    versions = [outcome(customer_id="ann", value=float(at), recorded_at=at) for at in (1, 2, 3)]
    for order in permutations(versions):
        log.record_outcomes(order)
        assert [*log.outcomes()] == [versions[2]]
        log.delete_customers(["ann"])
