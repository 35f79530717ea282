"""Restore: a store that lost consents gets them back from the audit log, and what nobody knows waits."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from features.consents.consent import MARKETING, PROFILING, Consent, Defaults, ReachRequest
from features.consents.ledger import ConsentStatus
from features.errors import RowsLost
from pipelines.home import Home
from pipelines.steps import forget, restore
from pipelines.steps.restore import Restoration
from serving.observability.audit_log import CONSENT, AuditLog
from serving.privacy.audit_replay import WAITING_FILE, apply_waiting
from tests.features.consents.stores import Store
from tests.pipelines.steps.ledger_home import NOW, NOW_US, killed_before_replay, no, say, statuses, write_orders


def run_restore(store: Store, home: Path | None = None) -> Restoration:
    return restore.run(Home(home or store.home), None, NOW, lambda _: None)


def test_a_restore_of_a_whole_home_changes_nothing(store: Store) -> None:
    say(store, "bob", no())
    before = store.ledger().state()
    result = run_restore(store)
    assert (result.loss, result.consents, result.erasures, result.waiting) == ("none", 0, 0, 0)
    assert store.ledger().state() == before


def test_words_that_an_older_copy_lost_come_back(store: Store) -> None:
    store.copy()
    say(store, "bob", no(), Consent(MARKETING, "email", granted=True, changed_at=7, until=NOW_US + 9))
    list(forget.run(Home(store.home), ["cem"], NOW))
    before = store.ledger().consents("bob").consents
    highest = store.ledger().state()
    store.put_back()
    with pytest.raises(RowsLost, match="older copy"):
        store.ledger().state()
    result = run_restore(store)
    assert (result.loss, result.expected_state, result.consents, result.erasures) == ("older", highest, 1, 1)
    assert result.is_complete
    assert statuses(store, "ann", "bob", "cem") == ["GRANTED", "DENIED", "ERASED"]
    assert store.ledger().consents("bob").consents == before
    assert store.ledger().state() > highest


def test_words_come_back_after_every_state_that_a_table_was_made_with(store: Store) -> None:
    store.copy()
    say(store, "bob", no())
    scored_at = store.ledger().state()
    store.put_back()
    run_restore(store)
    assert [record.customer_id for record in store.ledger().changed_since(scored_at)] == ["bob"]


def test_an_erasure_of_an_older_copy_leaves_no_row_behind(store: Store) -> None:
    list(forget.run(Home(store.home), ["bob"], NOW))
    store.copy()
    list(forget.run(Home(store.home), ["cem"], NOW))
    store.put_back()
    write_orders(store.home, "ann", "bob", "cem")
    run_restore(store)
    assert pq.read_table(store.home / "history" / "orders.parquet")["customer_id"].to_pylist() == ["ann"]


def test_an_emptied_store_gets_every_audited_word_back_and_allows_nobody_else(store: Store) -> None:
    store.ledger().set_defaults(Defaults(profiling=True, marketing=True))
    say(store, "bob", no())
    list(forget.run(Home(store.home), ["cem"], NOW))
    store.empty()
    result = run_restore(store)
    assert result.loss == "emptied"
    assert statuses(store, "ann", "bob", "cem", "dan") == ["GRANTED", "DENIED", "ERASED", "UNKNOWN"]
    assert store.ledger().can_reach(["dan"], ReachRequest(MARKETING), NOW_US) == [False]


def test_a_newer_word_in_the_store_stays_and_a_denial_wins_a_tie(store: Store) -> None:
    store.copy()
    say(store, "ann", no(changed_at=5))
    say(store, "bob", Consent(PROFILING, "*", granted=True, changed_at=5))
    store.put_back()
    with_copy = store.ledger  # another machine, which had seen less, wrote to the older copy
    (store.home / "ledger.json").rename(store.home / "kept.json")
    with_copy().record({"ann": [Consent(PROFILING, "*", granted=True, changed_at=9)], "bob": [no(changed_at=5)]})
    (store.home / "kept.json").replace(store.home / "ledger.json")
    run_restore(store)
    assert statuses(store, "ann", "bob") == ["GRANTED", "DENIED"]


def test_words_of_a_customer_whom_no_table_knows_wait_for_an_ingestion(store: Store) -> None:
    store.copy()
    say(store, "zoe", no())
    store.put_back()
    result = run_restore(store)
    assert (result.waiting, result.is_complete) == (1, False)
    assert "zoe" not in (store.home / WAITING_FILE).read_text()
    write_orders(store.home, "ann", "zoe")
    applied = apply_waiting(store.home, store.ledger())
    assert applied is not None
    assert applied.consents == 1
    assert statuses(store, "zoe") == ["DENIED"]
    assert not (store.home / WAITING_FILE).exists()


def test_an_erasure_of_a_customer_whom_no_table_knows_needs_no_table(store: Store) -> None:
    store.copy()
    list(forget.run(Home(store.home), ["zoe"], NOW))
    store.put_back()
    assert run_restore(store).erasures == 1
    assert store.ledger().statuses(["zoe"], NOW_US) == [ConsentStatus.ERASED]


def test_a_line_without_dates_brings_back_its_denial_and_not_its_grant(store: Store) -> None:
    """Lines of an earlier version have no dates, and a grant without one could outrank a later denial."""
    audit = AuditLog.open(store.home)
    for customer_id, granted in (("bob", False), ("cem", True)):
        consents = [{"purpose": PROFILING, "channel": "*", "granted": granted}]
        audit.append(CONSENT, "crm", NOW_US, customer=audit.pseudonym(customer_id), consents=consents)
    store.empty()
    run_restore(store)
    assert statuses(store, "bob", "cem") == ["DENIED", "UNKNOWN"]


def test_a_damaged_memory_is_mended(store: Store) -> None:
    say(store, "bob", no())
    (store.home / "ledger.json").write_bytes(b"")
    assert run_restore(store).loss == "memory"
    assert statuses(store, "bob") == ["DENIED"]


def test_every_machine_records_its_own_words_before_it_answers_again(store: Store, tmp_path: Path) -> None:
    if store.redis is None:
        pytest.skip("LMDB has one machine")
    other = tmp_path / "other"
    (other / "history").mkdir(parents=True)
    (other / "secret").write_bytes((store.home / "secret").read_bytes())
    write_orders(other, "ann", "bob", "cem")
    store.copy()
    say(store, "bob", no())
    say(store, "cem", no(), home=other)
    store.put_back()
    assert run_restore(store).loss == "older"
    with pytest.raises(RowsLost, match="has lost the consents"):
        store.ledger(other).state()
    assert run_restore(store, other).loss == "elsewhere"
    assert statuses(store, "bob", "cem") == ["DENIED", "DENIED"]
    assert store.ledger(other).state() == store.ledger().state()
    assert run_restore(store).loss == "none"


def test_a_restore_that_is_killed_is_finished_by_the_next(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.copy()
    say(store, "bob", no())
    store.put_back()
    with killed_before_replay(monkeypatch):
        run_restore(store)
    with pytest.raises(RowsLost, match="has lost the consents"):
        store.ledger().state()
    run_restore(store)
    assert statuses(store, "bob") == ["DENIED"]
