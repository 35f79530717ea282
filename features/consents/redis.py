"""Ledger storage on Redis: the consent ledger of several machines, read in one round trip and written atomically."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import uniform
from time import monotonic, sleep

from features.consents.ledger_binding import LedgerBinding
from features.consents.redis_transaction import (
    CHANGES_KEY,
    COMMIT,
    KEYS,
    LEDGER_ID_FIELD,
    META_KEY,
    PROOF_FIELD,
    RECORDS_KEY,
    STATE_FIELD,
    TOMBSTONES_KEY,
    RedisWriteTransaction,
)
from features.consents.storage import DEFAULTS, LedgerFacts, LedgerRead, Result
from features.errors import RowsLost, StoreUnavailable
from features.online.redis_manifest import SENTINEL_FIELD, customer_field
from features.storage.circuit_breaker import CircuitBreaker
from features.storage.redis_client import READ_TIMEOUTS, WRITE_TIMEOUTS, CommandArgument, RedisClient, Reply

COOLDOWN_SECONDS = 1.0
PAGE_SIZE = 1000  # customers a page in a full read; Redis serves no other client meanwhile
MAX_CUSTOMERS_PER_READ = 10_000  # customers read at one moment
MAX_RETRY_PAUSE_SECONDS = 0.02  # seconds, after another writer committed first


@dataclass(frozen=True)
class LedgerMeta:
    """The metadata of the ledger, read in the same Redis transaction as the requested values."""

    ledger_id: str | None  # None before the first write
    state: int
    defaults: bytes | None


class RedisLedgerStorage:
    """Records by customer, their changes in order, tombstones and metadata; all methods raise as ``read`` does."""

    def __init__(self, url: str, home: Path, cooldown_seconds: float = COOLDOWN_SECONDS) -> None:
        self._read_client = RedisClient(url, READ_TIMEOUTS, "consents' ledger")
        self._write_client = RedisClient(url, WRITE_TIMEOUTS, "consents' ledger")
        self._breaker = CircuitBreaker(cooldown_seconds)
        self.binding = LedgerBinding(home, "redis")

    @classmethod
    @lru_cache(maxsize=8)
    def open(cls, url: str, home: Path) -> RedisLedgerStorage:
        """The storage of a home, one per process."""
        return cls(url, home)

    @property
    def timeout_seconds(self) -> float:
        """The time limit of a read, seconds."""
        return 1.2 * (self._read_client.timeouts.connect_seconds + self._read_client.timeouts.reply_seconds)

    def read(self, customer_ids: Sequence[str], tombstones: Sequence[bytes]) -> LedgerRead:
        """The records of these customers, and which of these tombstones exist.

        Up to MAX_CUSTOMERS_PER_READ customers are read at one moment. A longer list is read in batches, and records of
        later batches may be newer than the returned state.

        Raises:
            StoreUnavailable: Redis did not answer in time.
            RowsLost: Redis holds another ledger than this home's, or only a part of it.
            InvalidSecret: the ledger was created with another secret than this home's.
            HomeNotWritable: the ledger's id cannot be written to the home.
        """
        result, *further_results = (
            self._read_batch(
                customer_ids[start : start + MAX_CUSTOMERS_PER_READ], tombstones[start : start + MAX_CUSTOMERS_PER_READ]
            )
            for start in range(0, max(len(customer_ids), len(tombstones), 1), MAX_CUSTOMERS_PER_READ)
        )
        for batch in further_results:
            result.records.extend(batch.records)
            result.erased.extend(batch.erased)
        return result

    def meta(self, name: str) -> bytes | None:
        """A metadata value, None if absent."""
        value: bytes | None = self._query(self._read_client, ("HGET", META_KEY, name))[1]
        return value

    def state(self) -> int:
        """The state number: every change increases it; 0 before the first."""
        return self._query(self._read_client)[0].state

    def identity(self) -> str:
        """The id of the ledger, once there is one."""
        return self._query(self._write_client)[0].ledger_id or "redis"

    def records(self) -> Iterator[bytes]:
        """Every record, once; a record that changes during the read is returned as before or as after."""
        cursor, seen = b"0", {SENTINEL_FIELD}
        while True:
            _, (cursor, page) = self._query(self._write_client, ("HSCAN", RECORDS_KEY, cursor, "COUNT", PAGE_SIZE))
            for key in page.keys() - seen:
                seen.add(key)
                yield page[key]
            if int(cursor) == 0:
                return

    def changed_since(self, state: int) -> list[bytes]:
        """The records that changed after a state; one that changes during the read is returned as read last."""
        changed: dict[bytes, bytes] = {}
        while page := self._query(
            self._read_client, ("ZRANGEBYSCORE", CHANGES_KEY, f"({state}", "+inf", "WITHSCORES", "LIMIT", 0, PAGE_SIZE)
        )[1]:
            state = int(page[-1])
            # All of the last state, which a page may have cut; a record that changes meanwhile moves to a later state.
            _, rest = self._query(self._read_client, ("ZRANGEBYSCORE", CHANGES_KEY, state, state))
            changed |= self._read_records([*page[::2], *rest])
        return list(changed.values())

    def tombstones(self) -> dict[bytes, int]:
        """The tombstones of erased customers, and the state at which each was written."""
        _, tombstones = self._query(self._read_client, ("HGETALL", TOMBSTONES_KEY))
        return {key: int(state) for key, state in tombstones.items() if key != SENTINEL_FIELD}

    def write(
        self, customer_ids: Sequence[str], tombstones: Sequence[bytes], work: Callable[[RedisWriteTransaction], Result]
    ) -> Result:
        """Run ``work`` in one write transaction: all of it or nothing.

        Optimistic concurrency: ``work`` runs again on new data if another writer committed first.
        """
        deadline, attempts = monotonic() + self._write_client.timeouts.reply_seconds, 0
        while monotonic() < deadline:
            meta, *answers = self._query(self._write_client, *_read_commands(customer_ids, tombstones))
            transaction = RedisWriteTransaction(
                meta.ledger_id, _ledger_read(meta, *answers), self._previous_state(meta)
            )
            result = work(transaction)
            if self._commit(transaction):
                return result
            attempts += 1
            sleep(uniform(0, min(MAX_RETRY_PAUSE_SECONDS, attempts / 1000)))  # noqa: S311 - jitter, so that two writers do not collide again
        raise StoreUnavailable(
            f"The consents in {self._read_client.name} were changed by others {attempts} times in a row. Try again."
        )

    def _read_batch(self, customer_ids: Sequence[str], tombstones: Sequence[bytes]) -> LedgerRead:
        meta, *answers = self._query(self._read_client, *_read_commands(customer_ids, tombstones))
        return _ledger_read(meta, *answers)

    def _previous_state(self, meta: LedgerMeta) -> int:
        """The state before a write: the stored one or, for a new ledger, the time of Redis in microseconds since 1970.

        The clock makes the states of a new ledger larger than every state that a client remembers from a lost ledger.
        """
        if meta.ledger_id is not None:
            return meta.state
        seconds, microseconds = self._write_client.execute("TIME")
        return int(seconds) * 1_000_000 + int(microseconds)

    def _commit(self, transaction: RedisWriteTransaction) -> bool:
        """Commit the write and remember its state in the home; return False if another writer committed first."""
        if not transaction.commands:
            return True
        ledger_id = transaction.begin_ledger(self.binding)
        if not self._write_client.eval_script(COMMIT, KEYS, *transaction.script_arguments):
            return False
        if transaction.state is not None:
            self.binding.record_write(ledger_id, transaction.state)
        return True

    def _read_records(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The records of these keys, where they exist, read with one command."""
        _, values = self._query(self._read_client, ("HMGET", RECORDS_KEY, *keys))
        return {key: value for key, value in zip(keys, values, strict=True) if value is not None}

    def _query(
        self, client: RedisClient, *commands: Sequence[CommandArgument]
    ) -> tuple[LedgerMeta, *tuple[Reply, ...]]:
        """The ledger's metadata and the replies, at one moment; raises as ``read`` does."""
        meta_commands = ("HMGET", META_KEY, LEDGER_ID_FIELD, PROOF_FIELD, STATE_FIELD, DEFAULTS), ("EXISTS", *KEYS)
        remembered = self.binding.last_point()
        with self._breaker.guard():
            meta, key_count, *answers = client.transaction(*meta_commands, *commands)
        ledger_id, proof = (None if field is None else field.decode() for field in meta[:2])
        self.binding.check(remembered, LedgerFacts(ledger_id, proof, int(meta[2] or 0)), client.name)
        if key_count not in (0, len(KEYS)):
            raise RowsLost(
                f"{client.name} has lost consents: found {key_count} of {len(KEYS)} keys, expected all. Restore its "
                "append-only file, and keep it from evicting: maxmemory-policy noeviction."
            )
        return (LedgerMeta(ledger_id, int(meta[2] or 0), meta[3]), *answers)


def _read_commands(
    customer_ids: Sequence[str], tombstones: Sequence[bytes]
) -> tuple[Sequence[CommandArgument], Sequence[CommandArgument]]:
    """The two read commands; each has one extra field, because Redis refuses a command without any."""
    return ("HMGET", RECORDS_KEY, SENTINEL_FIELD, *map(customer_field, customer_ids)), (
        "HMGET",
        TOMBSTONES_KEY,
        SENTINEL_FIELD,
        *tombstones,
    )


def _ledger_read(meta: LedgerMeta, records: list[bytes | None], tombstones: list[bytes | None]) -> LedgerRead:
    return LedgerRead(meta.state, meta.defaults, records[1:], [tombstone is not None for tombstone in tombstones[1:]])
