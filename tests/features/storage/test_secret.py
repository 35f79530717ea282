"""Secret: it is created once, is the same for every process, and is an error when it is damaged."""

from __future__ import annotations

import hashlib
import hmac
import multiprocessing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.storage.secret import InvalidSecret, keyed_digest, load_secret

purposes = st.text(st.characters(exclude_characters="\0"))


def test_a_new_home_gets_a_secret_that_stays(tmp_path: Path) -> None:
    home = tmp_path / "shop" / "home"
    secret = load_secret(home)
    assert len(secret) == 32
    assert load_secret(home) == secret
    assert [path.name for path in home.iterdir()] == ["secret"]


def test_nobody_else_on_the_machine_reads_it(tmp_path: Path) -> None:
    load_secret(tmp_path)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_two_homes_have_different_secrets(tmp_path: Path) -> None:
    assert load_secret(tmp_path / "one") != load_secret(tmp_path / "two")


@pytest.mark.slow
def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        for round_ in range(20):
            home = tmp_path / str(round_)
            assert len({*pool.map(load_secret, [home] * 6, chunksize=1)}) == 1


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
def test_a_damaged_secret_is_an_error_and_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(
        InvalidSecret, match=f"Found {len(content)} bytes in .*secret; expected 32. Restore it from a backup"
    ):
        load_secret(tmp_path)
    assert (tmp_path / "secret").read_bytes() == content


@pytest.mark.parametrize("made_with_it", ["ledger.json", "audit.jsonl"])
def test_a_lost_secret_is_an_error_and_no_new_one_takes_its_place(tmp_path: Path, made_with_it: str) -> None:
    (tmp_path / made_with_it).touch()
    with pytest.raises(
        InvalidSecret, match=rf"Found no .*secret, although {made_with_it} .* Put it back from a backup"
    ):
        load_secret(tmp_path)
    assert not (tmp_path / "secret").exists()


def test_a_folder_in_its_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    with pytest.raises(InvalidSecret, match=r"Cannot read or create .*secret \(Is a directory\)"):
        load_secret(tmp_path)


def test_a_digest_is_hmac_over_the_purpose_and_the_text() -> None:
    by_hand = hmac.new(b"k" * 32, "audit\0Zoë".encode(), hashlib.sha256).digest()
    assert keyed_digest(b"k" * 32, "audit", "Zoë") == by_hand


@given(first=st.tuples(purposes, st.text()), second=st.tuples(purposes, st.text()))
def test_two_digests_are_equal_only_for_the_same_customer_and_purpose(
    first: tuple[str, str], second: tuple[str, str]
) -> None:
    key = b"k" * 32
    assert (keyed_digest(key, *first) == keyed_digest(key, *second)) == (first == second)
    assert keyed_digest(b"l" * 32, *first) != keyed_digest(key, *first)


@given(customer=st.text(st.characters()))
def test_any_text_has_a_digest(customer: str) -> None:
    assert len(keyed_digest(b"k" * 32, "audit", customer)) == 32


def test_a_purpose_cannot_reach_into_the_text() -> None:
    with pytest.raises(ValueError, match=r"Found the purpose 'a\\x00b'; expected one without NUL"):
        keyed_digest(b"k" * 32, "a\0b", "c")
