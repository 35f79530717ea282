"""Settings: environment variables are validated before the service starts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope
from serving.moments import resolve_instant
from serving.settings import Settings
from tests.serving.fakes import AMSTERDAM, TODAY

LONG_KEY = "k" * 15 + "!"  # the shortest that other machines may use


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "HOME",
        "HOST",
        "PORT",
        "API_KEYS",
        "AS_OF",
        "WORKERS",
        "POLL_SECONDS",
        "DRAIN_SECONDS",
        "ACCESS_LOG",
        "MAX_WAITING",
        "DEADLINE_SECONDS",
        "ONLINE_STORE",
        "ALLOWED_HOSTS",
    ):
        monkeypatch.delenv(f"FLYWHEEL_{name}", raising=False)


def test_without_any_settings_it_listens_to_this_machine_alone() -> None:
    settings = Settings()
    assert (str(settings.home), settings.url, settings.workers) == (".flywheel", "http://127.0.0.1:3000", 1)
    assert settings.as_of is None


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLYWHEEL_PORT", "8080")
    monkeypatch.setenv("FLYWHEEL_API_KEYS", "one, two,")
    monkeypatch.setenv("FLYWHEEL_AS_OF", "2026-11-21")
    monkeypatch.setenv("FLYWHEEL_CONFIG", "flywheel.toml")
    settings = Settings()
    assert settings.port == 8080
    assert [key.get_secret_value() for key in settings.api_keys] == ["one", "two"]
    assert settings.as_of is not None
    assert resolve_instant(settings.as_of, AMSTERDAM) == TODAY


def test_what_is_said_outright_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLYWHEEL_PORT", "8080")
    assert Settings(port=8081).port == 8081


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7"])  # noqa: S104 - what is refused
def test_strangers_are_not_let_in_without_keys(host: str) -> None:
    expected = f"Found the address {host}, which other machines can reach, and no API keys; expected a loopback address"
    with pytest.raises(ValidationError, match=expected):
        Settings(host=host)
    assert Settings(host=host, api_keys=LONG_KEY).host == host


def test_a_key_that_could_be_guessed_is_for_this_machine_alone() -> None:
    with pytest.raises(ValidationError, match=r"Found an API key of 15 characters and the address 0.0.0.0") as refusal:
        Settings(host="0.0.0.0", api_keys=f"{LONG_KEY},{LONG_KEY[1:]}")  # noqa: S104
    assert LONG_KEY[1:] not in str(refusal.value)
    assert Settings(api_keys="k").api_keys


def test_a_key_that_the_home_knows_lets_strangers_in_until_it_is_revoked(tmp_path: Path) -> None:
    key_store = KeyStore.for_home(tmp_path)
    _, key = key_store.create("mail", [KeyScope.PREDICT], datetime(2026, 11, 16, tzinfo=UTC))
    assert Settings(host="::", home=tmp_path).host == "::"
    key_store.revoke(key.id, datetime(2026, 11, 17, tzinfo=UTC))
    with pytest.raises(ValidationError, match=r"and no API keys; .* create a key: flywheel keys create"):
        Settings(host="::", home=tmp_path)


def test_a_home_whose_keys_were_removed_is_not_open_again(tmp_path: Path) -> None:
    key_store = KeyStore.for_home(tmp_path)
    key_store.create("mail", [KeyScope.PREDICT], datetime(2026, 11, 16, tzinfo=UTC))
    key_store.path.unlink()
    with pytest.raises(ValidationError, match=r"keys.json in a home that has had API keys"):
        Settings(home=tmp_path)
    assert Settings(home=tmp_path, api_keys="key").api_keys
    key_store.marker.unlink()
    assert not Settings(home=tmp_path).api_keys


def test_damaged_keys_are_found_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{")
    with pytest.raises(ValidationError, match=r"Found .*keys.json damaged"):
        Settings(home=tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_needs_no_keys(host: str) -> None:
    assert Settings(host=host).host == host.replace("localhost", "127.0.0.1")


def test_a_host_name_is_told_to_be_an_address() -> None:
    with pytest.raises(ValidationError, match=r"Found 'shop.example'; expected an IP address"):
        Settings(host="shop.example")


@pytest.mark.parametrize(
    "invalid", [{"port": 0}, {"port": 70000}, {"workers": 0}, {"poll_seconds": 0}, {"as_of": "soon"}]
)
def test_what_makes_no_sense_is_refused(invalid: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings(**invalid)  # type: ignore[arg-type]


def test_keys_are_not_shown() -> None:
    assert "hush" not in repr(Settings(api_keys="hush"))


def test_a_worker_process_is_sent_the_same_settings(tmp_path: Path) -> None:
    settings = Settings(
        home=tmp_path,
        host="0.0.0.0",  # noqa: S104
        port=81,
        api_keys=f"{LONG_KEY},{LONG_KEY}b",
        as_of="2026-11-21T10:00:00+01:00",
        workers=3,
        poll_seconds=0.5,
        drain_seconds=0.25,
        access_log=True,
        max_waiting=7,
        deadline_seconds=0.75,
        allowed_hosts="Shop.example,[::1]",
    )
    assert Settings.from_json(settings.to_json()) == settings
    assert settings.allowed_hosts == ("shop.example", "[::1]")


@pytest.mark.parametrize("name", ["https://shop.example", "shop.example:80", "shop.example/x", "a b"])
def test_an_allowed_host_is_a_name_alone(name: str) -> None:
    with pytest.raises(ValidationError, match=r"expected the name of a host without scheme, port and path"):
        Settings(allowed_hosts=name)


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:3000"), ("::", "http://[::1]:3000"), ("::1", "http://[::1]:3000")],  # noqa: S104
)
def test_there_is_always_an_address_to_call(host: str, url: str) -> None:
    assert Settings(host=host, api_keys=LONG_KEY).url == url


def test_the_online_store_is_lmdb_unless_a_redis_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().online_store.get_secret_value() == "lmdb"
    monkeypatch.setenv("FLYWHEEL_ONLINE_STORE", "")
    assert Settings().online_store.get_secret_value() == "lmdb"
    monkeypatch.setenv("FLYWHEEL_ONLINE_STORE", "redis://:secret@cache:6379/0")
    assert Settings().online_store.get_secret_value() == "redis://:secret@cache:6379/0"
    assert "secret" not in repr(Settings())


def test_an_online_store_that_cannot_be_is_refused_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLYWHEEL_ONLINE_STORE", "redis://:secret@cache:port")
    expected = r"Found the online store redis://cache:port .*; expected an address"
    with pytest.raises(ValidationError, match=expected) as raised:
        Settings()
    assert "secret" not in str(raised.value)


def test_only_origins_may_show_the_page_in_a_frame() -> None:
    allowed = Settings(frame_ancestors="https://work.weixin.qq.com, https://*.shop.example:8443").frame_ancestors
    assert allowed == ("https://work.weixin.qq.com", "https://*.shop.example:8443")
    for invalid in ("*", "'self'", "work.weixin.qq.com", "https://a.example/path", "https://a.example; script-src *"):
        with pytest.raises(ValidationError, match=r"expected an origin without a path, such as https"):
            Settings(frame_ancestors=(invalid,))
    assert (Settings().page, Settings().frame_ancestors) == (True, ())
