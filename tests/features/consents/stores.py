"""Stores: the consent ledger of a home in LMDB or Redis, whose files are copied and put back as an operator would."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis

from features.consents.backends import LOCAL_FOLDER
from features.consents.ledger import Ledger
from features.consents.lmdb import LmdbLedgerStorage
from features.consents.redis import RedisLedgerStorage
from features.online.backends import LMDB
from features.storage.secret import load_secret
from tests.redis_server import RedisServer


@dataclass
class Store:
    """The store of one home; every call of ``ledger`` opens it as another process does."""

    home: Path
    redis: RedisServer | None = None  # None: LMDB in the home
    _copies: list[dict[bytes, bytes]] = field(default_factory=list)

    @property
    def location(self) -> str:
        return LMDB if self.redis is None else self.redis.url

    def ledger(self, home: Path | None = None) -> Ledger:
        home = home or self.home
        if self.redis is None:
            return Ledger(LmdbLedgerStorage.open(home / LOCAL_FOLDER), lambda: load_secret(home))
        return Ledger(RedisLedgerStorage(self.redis.url, home, 0), lambda: load_secret(home))

    def copy(self) -> None:
        """Copy the files of the store, and nothing else of the home."""
        if self.redis is None:
            shutil.copytree(self.home / LOCAL_FOLDER, self.home.with_suffix(".copy"), dirs_exist_ok=True)
        else:
            with Redis(port=self.redis.port) as client:
                self._copies = [{key: client.dump(key) for key in client.scan_iter()}]

    def put_back(self) -> None:
        """Put the copied files in place of the present ones."""
        self.empty()
        if self.redis is None:
            shutil.copytree(self.home.with_suffix(".copy"), self.home / LOCAL_FOLDER)
        else:
            with Redis(port=self.redis.port) as client:
                for key, value in self._copies[0].items():
                    client.restore(key, 0, value)

    def empty(self) -> None:
        """Remove the files of the store."""
        if self.redis is None:
            shutil.rmtree(self.home / LOCAL_FOLDER)
        else:
            self.redis.flush()
