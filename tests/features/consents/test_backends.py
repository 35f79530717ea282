"""Ledger backends: a setting decides where a home's consents lie, and a change of it loses none of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.consents.backends import open_ledger
from features.consents.consent import MARKETING, PROFILING, Consent, Defaults
from features.consents.ledger import ConsentStatus
from features.errors import InvalidStore, StoreUnavailable
from features.online.backends import LMDB
from tests.free_ports import free_port
from tests.redis_server import RedisServer

NO = Consent(PROFILING, "*", granted=False, changed_at=5)
YES = Consent(PROFILING, "*", granted=True, changed_at=6)


def test_a_home_that_goes_over_to_redis_takes_its_consents_along(redis: RedisServer, tmp_path: Path) -> None:
    local = open_ledger(tmp_path, LMDB)
    local.set_defaults(Defaults(marketing=True))
    local.record({f"{number:04d}": [NO] for number in range(1500)})
    local.erase("0007")
    before = local.state()
    shared = open_ledger(tmp_path, redis.url)
    assert len(shared.changed_since(before)) == 1499
    assert shared.statuses(["0006", "0007", "zoe"], 9) == [
        ConsentStatus.DENIED,
        ConsentStatus.ERASED,
        ConsentStatus.GRANTED,
    ]
    assert shared.defaults() == Defaults(marketing=True)
    assert len(list(shared.all_records())) == 1499
    assert not (tmp_path / "consents").exists()


def test_newer_consents_in_redis_win_over_local_ones(redis: RedisServer, tmp_path: Path) -> None:
    open_ledger(tmp_path, redis.url).record(
        {"ann": [YES], "bob": [Consent(MARKETING, "sms", granted=True, changed_at=1)]}
    )
    (tmp_path / "ledger.json").unlink()
    open_ledger(tmp_path, LMDB).record({"ann": [NO], "bob": [NO]})
    shared = open_ledger(tmp_path, redis.url)
    assert shared.statuses(["ann", "bob"], 9) == [ConsentStatus.GRANTED, ConsentStatus.DENIED]
    assert len(shared.consents("bob").consents.entries) == 2


def test_nothing_is_removed_while_redis_is_away(tmp_path: Path) -> None:
    open_ledger(tmp_path, LMDB).record({"ann": [NO]})
    with pytest.raises(StoreUnavailable, match="The consents' ledger at redis://"):
        open_ledger(tmp_path, f"redis://127.0.0.1:{free_port()}/0")
    assert open_ledger(tmp_path, LMDB).statuses(["ann"], 9) == [ConsentStatus.DENIED]


def test_a_home_without_consents_opens_while_redis_is_away(tmp_path: Path) -> None:
    open_ledger(tmp_path, LMDB)
    open_ledger(tmp_path, f"redis://127.0.0.1:{free_port()}/0")


def test_a_home_whose_consents_are_in_redis_refuses_a_local_ledger(redis: RedisServer, tmp_path: Path) -> None:
    open_ledger(tmp_path, redis.url).record({"ann": [NO]})
    with pytest.raises(InvalidStore, match=r"whose consents are in a Redis.*set FLYWHEEL_ONLINE_STORE"):
        open_ledger(tmp_path, LMDB)
