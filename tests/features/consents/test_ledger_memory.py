"""Ledger memory: a home refuses a lost secret, another home's ledger and an older copy, in every store."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lmdb
import pytest

from features.consents.consent import PROFILING, Consent
from features.consents.erasure_state import record_erased_until
from features.consents.ledger import ConsentStatus
from features.consents.ledger_memory import LedgerMemory
from features.errors import InvalidStore, RowsLost
from features.storage.secret import InvalidSecret
from tests.features.consents.stores import Store

NO = Consent(PROFILING, "*", granted=False, changed_at=5)


@pytest.fixture(params=["lmdb", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    home = tmp_path / "home"
    home.mkdir()
    return Store(home, None if request.param == "lmdb" else request.getfixturevalue("redis"))


def test_a_home_without_consents_remembers_nothing(store: Store) -> None:
    assert store.ledger().statuses(["ann"], 9) == [ConsentStatus.GRANTED]
    assert LedgerMemory(store.home).read() is None


def test_a_word_is_remembered_before_it_is_confirmed(store: Store) -> None:
    for number in range(3):
        store.ledger().record({f"{number}": [NO]})
        point = LedgerMemory(store.home).read()
        assert point is not None
        assert (point.ledger, point.revision) == (store.ledger().identity(), store.ledger().state())


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_bytes(b"x" * 32)], ids=["lost", "replaced"])
def test_a_lost_or_replaced_secret_is_refused_before_anyone_is_looked_up(
    store: Store, change: Callable[[Path], object]
) -> None:
    store.ledger().erase("ann")
    change(store.home / "secret")
    for use in (
        lambda: store.ledger().statuses(["ann"], 9),
        lambda: store.ledger().erased_among(["ann"]),
        lambda: store.ledger().record({"ann": [NO]}),
        lambda: store.ledger().state(),
    ):
        with pytest.raises(InvalidSecret, match="flywheel restore --from BACKUP"):
            use()


def test_a_home_from_before_proofs_gets_one_with_its_next_word(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.ledger().erase("ann")
    with lmdb.open(str(tmp_path / "consents"), max_dbs=4) as environment, environment.begin(write=True) as transaction:
        for name in (b"ledger", b"proof"):
            transaction.delete(name, db=environment.open_db(b"meta", transaction))
    (tmp_path / "ledger.json").unlink()
    assert store.ledger().erased_among(["ann"]) == ["ann"]
    store.ledger().record({"bob": [NO]})
    (tmp_path / "secret").write_bytes(b"x" * 32)
    with pytest.raises(InvalidSecret, match="another secret"):
        store.ledger().erased_among(["ann"])


def test_without_its_memory_a_home_still_refuses_a_store_that_lost_the_erasures_it_applied(store: Store) -> None:
    store.ledger().erase("ann")
    record_erased_until(store.home, store.ledger().state())
    store.empty()
    (store.home / "ledger.json").unlink()
    for use in (
        lambda: store.ledger().statuses(["ann"], 9),
        lambda: store.ledger().erased_among(["ann"]),
        lambda: store.ledger().record({"bob": [NO]}),
    ):
        with pytest.raises(RowsLost, match=r"ledger\.json is lost too: found state 0, expected \d+ or later"):
            use()


def test_an_older_copy_is_refused_by_readers_and_writers(store: Store) -> None:
    store.ledger().record({"ann": [NO]})
    store.copy()
    store.ledger().record({"bob": [NO]})
    store.put_back()
    for use in (
        lambda: store.ledger().statuses(["ann", "bob"], 9),
        lambda: store.ledger().record({"zoe": [NO]}),
        lambda: list(store.ledger().all_records()),
    ):
        with pytest.raises(RowsLost, match=r"older copy .*found state \d+, expected \d+ or later.*`flywheel restore`"):
            use()


def test_an_older_copy_stays_refused_after_others_wrote_to_it(store: Store, tmp_path: Path) -> None:
    """Another machine that had seen less goes on, and its words make the state higher than what was seen here."""
    if store.redis is None:
        pytest.skip("LMDB has one machine")
    store.ledger().record({"ann": [NO]})
    store.copy()
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(store.home / "secret", other)
    shutil.copy(store.home / "ledger.json", other)
    store.ledger().record({"bob": [NO]})
    store.put_back()
    with pytest.raises(RowsLost, match="older copy"):
        store.ledger().state()
    for number in range(5):
        store.ledger(other).record({f"{number}": [NO]})
    with pytest.raises(RowsLost, match="older copy"):
        store.ledger().state()


def test_readers_beside_writers_never_take_a_later_state_for_a_loss(store: Store) -> None:
    store.ledger().record({"ann": [NO]})
    ledgers = [store.ledger() for _ in range(6)]

    def use(number: int) -> int:
        for turn in range(25):
            ledgers[number].statuses(["ann"], 9)
            if number < 2:
                ledgers[number].record({f"{number} {turn}": [NO]})
        return ledgers[number].state()

    with ThreadPoolExecutor(6) as pool:
        highest = max(pool.map(use, range(6)))
    point = LedgerMemory(store.home).read()
    assert point is not None
    assert (point.revision, point.is_older) == (highest, False)


def test_an_emptied_store_is_refused(store: Store) -> None:
    store.ledger().record({"ann": [NO]})
    store.empty()
    with pytest.raises(RowsLost, match=r"has lost the consents.*found no ledger"):
        store.ledger().statuses(["ann"], 9)
    with pytest.raises(RowsLost, match="has lost the consents"):
        store.ledger().record({"bob": [NO]})


def test_the_local_ledger_of_another_home_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        Store(tmp_path / name).ledger().erase("ann")
    shutil.rmtree(tmp_path / "two" / "consents")
    shutil.copytree(tmp_path / "one" / "consents", tmp_path / "two" / "consents")
    with pytest.raises(RowsLost, match="has lost the consents"):
        Store(tmp_path / "two").ledger().state()


def test_a_copied_home_goes_on(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    Store(tmp_path / "one").ledger().erase("ann")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    assert Store(tmp_path / "two").ledger().erased_among(["ann"]) == ["ann"]


@pytest.mark.parametrize("content", [b"", b"{}", b"[1, 2]", b"\0" * 512])
def test_a_damaged_memory_is_an_error(store: Store, content: bytes) -> None:
    store.ledger().record({"ann": [NO]})
    (store.home / "ledger.json").write_bytes(content)
    with pytest.raises(InvalidStore, match=r"ledger\.json damaged.*`flywheel restore`"):
        store.ledger().statuses(["ann"], 9)
