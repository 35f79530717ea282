"""Channels are ranked as far as a customer lets them be used."""

from __future__ import annotations

import pyarrow as pa
import pytest

from features.consents.consent import ALL, MARKETING, PROFILING, Consent, Defaults
from features.consents.ledger import Ledger
from features.errors import NothingThere
from pipelines.scoring.consent_columns import Consented, scorable
from pipelines.scoring.extra_columns import allowed, kept
from serving.audiences.consent_filter import CHANNELS, UNTIL, Basis
from tests.dictionary_storage import dictionary_ledger


@pytest.fixture
def ledger() -> Ledger:
    ledger = dictionary_ledger()
    ledger.record(
        {
            "ann": [Consent(MARKETING, "email", granted=True, changed_at=1, until=50)],
            "bob": [
                Consent(MARKETING, ALL, granted=True, changed_at=1),
                Consent(MARKETING, "sms", granted=False, changed_at=1),
            ],
            "cem": [Consent(PROFILING, ALL, granted=False, changed_at=1)],
        }
    )
    return ledger


def test_each_customers_channels_are_those_they_granted(ledger: Ledger) -> None:
    found = Consented.of(ledger, now=9).table(pa.array(["ann", "bob", "dan"])).to_pylist()
    assert [row[CHANNELS] for row in found] == [["email"], ["*", "email"], []]
    assert [row[UNTIL] is None for row in found] == [False, True, True]


def test_the_basis_survives_the_file(ledger: Ledger) -> None:
    basis = Consented.of(ledger, now=9).basis
    assert basis == Basis(1, Defaults(), frozenset({"email", "sms"}))
    assert Basis.of(pa.schema([("a", pa.int8())], metadata=dict(basis.metadata()))) == basis
    assert Basis.of(pa.schema([("a", pa.int8())])) is None


def test_who_is_not_to_be_profiled_is_not_scored(ledger: Ledger) -> None:
    everybody = pa.array(["ann", "bob", "cem", "dan"])
    assert scorable(everybody, ledger, ledger.profiled(9)).to_pylist() == ["ann", "bob", "dan"]
    ledger.forget("ann")
    assert scorable(everybody, ledger, ledger.profiled(9)).to_pylist() == ["bob", "dan"]
    ledger.adopt(Defaults(profiling=False))
    with pytest.raises(NothingThere, match=r"Of 4 known customers nobody may be scored\. .*consent_defaults"):
        scorable(everybody, ledger, ledger.profiled(9))


def test_channels_are_ranked_as_far_as_they_are_granted() -> None:
    rankings = pa.array([["sms", "email", "push"], ["email", "post"], [], None, ["sms"]])
    shares = pa.array([[0.3, 0.2, 0.1], [0.5, 0.4], [], None, [0.9]])
    granted = pa.array([["email", "*"], ["email"], ["email"], ["*"], []], pa.list_(pa.string()))
    may = allowed(rankings, granted, frozenset({"email", "sms"}))
    assert kept(rankings, may).to_pylist() == [["email", "push"], ["email"], [], None, []]
    assert kept(shares, may).to_pylist() == [[0.2, 0.1], [0.5], [], None, []]


def test_a_slice_of_rankings_is_limited_like_the_whole() -> None:
    rankings = pa.array([["sms"], ["sms", "email"], ["email"]])[1:]
    granted = pa.array([["sms"], ["email"], ["sms"]])[1:]
    may = allowed(rankings, granted, frozenset({"email", "sms"}))
    assert kept(rankings, may).to_pylist() == [["email"], []]
