"""The keys that were given out: kept as digests, two of a client at most, and read again when they change."""

from __future__ import annotations

import io
import json
import multiprocessing
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import InvalidKeyStore, KeyRejected, KeyStore, StoredKey, active_keys
from serving.auth.scopes import KeyScope
from serving.moments import parse_datetime
from serving.observability.clock import PinnedClock
from serving.observability.json_logs import json_log

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
PREDICT = [KeyScope.PREDICT]


class FakeTimer:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def file(tmp_path: Path) -> KeyStore:
    return KeyStore.for_home(tmp_path / "home")


def create_key(file: KeyStore, client: str = "mail", after: int = 0) -> StoredKey:
    return file.create(client, PREDICT, MONDAY + timedelta(days=after))[1]


def test_a_key_is_kept_as_a_digest_alone(file: KeyStore) -> None:
    sent, kept = file.create("mail", [KeyScope.AUDIENCE, KeyScope.PREDICT, KeyScope.PREDICT], MONDAY)
    assert sent.startswith(f"fw_{kept.id}_")
    assert kept.sha256 == sha256(sent.encode()).hexdigest()
    assert kept.scopes == (KeyScope.PREDICT, KeyScope.AUDIENCE)
    assert file.read() == (kept,)
    assert sent.rpartition("_")[2] not in file.path.read_text()
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_no_two_keys_are_alike(file: KeyStore) -> None:
    sent = {file.create(f"client {number}", PREDICT, MONDAY)[0] for number in range(20)}
    assert len({key.split("_")[1] for key in sent}) == len({key.split("_", 2)[2] for key in sent}) == 20


def test_a_third_active_key_is_refused_and_the_older_named(file: KeyStore) -> None:
    old, new = create_key(file), create_key(file, after=30)
    with pytest.raises(KeyRejected, match=rf"2 active keys for 'mail': {old.id} \(of 2026-11-16\) and {new.id} .*"
                       rf"Revoke the older first: flywheel keys revoke {old.id}\."):  # fmt: skip
        create_key(file)
    assert create_key(file, "newsletter") in (file.read() or ())
    file.revoke(old.id, MONDAY + timedelta(days=31))
    third = create_key(file, after=31)
    assert {key.id for key in active_keys(file.read()) if key.client == "mail"} == {new.id, third.id}


def test_a_revoked_key_keeps_its_name_for_the_audit(file: KeyStore) -> None:
    key = create_key(file)
    revoked = file.revoke(key.id, MONDAY + timedelta(days=1))
    assert file.read() == (revoked,)
    assert (revoked.client, revoked.revoked_at) == ("mail", MONDAY + timedelta(days=1))
    assert active_keys(file.read()) == ()
    with pytest.raises(KeyRejected, match=f"Found {key.id} revoked already"):
        file.revoke(key.id, MONDAY)


def test_an_unknown_key_cannot_be_revoked(file: KeyStore) -> None:
    with pytest.raises(KeyRejected, match=r"Found no key 'deadbeef'. Expected .* \(none is active\)"):
        file.revoke("deadbeef", MONDAY)
    key = create_key(file)
    with pytest.raises(KeyRejected, match=rf"Expected the id of an active one \({key.id}\): see flywheel keys list"):
        file.revoke("deadbeef", MONDAY)


@pytest.mark.parametrize("client", ["", " mail", "mail\n", "a/b", "x" * 65, "a\tb", "a\u202eb"])
def test_a_client_has_a_name_that_can_be_read_in_the_audit(file: KeyStore, client: str) -> None:
    with pytest.raises(KeyRejected, match=r"expected a name of up to 64 printed characters without a slash"):
        create_key(file, client)
    assert create_key(file, "Newsletter 客户").client == "Newsletter 客户"


@pytest.mark.slow
def test_several_who_create_at_once_lose_no_key(file: KeyStore) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.starmap(create_key, [(file, f"client {number}") for number in range(24)], chunksize=1)
    assert {key.client for key in file.read() or ()} == {f"client {number}" for number in range(24)}


def broken_key_files(keys: list[dict[str, object]]) -> list[str]:
    good = keys[0]
    wrong: list[dict[str, object]] = [
        {"scopes": []}, {"scopes": ["everything"]}, {"sha256": "ab"}, {"id": ""}, {"client": "a/b"},
        {"created_at": "2026-11-16T09:00:00"}, {"admin": True},
    ]  # fmt: skip
    return ["", "{", "[]", "{}", '{"keys": null}', *(json.dumps({"keys": [good | one]}) for one in wrong)]


def test_a_damaged_file_says_where(file: KeyStore) -> None:
    create_key(file)
    whole = json.loads(file.path.read_text())
    for text in broken_key_files(whole["keys"]):
        file.path.write_text(text)
        with pytest.raises(InvalidKeyStore, match=r"Found .*keys.json damaged, at .*Restore it from a backup"):
            file.read()
        with pytest.raises(InvalidKeyStore, match=r"damaged"):
            create_key(file, "other")
        assert file.path.read_text() == text


def test_a_home_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(InvalidKeyStore, match=r"Found no way to read or write .*keys.json"):
        create_key(KeyStore.for_home(tmp_path / "home"))


def watch_keys(file: KeyStore) -> tuple[KeyReloader, FakeTimer, io.StringIO]:
    stopwatch, log = FakeTimer(), io.StringIO()
    return KeyReloader(file, json_log(PinnedClock(parse_datetime("2026-11-21")), log), 1.0, stopwatch), stopwatch, log


def test_a_watch_sees_a_change_within_its_second_and_looks_no_more_often(file: KeyStore) -> None:
    key = create_key(file)
    watch, stopwatch, log = watch_keys(file)
    assert watch.current_keys() == (key,)
    file.revoke(key.id, MONDAY)
    stopwatch.seconds = 0.9
    assert watch.current_keys() == (key,)
    stopwatch.seconds = 1.0
    assert watch.current_keys() == ()
    assert log.getvalue() == ""


def test_keys_that_did_not_change_are_not_read_again(file: KeyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    create_key(file)
    watch, stopwatch, _ = watch_keys(file)
    monkeypatch.setattr(KeyStore, "read", lambda _: pytest.fail("read again"))
    before = watch.current_keys()
    stopwatch.seconds = 5.0
    assert watch.current_keys() is before


def test_a_home_without_keys_has_none_until_the_first_is_created(file: KeyStore) -> None:
    watch, stopwatch, _ = watch_keys(file)
    assert watch.current_keys() is None
    key = create_key(file)
    stopwatch.seconds = 1.0
    assert watch.current_keys() == (key,)


def test_a_broken_file_leaves_the_last_good_keys_and_is_logged_once(file: KeyStore) -> None:
    key = create_key(file)
    whole = file.path.read_bytes()
    watch, stopwatch, log = watch_keys(file)
    file.path.write_text("{")
    for stopwatch.seconds in (1.0, 2.0, 3.0):
        assert watch.current_keys() == (key,)
    (said,) = map(json.loads, log.getvalue().splitlines())
    assert (said["level"], said["event"]) == ("error", "key store invalid, keeping last valid keys")
    assert "damaged" in said["reason"]
    file.path.write_bytes(whole)
    file.revoke(key.id, MONDAY)
    stopwatch.seconds = 4.0
    assert watch.current_keys() == ()


@pytest.mark.parametrize("revoked", [True, False])
def test_a_file_that_is_removed_opens_nothing(file: KeyStore, revoked: bool) -> None:
    key = create_key(file)
    if revoked:
        file.revoke(key.id, MONDAY)
    watch, stopwatch, log = watch_keys(file)
    file.path.unlink()
    stopwatch.seconds = 1.0
    assert watch.current_keys() == (() if revoked else (key,))
    assert "no more; expected it to stay" in log.getvalue()


def test_a_file_that_came_back_is_missed_again(file: KeyStore) -> None:
    key = create_key(file)
    watch, stopwatch, log = watch_keys(file)
    aside = file.path.with_name("aside")
    for stopwatch.seconds in (1.0, 2.0, 3.0):
        file.path.rename(aside) if file.path.exists() else aside.rename(file.path)
        assert watch.current_keys() == (key,)
    assert len(log.getvalue().splitlines()) == 2


def test_a_file_that_is_broken_from_its_first_moment_locks_the_service(file: KeyStore) -> None:
    watch, stopwatch, log = watch_keys(file)
    file.path.parent.mkdir()
    file.path.write_text("{")
    stopwatch.seconds = 1.0
    assert watch.current_keys() == ()
    assert "damaged" in log.getvalue()


def test_a_file_that_could_not_be_read_for_a_moment_is_read_the_next(
    file: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = create_key(file)
    watch, stopwatch, _ = watch_keys(file)
    file.revoke(key.id, MONDAY)

    def too_many_files(_: Path) -> bytes:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as short:
        short.setattr(Path, "read_bytes", too_many_files)
        stopwatch.seconds = 1.0
        assert watch.current_keys() == (key,)
    stopwatch.seconds = 2.0
    assert watch.current_keys() == ()


def test_a_broken_file_stops_a_service_from_starting(file: KeyStore) -> None:
    file.path.parent.mkdir()
    file.path.write_text("{")
    with pytest.raises(InvalidKeyStore, match=r"damaged, at the file: Invalid JSON"):
        watch_keys(file)
