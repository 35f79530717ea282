"""Spellings of consents: however a customer, a purpose or a channel is spelled, a no wins over a yes."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.canonical_form import canonical_word
from features.consents.canonical_ids import adopt_id_case
from features.consents.consent import (
    MARKETING,
    Consent,
    Consents,
    Defaults,
    LedgerRecord,
    ReachRequest,
    merge_spellings,
)
from features.consents.ledger import Ledger
from tests.dictionary_storage import in_memory_ledger
from tests.features.consents.test_log_import import TABLE, import_log

EMAIL = ReachRequest(MARKETING, "email")
NOW = 10**18
SPELLINGS = st.sampled_from(["email", "Email", "EMAIL", " email", "email\u00a0", "e\u200bmail", "\ufeffEmail "])
WORDS = st.lists(st.tuples(SPELLINGS, st.booleans(), st.integers(0, 3)), min_size=1, max_size=6)


def with_spellings(words: list[tuple[str, bool, int]]) -> list[tuple[str, Consent]]:
    return [(channel, Consent(MARKETING, channel, granted, at)) for channel, granted, at in words]


def last_word(words: list[tuple[str, bool, int]], spelling: str) -> bool:
    """What the newest word in one spelling says; of two of one time, the no."""
    newest = max((at, not granted) for channel, granted, at in words if channel == spelling)
    return not newest[1]


@given(words=WORDS, data=st.data())
def test_in_several_spellings_a_no_wins_whatever_came_first(
    words: list[tuple[str, bool, int]], data: st.DataObject
) -> None:
    spellings = {channel for channel, _, _ in words}
    shuffled = data.draw(st.permutations(words))
    merged = Consents().merge(merge_spellings(with_spellings(shuffled)), replace_ties=False)
    (entry,) = merged.entries
    assert entry.channel == "email"
    assert entry.granted == all(last_word(words, spelling) for spelling in spellings)
    assert entry.changed_at == max(at for _, _, at in words) or entry.granted


@given(words=WORDS)
def test_a_record_of_an_earlier_version_is_read_as_one_word_per_channel(words: list[tuple[str, bool, int]]) -> None:
    latest = {channel: Consent(MARKETING, channel, granted, at) for channel, granted, at in words}
    stored = orjson.dumps(["ann", 7, [[MARKETING, c.channel, c.granted, c.changed_at, None] for c in latest.values()]])
    record = LedgerRecord.from_bytes(stored)
    (entry,) = record.consents.entries
    assert entry.granted == all(consent.granted for consent in latest.values())
    assert LedgerRecord.from_bytes(record.to_bytes()) == record


@pytest.mark.parametrize("asked", ["email", "EMAIL", " Email\u3000"])
def test_a_stored_no_to_one_spelling_counts_for_every_other(asked: str) -> None:
    consents = LedgerRecord.from_bytes(
        b'["ann", 1, [["marketing", "*", true, 1, null], ["marketing", "EMAIL", false, 2, null]]]'
    )
    assert not consents.consents.allows(MARKETING, asked, NOW, Defaults())
    assert consents.consents.allows(MARKETING, "sms", NOW, Defaults())


LINES = [
    "ann,newsletter,email,true,2026-01-04",
    "ann,Newsletter ,EMAIL,false,2026-01-02",
    "ann,NEWSLETTER,e-mail,true,2026-01-05",
]
BY_ID = ["ann,newsletter,email,true,2026-01-04", "ann\u00a0,newsletter,email,false,2026-01-02"]


@pytest.mark.parametrize("lines", [*permutations(LINES), *permutations(BY_ID)])
def test_a_no_in_another_spelling_of_the_log_wins(tmp_path: Path, lines: tuple[str, ...]) -> None:
    (tmp_path / "consents.csv").write_text("\n".join(["customer,purpose,channel,granted,at", *lines]), encoding="utf-8")
    ledger = in_memory_ledger()
    config = f'[consents]\npath="consents.csv"\n{TABLE}purposes = {{ Newsletter = "Marketing" }}\n'
    assert import_log(tmp_path, config, ledger).unused_purposes == ()
    assert ledger.can_reach(["ann"], EMAIL, NOW) == [False]


@pytest.mark.parametrize("nights", [*permutations([LINES[0], LINES[1]])])
def test_a_no_wins_in_whichever_night_it_comes(tmp_path: Path, nights: tuple[str, ...]) -> None:
    ledger, config = (
        in_memory_ledger(),
        f'[consents]\npath="consents.csv"\n{TABLE}purposes = {{ newsletter = "marketing" }}\n',
    )
    log = "customer,purpose,channel,granted,at"
    for line in nights:
        log = f"{log}\n{line}"
        (tmp_path / "consents.csv").write_text(log, encoding="utf-8")
        import_log(tmp_path, config, ledger)
    assert ledger.can_reach(["ann"], EMAIL, NOW) == [False]


def test_a_later_yes_in_the_same_spelling_counts(tmp_path: Path) -> None:
    (tmp_path / "consents.csv").write_text(
        "customer,purpose,channel,granted,at\nann,marketing,EMAIL,false,2026-01-02\nann,marketing,EMAIL,true,2026-01-03\n"
        "ann,marketing,email,true,2026-01-01\n"
    )
    ledger = in_memory_ledger()
    import_log(tmp_path, f'[consents]\npath="consents.csv"\n{TABLE}', ledger)
    assert ledger.can_reach(["ann"], EMAIL, NOW) == [True]


def test_two_purposes_of_the_log_with_one_target_are_no_spellings_of_each_other(tmp_path: Path) -> None:
    (tmp_path / "consents.csv").write_text(
        "customer,purpose,channel,granted,at\nann,promo,email,false,2026-01-02\nann,newsletter,email,true,2026-01-03\n"
    )
    ledger = in_memory_ledger()
    purposes = 'purposes = { newsletter = "marketing", promo = "marketing" }\n'
    import_log(tmp_path, f'[consents]\npath="consents.csv"\n{TABLE}{purposes}', ledger)
    assert ledger.can_reach(["ann"], EMAIL, NOW) == [True]


def ledger_of(**granted: bool) -> Ledger:
    ledger = in_memory_ledger()
    for customer_id, is_granted in granted.items():
        ledger.record({customer_id: [Consent(MARKETING, "email", is_granted, 1)]})
    return ledger


@pytest.mark.parametrize(("first", "second"), [("Ann", "ann"), ("ann", "Ann"), ("ANN", "Ann")])
def test_folded_ids_share_their_consents_and_a_no_wins(first: str, second: str) -> None:
    ledger = ledger_of(**{first: False, second: True, "Bob": True, "cem": True})
    assert ledger.can_reach(["Bob", "cem"], EMAIL, NOW) == [True, True]
    adopt_id_case(ledger, "fold")
    assert ledger.id_case() == "fold"
    assert ledger.can_reach(["ann", "bob", "cem"], EMAIL, NOW) == [False, True, True]
    assert {record.customer_id for record in ledger.all_records()} == {"ann", "bob", "cem"}
    state = ledger.state()
    assert adopt_id_case(ledger, "fold") == 0
    assert ledger.state() == state


def test_an_id_with_a_blank_from_an_earlier_version_moves_to_its_canonical_form() -> None:
    ledger = ledger_of(**{" ann": False})
    assert adopt_id_case(ledger, "keep") == 1
    assert ledger.can_reach(["ann"], EMAIL, NOW) == [False]
    assert ledger.id_case() == "keep"


def test_a_channel_of_blanks_alone_is_every_channel() -> None:
    (merged,) = merge_spellings([(" ", Consent(MARKETING, " ", granted=True, changed_at=1))])
    assert merged.channel == "*"
    assert canonical_word("*") == "*"
