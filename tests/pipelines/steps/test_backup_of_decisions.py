"""Backup of decisions: a copy of a home brings them back, and keeps what was decided since in the home."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from features.decisions.backends import LOCAL_FOLDER, open_decisions
from features.decisions.decision_log import DecisionLog
from features.errors import RowsLost
from pipelines.home import Home
from pipelines.learning.decisions.folding import fold
from pipelines.steps import backup, forget, restore
from pipelines.steps.restore import BackupSource
from tests.features.consents.stores import Store
from tests.features.decisions.stores import decision
from tests.features.decisions.test_decision_log import SENT, send_until_accepted
from tests.pipelines.steps.ledger_home import NOW


@pytest.fixture(autouse=True)
def _decisions(store: Store) -> None:
    send_until_accepted(log_of(store), list(SENT))


def log_of(store: Store) -> DecisionLog:
    return open_decisions(store.home, store.location)


def contents(log: DecisionLog) -> tuple[list[str], ...]:
    return tuple(sorted(map(str, records)) for records in (log.decisions(), log.exposures(), log.outcomes()))


def make_backup(store: Store, target: Path) -> Path:
    backup.run(Home(store.home), target, NOW, lambda _: None)
    return target


def put_back(store: Store, source: Path, *, force: bool = False) -> None:
    restore.run(Home(store.home), None, NOW, lambda _: None, BackupSource(source, replaces_home=force))


@pytest.mark.parametrize("name", ["copy", "copy.tar.zst"])
def test_a_backup_brings_the_decisions_back(store: Store, tmp_path: Path, name: str) -> None:
    expected = contents(log_of(store))
    source = make_backup(store, tmp_path / name)
    shutil.rmtree(store.home)
    if store.redis is not None:
        store.redis.flush()
    put_back(store, source)
    assert contents(log_of(store)) == expected
    assert (store.home / LOCAL_FOLDER).exists() == (store.redis is None)


def test_a_backup_holds_the_log_as_a_local_one_with_nothing_but_its_data(store: Store, tmp_path: Path) -> None:
    source = make_backup(store, tmp_path / "copy")
    assert [path.name for path in (source / LOCAL_FOLDER).iterdir()] == ["data.mdb"]
    assert contents(open_decisions(source, "lmdb")) == contents(log_of(store))


def test_who_was_decided_about_after_the_backup_keeps_the_arm(store: Store, tmp_path: Path) -> None:
    source = make_backup(store, tmp_path / "copy")
    log_of(store).record([decision("d7", "ann", arm="ten-percent")])
    put_back(store, source, force=True)
    assert log_of(store).find(["d1", "d7"]) == [decision(), decision("d7", "ann", arm="ten-percent")]


def test_who_was_forgotten_after_the_backup_does_not_come_back(store: Store, tmp_path: Path) -> None:
    fold(Home(store.home))
    source = make_backup(store, tmp_path / "copy")
    list(forget.run(Home(store.home), ["ann"], NOW))
    put_back(store, source, force=True)
    assert [*log_of(store).customer_ids()] == ["bob"]
    assert b"ann" not in (store.home / "history/decisions.parquet").read_bytes()


def test_a_log_that_is_lost_comes_back_from_the_history(store: Store) -> None:
    fold(Home(store.home))
    expected = contents(log_of(store))
    if store.redis is None:
        shutil.rmtree(store.home / LOCAL_FOLDER)
    else:
        store.redis.flush()
    with pytest.raises(RowsLost):
        log_of(store).counts()
    restore.run(Home(store.home), None, NOW, lambda _: None)
    assert contents(log_of(store)) == expected
