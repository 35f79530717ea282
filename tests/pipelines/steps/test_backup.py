"""Backup and restore: a copy of a home brings all of it back, and nobody who was forgotten or who said no since."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import lmdb
import pytest

from features.errors import RowsLost
from features.storage.secret import InvalidSecret
from pipelines.backup import live_copy, put_back
from pipelines.backup.manifest import InvalidBackup
from pipelines.backup.put_back import HomeInUse
from pipelines.home import Home
from pipelines.steps import backup, forget, restore
from pipelines.steps.restore import BackupSource, Restoration
from serving.observability.audit_head import HEAD_FILE
from serving.observability.audit_reader import AUDIT_FILE, read_audit
from tests.features.consents.stores import Store
from tests.pipelines.steps.ledger_home import NOW, killed_before_replay, no, say, statuses


@pytest.fixture(autouse=True)
def _other_files(store: Store) -> None:
    with closing(sqlite3.connect(store.home / "mlflow.db")) as database:
        database.execute("CREATE TABLE runs (name TEXT)")
    (store.home / "releases" / "1").mkdir(parents=True)
    (store.home / "releases" / "champion").write_text("1")
    (store.home / "keys.json").write_text('{"keys": ["of the backup"]}')
    with (
        lmdb.open(str(store.home / "any_lmdb"), max_dbs=1) as environment,
        environment.begin(write=True) as transaction,
    ):
        transaction.put(b"ann", b"features")


def make_backup(store: Store, target: Path) -> Path:
    backup.run(Home(store.home), target, NOW, lambda _: None)
    return target


def put_backup_back(home: Path, source: Path, *, force: bool = False) -> Restoration:
    return restore.run(Home(home), None, NOW, lambda _: None, BackupSource(source, replaces_home=force))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "copy"


def test_no_audit_line_is_written_while_the_audit_log_is_copied(
    store: Store, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_entry, copied = live_copy._copy_entry, []

    def copy_locked(path: Path, to: Path) -> None:
        if path.name.startswith("audit"):
            with (store.home / HEAD_FILE).open("rb") as head, pytest.raises(BlockingIOError):
                fcntl.flock(head, fcntl.LOCK_EX | fcntl.LOCK_NB)
            copied.append(path.name)
        copy_entry(path, to)

    say(store, "bob", no())
    monkeypatch.setattr(live_copy, "_copy_entry", copy_locked)
    make_backup(store, target)
    assert sorted(copied) == [HEAD_FILE, AUDIT_FILE]


@pytest.mark.parametrize("name", ["copy", "copy.tar.zst"])
def test_a_backup_brings_everything_back_into_an_empty_place(store: Store, tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    say(store, "bob", no())
    list(forget.run(Home(store.home), ["cem"], NOW))
    make_backup(store, target)
    names = {path.name for path in store.home.iterdir()} - {".lock", "lock.mdb"}
    shutil.rmtree(store.home)
    if store.redis is not None:
        store.redis.flush()
    result = put_backup_back(store.home, target)
    assert "are unknown here" in result.notes[0]
    assert names - {"consents"} <= {path.name for path in store.home.iterdir()}
    assert statuses(store, "ann", "bob", "cem") == ["GRANTED", "DENIED", "ERASED"]
    assert (store.home / "releases" / "champion").read_text() == "1"
    with closing(sqlite3.connect(store.home / "mlflow.db")) as database:
        assert database.execute("SELECT name FROM sqlite_master").fetchall() == [("runs",)]
    with lmdb.open(str(store.home / "any_lmdb"), max_dbs=1) as environment, environment.begin() as transaction:
        assert transaction.get(b"ann") == b"features"


def test_what_was_said_after_the_backup_stays(store: Store, target: Path) -> None:
    make_backup(store, target)
    say(store, "bob", no())
    list(forget.run(Home(store.home), ["cem"], NOW))
    (store.home / "keys.json").write_text("{}")
    lines = len(list(read_audit(store.home)))
    result = put_backup_back(store.home, target, force=True)
    assert result.is_complete
    assert statuses(store, "ann", "bob", "cem") == ["GRANTED", "DENIED", "ERASED"]
    assert b"cem" not in (store.home / "history" / "orders.parquet").read_bytes()
    assert (store.home / "keys.json").read_text() == "{}"
    assert len(list(read_audit(store.home))) == lines + 1


def test_what_was_said_after_the_backup_comes_from_the_audit_if_the_consents_are_gone(
    store: Store, target: Path
) -> None:
    make_backup(store, target)
    say(store, "bob", no())
    list(forget.run(Home(store.home), ["cem"], NOW))
    store.empty()
    put_backup_back(store.home, target, force=True)
    assert statuses(store, "ann", "bob", "cem") == ["GRANTED", "DENIED", "ERASED"]


def test_what_was_said_after_the_backup_comes_from_the_consents_if_the_audit_is_gone(
    store: Store, target: Path
) -> None:
    make_backup(store, target)
    say(store, "bob", no())
    list(forget.run(Home(store.home), ["cem"], NOW))
    for path in store.home.glob("audit*"):
        path.unlink()
    put_backup_back(store.home, target, force=True)
    assert statuses(store, "ann", "bob", "cem") == ["GRANTED", "DENIED", "ERASED"]


def test_a_restore_that_is_killed_before_the_changes_are_recorded_lets_nobody_in(
    store: Store, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_backup(store, target)
    say(store, "bob", no())
    store.empty()
    with killed_before_replay(monkeypatch):
        put_backup_back(store.home, target, force=True)
    with pytest.raises(RowsLost, match="interrupted"):
        Home(store.home).ledger()
    restore.run(Home(store.home), None, NOW, lambda _: None)
    assert statuses(store, "ann", "bob") == ["GRANTED", "DENIED"]


def test_states_after_a_restore_are_above_all_before(store: Store, target: Path) -> None:
    make_backup(store, target)
    say(store, "bob", no())
    before = store.ledger().state()
    put_backup_back(store.home, target, force=True)
    store.ledger().record({"cem": [no()]})
    assert [record.customer_id for record in store.ledger().changed_since(before)][-1:] == ["cem"]


def test_a_lost_secret_comes_back(store: Store, target: Path) -> None:
    list(forget.run(Home(store.home), ["cem"], NOW))
    make_backup(store, target)
    (store.home / "secret").unlink()
    put_backup_back(store.home, target, force=True)
    assert statuses(store, "cem") == ["ERASED"]


def test_a_backup_of_another_home_is_refused(store: Store, target: Path, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    (other.home / "history").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("FLYWHEEL_ONLINE_STORE", "lmdb")
        say(other, "ann", no())
        make_backup(other, target)
    secret = (store.home / "secret").read_bytes()
    with pytest.raises(InvalidSecret, match="another secret"):
        put_backup_back(store.home, target, force=True)
    assert (store.home / "secret").read_bytes() == secret
    assert statuses(store, "ann") == ["GRANTED"]


def flip(folder: Path) -> None:
    path = folder / "history" / "orders.parquet"
    content = bytearray(path.read_bytes())
    content[9] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [flip, lambda folder: (folder / "secret").unlink(), lambda folder: (folder / "more").touch()],
    ids=["flipped", "missing", "added"],
)
def test_a_damaged_backup_is_refused_before_anything_changes(
    store: Store, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    make_backup(store, tmp_path / "copy")
    damage(tmp_path / "copy")
    say(store, "bob", no())
    with pytest.raises(InvalidBackup, match=r"Found other files in .*Nothing was restored"):
        put_backup_back(store.home, tmp_path / "copy", force=True)
    assert statuses(store, "bob") == ["DENIED"]


def test_a_cut_archive_and_a_stray_folder_are_refused(store: Store, tmp_path: Path) -> None:
    archive = make_backup(store, tmp_path / "copy.tar.zst")
    archive.write_bytes(archive.read_bytes()[:-99])
    with pytest.raises(InvalidBackup):
        put_backup_back(store.home, archive, force=True)
    (tmp_path / "stray").mkdir()
    with pytest.raises(InvalidBackup, match=r"Found no backup\.json"):
        put_backup_back(store.home, tmp_path / "stray", force=True)


def test_a_home_with_files_is_not_replaced_by_accident(store: Store, target: Path) -> None:
    make_backup(store, target)
    with pytest.raises(HomeInUse, match="--force"):
        put_backup_back(store.home, target)
    with pytest.raises(InvalidBackup, match="already"):
        make_backup(store, target)


@pytest.mark.parametrize("call", [1, 5])
def test_a_restore_that_is_killed_lets_nobody_in_until_it_is_finished(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    make_backup(store, tmp_path / "copy")
    say(store, "bob", no())
    list(forget.run(Home(store.home), ["cem"], NOW))
    remove, calls = put_back._remove, []

    def remove_or_die(path: Path) -> None:
        calls.append(path)
        if len(calls) == call:
            raise KeyboardInterrupt
        remove(path)

    with monkeypatch.context() as patched:
        patched.setattr(put_back, "_remove", remove_or_die)
        with pytest.raises(KeyboardInterrupt):
            put_backup_back(store.home, tmp_path / "copy", force=True)
    with pytest.raises(RowsLost, match=r"interrupted.*`flywheel restore`"):
        Home(store.home).ledger()
    restore.run(Home(store.home), None, NOW, lambda _: None)
    assert statuses(store, "ann", "bob", "cem") == ["GRANTED", "DENIED", "ERASED"]
    assert (store.home / "releases" / "champion").read_text() == "1"


def test_a_copy_holds_no_pages_of_the_forgotten(store: Store, tmp_path: Path) -> None:
    say(store, "cem-of-the-mill", no())
    list(forget.run(Home(store.home), ["cem-of-the-mill"], NOW))
    copy = make_backup(store, tmp_path / "copy")
    assert b"cem-of-the-mill" not in (copy / "consents" / "data.mdb").read_bytes()


def test_a_backup_is_private(store: Store, target: Path) -> None:
    make_backup(store, target)
    paths = [target, *target.rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in paths} == {0}


def test_a_full_disk_is_told_without_a_file_that_nobody_named(
    store: Store, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(backup, "copy_home", refuse)
    with pytest.raises(backup.BackupFailed, match=r"\(No space left on device\); expected"):
        make_backup(store, target)
    assert not target.exists()
