"""Machines: a ledger on Redis, as several processes and several machines open it."""

from __future__ import annotations

import shutil
from pathlib import Path

from features.consents.consent import MARKETING, PROFILING, Consent
from features.consents.ledger import Ledger
from features.consents.redis import RedisLedgerStorage
from features.storage.secret import load_secret
from tests.redis_server import RedisServer

NO = Consent(PROFILING, "*", granted=False, changed_at=5)


def open_ledger(home: Path, redis: RedisServer, options: str = "", cooldown_seconds: float = 0) -> Ledger:
    """The ledger as another process of this home opens it: it knows only what the home and Redis hold."""
    return Ledger(RedisLedgerStorage(redis.url + options, home, cooldown_seconds), lambda: load_secret(home))


def machine_home(tmp_path: Path, name: str) -> Path:
    """The home of another machine with the same secret."""
    load_secret(tmp_path)
    (tmp_path / name).mkdir()
    shutil.copy(tmp_path / "secret", tmp_path / name)
    return tmp_path / name


def marketing_grant(channel: str, changed_at: int = 5) -> Consent:
    return Consent(MARKETING, channel, granted=True, changed_at=changed_at)
