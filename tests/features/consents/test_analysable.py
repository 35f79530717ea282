"""Analysable customers: who consents to profiling and was not erased."""

from __future__ import annotations

import pytest

from features.consents.analysable import analysable_ids
from features.consents.consent import ALL_CHANNELS, PROFILING, Consent, Defaults
from tests.dictionary_storage import in_memory_ledger


@pytest.mark.parametrize(("by_default", "expected"), [(True, ["ann", "new"]), (False, ["ann"])])
def test_the_erased_and_those_who_do_not_consent_are_not_analysed(by_default: bool, expected: list[str]) -> None:
    ledger = in_memory_ledger()
    ledger.set_defaults(Defaults(profiling=by_default))
    consents = {"ann": True, "bob": False, "eve": True}
    ledger.record({who: [Consent(PROFILING, ALL_CHANNELS, granted=yes, changed_at=5)] for who, yes in consents.items()})
    ledger.erase("eve")
    assert analysable_ids(ledger, ["ann", "bob", "eve", "new"], now=10) == expected
