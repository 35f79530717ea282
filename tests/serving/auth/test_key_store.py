"""Key store and key reload: keys are stored as digests, two per client at most, and reloaded when they change."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
from datetime import UTC, datetime, timedelta
from errno import ENOSPC
from hashlib import sha256
from pathlib import Path

import pytest

from serving.auth import key_store as key_store_module
from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import InvalidKeyStore, KeyRejected, KeyStore, StoredKey, active_keys
from serving.auth.scopes import KeyScope
from serving.moments import parse_datetime
from serving.observability.clock import PinnedClock
from serving.observability.json_logs import json_log

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
PREDICT = [KeyScope.PREDICT]


class FakeTimer:
    """Fake timer: the test sets its seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def key_store(tmp_path: Path) -> KeyStore:
    return KeyStore.for_home(tmp_path / "home")


def create_key(key_store: KeyStore, client: str = "mail", after: int = 0) -> StoredKey:
    return key_store.create(client, PREDICT, MONDAY + timedelta(days=after))[1]


def test_a_key_is_kept_as_a_digest_alone(key_store: KeyStore) -> None:
    sent, record = key_store.create("mail", [KeyScope.AUDIENCE, KeyScope.PREDICT, KeyScope.PREDICT], MONDAY)
    assert sent.startswith(f"fw_{record.id}_")
    assert record.sha256 == sha256(sent.encode()).hexdigest()
    assert record.scopes == (KeyScope.PREDICT, KeyScope.AUDIENCE)
    assert key_store.read() == (record,)
    assert sent.rpartition("_")[2] not in key_store.path.read_text()
    assert key_store.path.stat().st_mode & 0o777 == 0o600


def test_no_two_keys_are_alike(key_store: KeyStore) -> None:
    sent = {key_store.create(f"client {number}", PREDICT, MONDAY)[0] for number in range(20)}
    assert len({key.split("_")[1] for key in sent}) == len({key.split("_", 2)[2] for key in sent}) == 20


def test_a_third_active_key_is_refused_and_the_older_named(key_store: KeyStore) -> None:
    old, new = create_key(key_store), create_key(key_store, after=30)
    with pytest.raises(KeyRejected, match=rf"2 active keys for 'mail': {old.id} \(of 2026-11-16\) and {new.id} .*"
                       rf"Revoke the older first: flywheel keys revoke {old.id}\."):  # fmt: skip
        create_key(key_store)
    assert create_key(key_store, "newsletter") in (key_store.read() or ())
    key_store.revoke(old.id, MONDAY + timedelta(days=31))
    third = create_key(key_store, after=31)
    assert {key.id for key in active_keys(key_store.read()) if key.client == "mail"} == {new.id, third.id}


def test_a_revoked_key_keeps_its_name_for_the_audit(key_store: KeyStore) -> None:
    key = create_key(key_store)
    revoked = key_store.revoke(key.id, MONDAY + timedelta(days=1))
    assert key_store.read() == (revoked,)
    assert (revoked.client, revoked.revoked_at) == ("mail", MONDAY + timedelta(days=1))
    assert active_keys(key_store.read()) == ()
    with pytest.raises(KeyRejected, match=f"Found {key.id} revoked already"):
        key_store.revoke(key.id, MONDAY)


def test_an_unknown_key_cannot_be_revoked(key_store: KeyStore) -> None:
    with pytest.raises(KeyRejected, match=r"Found no key 'deadbeef'. Expected .* \(none is active\)"):
        key_store.revoke("deadbeef", MONDAY)
    key = create_key(key_store)
    with pytest.raises(KeyRejected, match=rf"Expected the id of an active one \({key.id}\): see flywheel keys list"):
        key_store.revoke("deadbeef", MONDAY)


@pytest.mark.parametrize("client", ["", " mail", "mail\n", "a/b", "x" * 65, "a\tb", "a\u202eb"])
def test_a_client_has_a_name_that_can_be_read_in_the_audit(key_store: KeyStore, client: str) -> None:
    with pytest.raises(KeyRejected, match=r"expected a name of up to 64 printed characters without a slash"):
        create_key(key_store, client)
    assert create_key(key_store, "Newsletter 客户").client == "Newsletter 客户"


@pytest.mark.slow
def test_several_who_create_at_once_lose_no_key(key_store: KeyStore) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.starmap(create_key, [(key_store, f"client {number}") for number in range(24)], chunksize=1)
    assert {key.client for key in key_store.read() or ()} == {f"client {number}" for number in range(24)}


def broken_key_files(keys: list[dict[str, object]]) -> list[str]:
    valid = keys[0]
    invalid_changes: list[dict[str, object]] = [
        {"scopes": []}, {"scopes": ["everything"]}, {"sha256": "ab"}, {"id": ""}, {"client": "a/b"},
        {"created_at": "2026-11-16T09:00:00"}, {"admin": True},
    ]  # fmt: skip
    return [
        "",
        "{",
        "[]",
        "{}",
        '{"keys": null}',
        *(json.dumps({"keys": [valid | change]}) for change in invalid_changes),
    ]


def test_a_damaged_file_says_where(key_store: KeyStore) -> None:
    create_key(key_store)
    content = json.loads(key_store.path.read_text())
    for text in broken_key_files(content["keys"]):
        key_store.path.write_text(text)
        with pytest.raises(InvalidKeyStore, match=r"Found .*keys.json damaged, at .*Restore it from a backup"):
            key_store.read()
        with pytest.raises(InvalidKeyStore, match=r"damaged"):
            create_key(key_store, "other")
        assert key_store.path.read_text() == text


def test_a_home_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(InvalidKeyStore, match=r"Found no way to read or write .*keys.json"):
        create_key(KeyStore.for_home(tmp_path / "home"))


def test_a_full_disk_is_named_and_not_the_user(key_store: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(ENOSPC, os.strerror(ENOSPC))

    monkeypatch.setattr(key_store_module, "replace_private", refuse)
    with pytest.raises(InvalidKeyStore, match=r"Found no space to write .*keys.json; expected free disk space"):
        create_key(key_store)


def key_reloader(key_store: KeyStore) -> tuple[KeyReloader, FakeTimer, io.StringIO]:
    timer, log = FakeTimer(), io.StringIO()
    return KeyReloader(key_store, json_log(PinnedClock(parse_datetime("2026-11-21")), log), 1.0, timer), timer, log


def test_a_watch_sees_a_change_within_its_second_and_looks_no_more_often(key_store: KeyStore) -> None:
    key = create_key(key_store)
    reloader, timer, log = key_reloader(key_store)
    assert reloader.current_keys() == (key,)
    key_store.revoke(key.id, MONDAY)
    timer.seconds = 0.9
    assert reloader.current_keys() == (key,)
    timer.seconds = 1.0
    assert reloader.current_keys() == ()
    assert log.getvalue() == ""


def test_keys_that_did_not_change_are_not_read_again(key_store: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    create_key(key_store)
    reloader, timer, _ = key_reloader(key_store)
    monkeypatch.setattr(KeyStore, "read", lambda _: pytest.fail("read again"))
    before = reloader.current_keys()
    timer.seconds = 5.0
    assert reloader.current_keys() is before


def test_a_home_without_keys_has_none_until_the_first_is_created(key_store: KeyStore) -> None:
    reloader, timer, _ = key_reloader(key_store)
    assert reloader.current_keys() is None
    key = create_key(key_store)
    timer.seconds = 1.0
    assert reloader.current_keys() == (key,)


def test_a_broken_file_leaves_the_last_good_keys_and_is_logged_once(key_store: KeyStore) -> None:
    key = create_key(key_store)
    valid = key_store.path.read_bytes()
    reloader, timer, log = key_reloader(key_store)
    key_store.path.write_text("{")
    for timer.seconds in (1.0, 2.0, 3.0):
        assert reloader.current_keys() == (key,)
    (entry,) = map(json.loads, log.getvalue().splitlines())
    assert (entry["level"], entry["event"]) == ("error", "key store invalid, keeping last valid keys")
    assert "damaged" in entry["reason"]
    key_store.path.write_bytes(valid)
    key_store.revoke(key.id, MONDAY)
    timer.seconds = 4.0
    assert reloader.current_keys() == ()


@pytest.mark.parametrize("revoked", [True, False])
def test_a_file_that_is_removed_opens_nothing(key_store: KeyStore, revoked: bool) -> None:
    key = create_key(key_store)
    if revoked:
        key_store.revoke(key.id, MONDAY)
    reloader, timer, log = key_reloader(key_store)
    key_store.path.unlink()
    timer.seconds = 1.0
    assert reloader.current_keys() == (() if revoked else (key,))
    assert "removed; expected it to stay" in log.getvalue()


def test_a_file_that_came_back_is_missed_again(key_store: KeyStore) -> None:
    key = create_key(key_store)
    reloader, timer, log = key_reloader(key_store)
    moved_path = key_store.path.with_name("aside")
    for timer.seconds in (1.0, 2.0, 3.0):
        key_store.path.rename(moved_path) if key_store.path.exists() else moved_path.rename(key_store.path)
        assert reloader.current_keys() == (key,)
    assert len(log.getvalue().splitlines()) == 2


def test_a_file_that_is_broken_from_its_first_moment_locks_the_service(key_store: KeyStore) -> None:
    reloader, timer, log = key_reloader(key_store)
    key_store.path.parent.mkdir()
    key_store.path.write_text("{")
    timer.seconds = 1.0
    assert reloader.current_keys() == ()
    assert "damaged" in log.getvalue()


def test_a_file_that_could_not_be_read_for_a_moment_is_read_the_next(
    key_store: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = create_key(key_store)
    reloader, timer, _ = key_reloader(key_store)
    key_store.revoke(key.id, MONDAY)

    def too_many_files(_: Path) -> bytes:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", too_many_files)
        timer.seconds = 1.0
        assert reloader.current_keys() == (key,)
    timer.seconds = 2.0
    assert reloader.current_keys() == ()


def test_a_broken_file_stops_a_service_from_starting(key_store: KeyStore) -> None:
    key_store.path.parent.mkdir()
    key_store.path.write_text("{")
    with pytest.raises(InvalidKeyStore, match=r"damaged, at the file: Invalid JSON"):
        key_reloader(key_store)


def test_a_home_that_had_keys_is_not_open_without_their_file(key_store: KeyStore) -> None:
    key_store.create("mail", [KeyScope.PREDICT], MONDAY)
    key_store.path.unlink()
    with pytest.raises(InvalidKeyStore, match=r"keys.json in a home that has had API keys; .* flywheel keys create"):
        key_store.read()
    assert KeyReloader(key_store, json_log(PinnedClock(MONDAY), io.StringIO())).current_keys() == ()
    key_store.create("mail", [KeyScope.PREDICT], MONDAY)
    assert len(key_store.read() or ()) == 1


def test_limits_are_kept_with_their_key(key_store: KeyStore) -> None:
    _, key = key_store.create("mail", [KeyScope.PREDICT], MONDAY, rate=60, quota=0)
    assert key_store.read() == (key,)
    assert (key.rate, key.quota) == (60, 0)


def test_a_home_with_keys_of_an_earlier_version_remembers_them_from_the_next_start_on(key_store: KeyStore) -> None:
    create_key(key_store)
    key_store.marker.unlink()
    KeyReloader(key_store, json_log(PinnedClock(MONDAY), io.StringIO()))
    assert key_store.marker.exists()
