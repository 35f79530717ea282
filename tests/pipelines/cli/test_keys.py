"""API key commands: a key is shown once, at most two of a client are active, and revoking needs no lock."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from serving.auth.key_store import KeyStore
from tests.pipelines.command import Flywheel

pytestmark = pytest.mark.slow

KEY = re.compile(r"fw_[0-9a-f]{8}_[A-Za-z0-9_-]{43}")


@pytest.fixture
def flywheel(tmp_path: Path) -> Flywheel:
    return Flywheel(tmp_path)


def test_a_key_is_shown_once_and_never_listed(flywheel: Flywheel) -> None:
    before = datetime.now(UTC)
    result = flywheel("keys", "create", "--client", "mail", "--scope", "audience", "--scope", "predict")
    (key,) = KEY.findall(result.out)
    key_id = key.split("_")[1]
    assert result.status == 0
    assert f"Key {key_id} for mail (predict, audience). It is shown only once:" in result.out
    listed = flywheel("keys", "list").out
    assert re.search(rf"{key_id}\s+mail\s+predict, audience\s+{before:%Y}", listed)
    assert not KEY.search(listed)
    ((stored,),) = [KeyStore.for_home(flywheel.home.folder).read() or ()]
    assert before <= stored.created_at <= datetime.now(UTC)


def test_programs_read_json(flywheel: Flywheel) -> None:
    created = flywheel("keys", "create", "--client", "mail", "--scope", "consent", "--json").summary
    assert set(created) == {"id", "client", "scopes", "created_at", "revoked_at", "rate", "quota", "key"}
    assert KEY.fullmatch(created.pop("key"))
    assert flywheel("keys", "list", "--json").summary == {"keys": [created]}
    revoked = flywheel("keys", "revoke", created["id"], "--json").summary
    assert revoked["revoked_at"] is not None
    assert flywheel("keys", "list", "--json").summary == {"keys": [revoked]}
    assert flywheel("keys", "list", "--json", "--home", "elsewhere").summary == {"keys": []}
    assert not (flywheel.folder / "elsewhere").exists()


def test_a_third_key_is_refused_until_one_is_revoked(flywheel: Flywheel) -> None:
    create = ("keys", "create", "--client", "mail", "--scope", "predict", "--json")
    old, _ = flywheel(*create).summary, flywheel(*create).summary
    refused = flywheel(*create)
    assert (refused.status, refused.out) == (1, "")
    assert f"Revoke the older first: flywheel keys revoke {old['id']}." in refused.err
    assert "is revoked" in flywheel("keys", "revoke", old["id"]).out
    assert flywheel(*create).status == 0


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("revoke", "deadbeef"), 1, "Found no key 'deadbeef'"),
        (("create", "--client", "a/b", "--scope", "predict"), 1, "Found the client 'a/b'"),
        (("create", "--client", "mail"), 2, "--scope"),
        (("create", "--client", "mail", "--scope", "everything"), 2, "everything"),
        (("create", "--scope", "predict"), 2, "--client"),
        (("list", "--home", "a-file"), 1, "Found no way to read"),
    ],
)
def test_invalid_options_are_rejected(
    flywheel: Flywheel, arguments: tuple[str, ...], status: int, message: str
) -> None:
    (flywheel.folder / "a-file").touch()
    result = flywheel("keys", *arguments)
    assert (result.status, result.out) == (status, "")
    assert message in result.err


def test_a_key_is_revoked_while_somebody_writes_the_home(flywheel: Flywheel) -> None:
    created = flywheel("keys", "create", "--client", "mail", "--scope", "predict", "--json").summary
    with flywheel.home.hold_write_lock("run", print):
        began = time.monotonic()
        assert flywheel("keys", "revoke", created["id"]).status == 0
    assert time.monotonic() - began < 5


def test_damaged_keys_are_not_written_over(flywheel: Flywheel) -> None:
    flywheel.home.folder.mkdir()
    path = flywheel.home.folder / "keys.json"
    path.write_text(json.dumps({"keys": "lost"}))
    for arguments in (("list",), ("create", "--client", "mail", "--scope", "predict"), ("revoke", "deadbeef")):
        result = flywheel("keys", *arguments)
        assert result.status == 1
        assert "damaged, at keys" in result.err
    assert json.loads(path.read_text()) == {"keys": "lost"}
