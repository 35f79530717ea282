"""Sessions: a signed cookie opens the documentation until it expires or its key is revoked, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from serving.auth.api_keys import ApiKeys, Caller
from serving.auth.key_reload import KeyReloader
from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope, SessionScope
from serving.auth.sessions import Sessions
from tests.serving.fakes import SECRET, Shop

NOON = 1_764_000_000.0
SESSIONS = Sessions(8.0, SECRET, lambda: NOON)
KEYS = ApiKeys([SecretStr("one key"), SecretStr("another key")])
MAIL = Caller("environment", (KeyScope.ADMIN,), "environment", key_digest=sha256(b"another key").digest())
TOKEN = SESSIONS.create(MAIL, SessionScope.DOCUMENTATION)


def test_a_session_is_its_keys_caller_and_no_more() -> None:
    assert SESSIONS.caller(TOKEN, KEYS) == replace(MAIL, session=SessionScope.DOCUMENTATION)


@pytest.mark.parametrize(("hours", "is_valid"), [(7.99, True), (8.0, False), (9.0, False)])
def test_a_session_ends_after_its_hours(hours: float, is_valid: bool) -> None:
    later = Sessions(8.0, SECRET, lambda: NOON + hours * 3600)
    assert (later.caller(TOKEN, KEYS) is not None) == is_valid


@given(position=st.integers(0, len(TOKEN) - 1), character=st.characters(max_codepoint=0x2FF))
def test_a_token_with_any_other_character_opens_nothing(position: int, character: str) -> None:
    forged = TOKEN[:position] + character + TOKEN[position + 1 :]
    assert forged == TOKEN or SESSIONS.caller(forged, KEYS) is None


@given(token=st.text(max_size=80))
def test_no_text_is_a_session(token: str) -> None:
    assert SESSIONS.caller(token, KEYS) is None


def test_a_session_of_another_home_opens_nothing() -> None:
    assert Sessions(8.0, b"t" * 32, lambda: NOON).caller(TOKEN, KEYS) is None


def test_a_session_ends_when_its_key_leaves_the_environment() -> None:
    assert SESSIONS.caller(TOKEN, ApiKeys([SecretStr("one key")])) is None


def test_a_session_ends_when_its_key_is_revoked(tmp_path: Path) -> None:
    store = KeyStore.for_home(tmp_path)
    key, stored = store.create("mail", [KeyScope.PREDICT], datetime(2026, 11, 16, tzinfo=UTC))
    store.create("shop", [KeyScope.ADMIN], datetime(2026, 11, 16, tzinfo=UTC))
    keys = ApiKeys([], KeyReloader(store, Shop.of().worker.log, poll_seconds=0))
    caller = keys.caller_of(key)
    assert caller is not None
    token = SESSIONS.create(caller, SessionScope.DOCUMENTATION)
    assert SESSIONS.caller(token, keys) is not None
    store.revoke(stored.id, datetime(2026, 11, 17, tzinfo=UTC))
    assert SESSIONS.caller(token, keys) is None


def test_a_session_of_the_page_opens_the_documentation_too_and_no_session_opens_what_is_for_keys() -> None:
    page, documentation = SessionScope.PAGE, SessionScope.DOCUMENTATION
    opened = {(own, wanted) for own in SessionScope for wanted in (*SessionScope, None) if own.opens(wanted)}
    assert opened == {(page, page), (page, documentation), (documentation, documentation)}


@given(cookie=st.text(min_size=1, max_size=40), other=st.text(max_size=40))
def test_a_form_token_is_for_one_cookie_of_one_home(cookie: str, other: str) -> None:
    token = SESSIONS.form_token(cookie)
    assert SESSIONS.verify_form_token(token, cookie)
    assert SESSIONS.verify_form_token(token, other) == (other == cookie)
    assert not Sessions(8.0, b"t" * 32).verify_form_token(token, cookie)
    assert not SESSIONS.verify_form_token(SESSIONS.form_token(""), "")


@given(token=st.text(max_size=90))
def test_no_text_is_a_form_token(token: str) -> None:
    assert not SESSIONS.verify_form_token(token, "cookie")
