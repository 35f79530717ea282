"""Where do several machines keep consents? In one Redis: read at one moment in one trip, written whole or not."""

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
from features.consents.storage import DEFAULTS, LedgerRead, Result
from features.errors import RowsLost, StoreUnavailable
from features.online.redis_manifest import SENTINEL_FIELD, customer_field
from features.storage.circuit_breaker import CircuitBreaker
from features.storage.redis_client import READ_TIMEOUTS, WRITE_TIMEOUTS, CommandArgument, RedisClient, Reply

COOLDOWN_SECONDS = 1.0
PAGE_SIZE = 1000  # customers a page, where all are read; Redis answers nobody else meanwhile
MAX_CUSTOMERS_PER_READ = 10_000  # customers at one moment
MAX_RETRY_PAUSE_SECONDS = 0.02  # seconds, after another writer was first
_PAGE_ARGUMENTS = ("WITHSCORES", "LIMIT", 0, PAGE_SIZE)


@dataclass(frozen=True)
class LedgerMeta:
    """What is said of the whole shelf, beside other answers of the same moment."""

    ledger_id: str | None  # None where nobody said anything yet
    state: int
    defaults: bytes | None


class RedisLedgerStorage:
    """Records by customer, their changes in order, tombstones, and a few facts; all methods raise as ``read`` does."""

    def __init__(self, url: str, home: Path, cooldown_seconds: float = COOLDOWN_SECONDS) -> None:
        self._read_client = RedisClient(url, READ_TIMEOUTS, "consents' ledger")
        self._write_client = RedisClient(url, WRITE_TIMEOUTS, "consents' ledger")
        self._breaker = CircuitBreaker(cooldown_seconds)
        self._binding = LedgerBinding(home)

    @classmethod
    @lru_cache(maxsize=8)
    def open(cls, url: str, home: Path) -> RedisLedgerStorage:
        """The shelf of a home; the same for whoever asks in this process."""
        return cls(url, home)

    @property
    def timeout_seconds(self) -> float:
        """The most seconds that a read should take."""
        return 1.2 * (self._read_client.timeouts.connect_seconds + self._read_client.timeouts.reply_seconds)

    def read(self, customer_ids: Sequence[str], tombstones: Sequence[bytes]) -> LedgerRead:
        """The records of these customers and whether they are forgotten, up to MOST_AT_ONCE at one moment.

        Of more, some may be newer than the state that is said.

        Raises:
            Unreachable: Redis did not answer in time.
            RowsLost: it holds another ledger than this home's, or less of it.
            InvalidSecret: the ledger was begun with another secret than this home's.
            HomeNotWritable: the home cannot keep the mark of its ledger.
        """
        first, *rest = (
            self._read_batch(
                customer_ids[start : start + MAX_CUSTOMERS_PER_READ], tombstones[start : start + MAX_CUSTOMERS_PER_READ]
            )
            for start in range(0, max(len(customer_ids), len(tombstones), 1), MAX_CUSTOMERS_PER_READ)
        )
        for more in rest:
            first.records.extend(more.records)
            first.erased.extend(more.erased)
        return first

    def meta(self, name: str) -> bytes | None:
        """A fact of the whole shelf."""
        found: bytes | None = self._query(self._read_client, ("HGET", META_KEY, name))[1]
        return found

    def state(self) -> int:
        """What every change makes greater; 0 before the first."""
        return self._query(self._read_client)[0].state

    def identity(self) -> str:
        """The ledger's own name, once somebody said anything."""
        return self._query(self._write_client)[0].ledger_id or "redis"

    def records(self) -> Iterator[bytes]:
        """Every record, once; of what changes meanwhile the one or the other."""
        cursor, seen = b"0", {SENTINEL_FIELD}
        while True:
            _, (cursor, page) = self._query(self._write_client, ("HSCAN", RECORDS_KEY, cursor, "COUNT", PAGE_SIZE))
            for key in page.keys() - seen:
                seen.add(key)
                yield page[key]
            if int(cursor) == 0:
                return

    def changed_since(self, state: int) -> list[bytes]:
        """The records that changed after a state; who changes meanwhile, as found last."""
        changed: dict[bytes, bytes] = {}
        while page := self._query(
            self._read_client, ("ZRANGEBYSCORE", CHANGES_KEY, f"({state}", "+inf", *_PAGE_ARGUMENTS)
        )[1]:
            state = int(page[-1])
            # Of the last state all, which a page may have cut; who changes meanwhile moves on to a later one.
            _, rest = self._query(self._read_client, ("ZRANGEBYSCORE", CHANGES_KEY, state, state))
            changed |= self._read_records([*page[::2], *rest])
        return list(changed.values())

    def tombstones(self) -> dict[bytes, int]:
        """The digests of who is forgotten, and the state since when."""
        _, stones = self._query(self._read_client, ("HGETALL", TOMBSTONES_KEY))
        return {key: int(state) for key, state in stones.items() if key != SENTINEL_FIELD}

    def write(
        self, customer_ids: Sequence[str], tombstones: Sequence[bytes], work: Callable[[RedisWriteTransaction], Result]
    ) -> Result:
        """One write: all of it or nothing; the work is done again if another writer was first."""
        until, tries = monotonic() + self._write_client.timeouts.reply_seconds, 0
        while monotonic() < until:
            facts, *answers = self._query(self._write_client, *_read_commands(customer_ids, tombstones))
            draft = RedisWriteTransaction(facts.ledger_id, _ledger_read(facts, *answers), self._previous_state(facts))
            done = work(draft)
            if self._commit(draft):
                return done
            tries += 1
            sleep(uniform(0, min(MAX_RETRY_PAUSE_SECONDS, tries / 1000)))  # noqa: S311 - only so that two do not meet again
        raise StoreUnavailable(
            f"The consents in {self._read_client.name} were changed by others {tries} times in a row. Try again."
        )

    def _read_batch(self, customer_ids: Sequence[str], tombstones: Sequence[bytes]) -> LedgerRead:
        facts, *answers = self._query(self._read_client, *_read_commands(customer_ids, tombstones))
        return _ledger_read(facts, *answers)

    def _previous_state(self, meta: LedgerMeta) -> int:
        """The state that a write follows: a new ledger's states are greater than those of any that was before it.

        By Redis' clock, in microseconds since 1970: any state that somebody remembers of one that is gone is smaller.
        """
        if meta.ledger_id is not None:
            return meta.state
        seconds, microseconds = self._write_client.execute("TIME")
        return int(seconds) * 1_000_000 + int(microseconds)

    def _commit(self, transaction: RedisWriteTransaction) -> bool:
        """Whether nobody was first; a ledger that this write began is the home's from now on."""
        if not transaction.commands:
            return True
        begun = transaction.begin_ledger(self._binding.new_ledger_id(), self._binding.proof)
        if not self._write_client.eval_script(COMMIT, KEYS, *transaction.script_arguments):
            return False
        if begun is not None:
            self._binding.bind(begun)
        return True

    def _read_records(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The records of these keys, where there are any; few enough to ask for at once."""
        _, values = self._query(self._read_client, ("HMGET", RECORDS_KEY, *keys))
        return {key: value for key, value in zip(keys, values, strict=True) if value is not None}

    def _query(
        self, client: RedisClient, *commands: Sequence[CommandArgument]
    ) -> tuple[LedgerMeta, *tuple[Reply, ...]]:
        """What is said of the whole shelf, and the answers, at one moment; raises as ``read`` does."""
        shelf = ("HMGET", META_KEY, LEDGER_ID_FIELD, PROOF_FIELD, STATE_FIELD, DEFAULTS), ("EXISTS", *KEYS)
        with self._breaker.guard():
            said, there, *answers = client.transaction(*shelf, *commands)
        ledger, proof = (None if one is None else one.decode() for one in said[:2])
        self._binding.check(ledger, proof, client.name)
        if there not in (0, len(KEYS)):
            raise RowsLost(
                f"{client.name} has lost consents: found {there} of {len(KEYS)} keys, expected all. Restore its "
                "append-only file, and keep it from evicting: maxmemory-policy noeviction."
            )
        return (LedgerMeta(ledger, int(said[2] or 0), said[3]), *answers)


def _read_commands(
    customer_ids: Sequence[str], tombstones: Sequence[bytes]
) -> tuple[Sequence[CommandArgument], Sequence[CommandArgument]]:
    """The commands that read them; one field more each, since a command without any is none."""
    return ("HMGET", RECORDS_KEY, SENTINEL_FIELD, *map(customer_field, customer_ids)), (
        "HMGET",
        TOMBSTONES_KEY,
        SENTINEL_FIELD,
        *tombstones,
    )


def _ledger_read(meta: LedgerMeta, records: list[bytes | None], tombstones: list[bytes | None]) -> LedgerRead:
    return LedgerRead(meta.state, meta.defaults, records[1:], [stone is not None for stone in tombstones[1:]])
