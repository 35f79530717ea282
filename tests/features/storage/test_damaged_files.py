"""Damaged files: after any flip or cut, an answer is the one that was stored, or it is said to be unavailable."""

from __future__ import annotations

import os
from pathlib import Path

import lmdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.consents.backends import open_ledger
from features.consents.consent import MARKETING, PROFILING, Consent, ReachRequest
from features.consents.ledger import ConsentStatus
from features.errors import StoreDamaged
from features.online.backends import LMDB
from features.online.lmdb import LmdbReader, LmdbStore, read_packed_values, write_transaction
from features.storage.lmdb_structure import DamagedStructure, meta_pages_problem, verify_structure
from tests.features.rows import TRANSACTIONS, packed_rows

LAW = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
CUSTOMERS = [f"C{number}" for number in range(150)]
PLACES, NOISE = st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=64)


@pytest.fixture(scope="module")
def online(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an online store in which customer i has i orders."""
    path = tmp_path_factory.mktemp("whole") / "online"
    with write_transaction(path) as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {name: i for i, name in enumerate(CUSTOMERS)}))
    return path / "data.mdb"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which every second customer denied profiling, and every seventh is erased."""
    home = tmp_path_factory.mktemp("home")
    ledger = open_ledger(home, LMDB)
    ledger.record({name: [Consent(PROFILING, "*", i % 2 == 0, 5)] for i, name in enumerate(CUSTOMERS)})
    ledger.record({name: [Consent(MARKETING, "email", i % 3 == 0, 5)] for i, name in enumerate(CUSTOMERS)})
    for name in CUSTOMERS[::7]:
        ledger.erase(name)
    return home


def damage(whole: bytes, place: float, noise: bytes, *, cut: bool) -> bytes:
    """The file without its end from a place on, or with other bytes there."""
    start = int(place * len(whole))
    return whole[:start] if cut else (whole[:start] + noise + whole[start + len(noise) :])[: len(whole)]


def new_folder(tmp_path: Path, content: bytes) -> Path:
    """A folder that was never opened, with a file of this content."""
    folder = tmp_path / f"copy-{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    (folder / "data.mdb").write_bytes(content)
    return folder


@LAW
@given(PLACES, NOISE, st.booleans())
def test_features_in_a_damaged_file_are_right_or_said_unavailable(
    tmp_path: Path, online: Path, place: float, noise: bytes, cut: bool
) -> None:
    folder = new_folder(tmp_path, damage(online.read_bytes(), place, noise, cut=cut))
    reader = LmdbReader.open(folder, (TRANSACTIONS,))
    try:
        rows = reader.read(CUSTOMERS)
    except StoreDamaged:
        return
    expected = [None if rows.damaged is not None and rows.damaged[i] else float(i) for i in range(len(CUSTOMERS))]
    orders = zip(rows.known.tolist(), rows.column("orders").tolist(), strict=True)
    assert [number if known else None for known, number in orders] == expected


@LAW
@given(PLACES, NOISE, st.booleans())
def test_consents_in_a_damaged_file_are_right_or_a_no_or_said_unavailable(
    tmp_path: Path, home: Path, place: float, noise: bytes, cut: bool
) -> None:
    folder = tmp_path / f"home-{len(list(tmp_path.iterdir()))}"
    folder.mkdir()
    (folder / "secret").write_bytes((home / "secret").read_bytes())
    (folder / "consents").mkdir()
    whole = (home / "consents/data.mdb").read_bytes()
    (folder / "consents/data.mdb").write_bytes(damage(whole, place, noise, cut=cut))
    intact, ledger = open_ledger(home, LMDB), open_ledger(folder, LMDB)
    request = ReachRequest(MARKETING, "email")
    try:
        statuses, reached = ledger.statuses(CUSTOMERS, 9), ledger.can_reach(CUSTOMERS, request, 9)
    except StoreDamaged:
        return
    expected = zip(statuses, intact.statuses(CUSTOMERS, 9), strict=True)
    assert all(status in (right, ConsentStatus.DENIED) for status, right in expected)
    assert all(
        right or not found for found, right in zip(reached, intact.can_reach(CUSTOMERS, request, 9), strict=True)
    )


def test_a_file_that_is_cut_while_it_is_open_is_said_unavailable_and_kills_nobody(tmp_path: Path, online: Path) -> None:
    folder = new_folder(tmp_path, online.read_bytes())
    reader = LmdbReader.open(folder, (TRANSACTIONS,))
    assert reader.read(["C3"]).known.all()
    os.truncate(folder / "data.mdb", 16384)
    with pytest.raises(StoreDamaged, match=r"damaged \(16,384 of [\d,]+ bytes\); expected the file as it was written"):
        reader.read(["C3"])


def test_a_publication_mends_a_damaged_store_and_open_readers_follow(tmp_path: Path, online: Path) -> None:
    folder = new_folder(tmp_path, online.read_bytes()[:20_000])
    reader, store = LmdbReader.open(folder, (TRANSACTIONS,)), LmdbStore(folder)
    with pytest.raises(StoreDamaged, match="Publish the features again"):
        reader.read(["C3"])
    with pytest.raises(StoreDamaged), store.write_transaction():
        pass
    assert store.remove_damaged() is not None
    assert store.remove_damaged() is None
    with store.write_transaction() as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"C3": 8}))
    assert reader.read(["C3"]).column("orders").tolist() == [8]


def test_a_damaged_row_is_nobody_elses_fault_and_any_newer_row_replaces_it(tmp_path: Path) -> None:
    with write_transaction(tmp_path) as writer:
        writer.replace("transactions", packed_rows(TRANSACTIONS, {"ann": 1, "bob": 2}))
    row = read_packed_values(tmp_path, "transactions", ["ann"])[0]
    assert row is not None
    with write_transaction(tmp_path) as writer:
        writer.replace(
            "transactions", {**packed_rows(TRANSACTIONS, {"bob": 2}), "ann": row[:8] + b"\x7f" * 8 + row[16:]}
        )
    rows = LmdbReader.open(tmp_path, (TRANSACTIONS,)).read(["ann", "bob", "cid"])
    assert rows.known.tolist() == [False, True, False]
    assert rows.damaged is not None
    assert rows.damaged.tolist() == [True, False, False]
    with write_transaction(tmp_path) as writer:
        writer.merge("transactions", packed_rows(TRANSACTIONS, {"ann": 3}))
    assert LmdbReader.open(tmp_path, (TRANSACTIONS,)).read(["ann"]).column("orders").tolist() == [3]


def test_a_consent_record_that_cannot_be_read_can_still_be_erased(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, LMDB)
    ledger.record({"ann": [Consent(PROFILING, "*", granted=True, changed_at=5)]})
    del ledger
    with lmdb.open(str(tmp_path / "consents"), max_dbs=4) as environment:
        records = environment.open_db(b"records")
        with environment.begin(write=True) as transaction:
            transaction.put(b"\0ann", b'["ann",1,[["profiling","*",true,6,null]]]#00000000', db=records)
    ledger = open_ledger(tmp_path, LMDB)
    assert ledger.statuses(["ann"], 9) == [ConsentStatus.DENIED]
    with pytest.raises(StoreDamaged, match="Found a damaged record among the consents"):
        list(ledger.all_records())
    ledger.erase("ann")
    assert ledger.statuses(["ann"], 9) == [ConsentStatus.ERASED]
    assert (list(ledger.all_records()), ledger.changed_since(0)) == ([], [])


def test_a_whole_file_passes_however_its_pages_came_to_be(tmp_path: Path) -> None:
    with lmdb.open(str(tmp_path), map_size=2**26, max_dbs=2) as environment:
        table = environment.open_db(b"table")
        for turn in range(40):
            with environment.begin(write=True, db=table) as transaction:
                for number in range(turn * 7 % 200):
                    key = str(number * turn % 311).encode()
                    if (number + turn) % 3:
                        transaction.put(key, b"v" * (number * turn % 9000))
                    else:
                        transaction.delete(key)
            assert meta_pages_problem(tmp_path / "data.mdb") is None
            with environment.begin() as transaction:
                verify_structure(tmp_path / "data.mdb", transaction)
        os.truncate(tmp_path / "data.mdb", (tmp_path / "data.mdb").stat().st_size // 2 // 4096 * 4096)
        with environment.begin() as transaction, pytest.raises(DamagedStructure):
            verify_structure(tmp_path / "data.mdb", transaction)


def test_a_record_whose_key_is_damaged_with_its_value_stops_the_ledger(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, LMDB)
    ledger.record({"ann": [Consent(PROFILING, "*", granted=False, changed_at=5)]})
    del ledger
    path = tmp_path / "consents/data.mdb"
    content = path.read_bytes()
    start = content.index(b'\0ann["ann"')
    path.write_bytes(content[: start + 1] + b"bob{" + content[start + 5 :])
    with pytest.raises(StoreDamaged, match="an entry of the change index without its record"):
        open_ledger(tmp_path, LMDB).statuses(["ann"], 9)
