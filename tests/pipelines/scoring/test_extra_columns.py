"""Channels are ranked as far as a customer lets them be used."""

from __future__ import annotations

import pyarrow as pa
import pytest

from features.consents.consent import ALL_CHANNELS, MARKETING, PROFILING, Consent, Defaults
from features.consents.ledger import Ledger
from features.errors import NotFound
from pipelines.scoring.consent_columns import ConsentColumns, consented_customers
from pipelines.scoring.extra_columns import filter_lists, granted_channels
from serving.audiences.consent_filter import CHANNELS_COLUMN, UNTIL_COLUMN, ConsentSnapshotRef
from tests.dictionary_storage import in_memory_ledger


@pytest.fixture
def ledger() -> Ledger:
    ledger = in_memory_ledger()
    ledger.record(
        {
            "ann": [Consent(MARKETING, "email", granted=True, changed_at=1, until=50)],
            "bob": [
                Consent(MARKETING, ALL_CHANNELS, granted=True, changed_at=1),
                Consent(MARKETING, "sms", granted=False, changed_at=1),
            ],
            "cem": [Consent(PROFILING, ALL_CHANNELS, granted=False, changed_at=1)],
        }
    )
    return ledger


def test_each_customers_channels_are_those_they_granted(ledger: Ledger) -> None:
    rows = ConsentColumns.from_ledger(ledger, now=9).table(pa.array(["ann", "bob", "dan"])).to_pylist()
    assert [row[CHANNELS_COLUMN] for row in rows] == [["email"], ["*", "email"], []]
    assert [row[UNTIL_COLUMN] is None for row in rows] == [False, True, True]


def test_the_basis_survives_the_file(ledger: Ledger) -> None:
    basis = ConsentColumns.from_ledger(ledger, now=9).consent_snapshot
    assert basis == ConsentSnapshotRef(1, Defaults(), frozenset({"email", "sms"}))
    assert ConsentSnapshotRef.from_schema(pa.schema([("a", pa.int8())], metadata=dict(basis.metadata()))) == basis
    assert ConsentSnapshotRef.from_schema(pa.schema([("a", pa.int8())])) is None


def test_who_is_not_to_be_profiled_is_not_scored(ledger: Ledger) -> None:
    customers = pa.array(["ann", "bob", "cem", "dan"])
    assert consented_customers(customers, ledger, ledger.profiling_scope(9)).to_pylist() == ["ann", "bob", "dan"]
    ledger.erase("ann")
    assert consented_customers(customers, ledger, ledger.profiling_scope(9)).to_pylist() == ["bob", "dan"]
    ledger.set_defaults(Defaults(profiling=False))
    with pytest.raises(NotFound, match=r"Of 4 known customers none may be scored\. .*consent_defaults"):
        consented_customers(customers, ledger, ledger.profiling_scope(9))


def test_channels_are_ranked_as_far_as_they_are_granted() -> None:
    rankings = pa.array([["sms", "email", "push"], ["email", "post"], [], None, ["sms"]])
    shares = pa.array([[0.3, 0.2, 0.1], [0.5, 0.4], [], None, [0.9]])
    granted = pa.array([["email", "*"], ["email"], ["email"], ["*"], []], pa.list_(pa.string()))
    may = granted_channels(rankings, granted, frozenset({"email", "sms"}))
    assert filter_lists(rankings, may).to_pylist() == [["email", "push"], ["email"], [], None, []]
    assert filter_lists(shares, may).to_pylist() == [[0.2, 0.1], [0.5], [], None, []]


def test_a_slice_of_rankings_is_limited_like_the_whole() -> None:
    rankings = pa.array([["sms"], ["sms", "email"], ["email"]])[1:]
    granted = pa.array([["sms"], ["email"], ["sms"]])[1:]
    may = granted_channels(rankings, granted, frozenset({"email", "sms"}))
    assert filter_lists(rankings, may).to_pylist() == [["email"], []]
