"""Decision storage on Redis: the decision log of several machines; a write commits only if nobody was first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from random import uniform
from time import monotonic, sleep

from features.checksums import DamagedValue, seal, unseal
from features.decisions.storage import TABLES, Entry, Result, WriteBatch, entry_key
from features.errors import RowsLost, StoreDamaged, StoreUnavailable
from features.online.redis_manifest import SENTINEL_FIELD
from features.storage.circuit_breaker import CircuitBreaker
from features.storage.redis_client import READ_TIMEOUTS, WRITE_TIMEOUTS, CommandArgument, RedisClient, Reply

KEYS = tuple(f"flywheel:decision-log:{table}" for table in TABLES)
COOLDOWN_SECONDS = 1.0
PAGE_SIZE = 1000  # entries a page in a full read; Redis serves no other client meanwhile
MAX_RETRY_PAUSE_SECONDS = 0.02  # after another writer committed first

# Keys: the hashes. Arguments: the field that shows that a hash was not evicted, then for each changed entry the
# index of its hash, its field, the value that was read and the new one; an empty value stands for none.
COMMIT = """
local found = redis.call('EXISTS', unpack(KEYS))
if found > 0 and found < #KEYS then return -1 end
for index = 2, #ARGV, 4 do
  local value = redis.call('HGET', KEYS[tonumber(ARGV[index])], ARGV[index + 1])
  if (value or '') ~= ARGV[index + 2] then return 0 end
end
for _, key in ipairs(KEYS) do redis.call('HSETNX', key, ARGV[1], '') end
for index = 2, #ARGV, 4 do
  local key = KEYS[tonumber(ARGV[index])]
  if ARGV[index + 3] == '' then redis.call('HDEL', key, ARGV[index + 1])
  else redis.call('HSET', key, ARGV[index + 1], ARGV[index + 3]) end
end
return 1
"""


class RedisDecisionStorage:
    """Entries by table and id, one hash for each table.

    Every method raises StoreUnavailable where Redis does not answer in time, and RowsLost where it lost a hash.
    """

    def __init__(self, url: str, cooldown_seconds: float = COOLDOWN_SECONDS) -> None:
        self._read_client = RedisClient(url, READ_TIMEOUTS, "decision log")
        self._write_client = RedisClient(url, WRITE_TIMEOUTS, "decision log")
        self._breaker = CircuitBreaker(cooldown_seconds)

    def read(self, entries: Sequence[Entry]) -> dict[Entry, bytes | None]:
        """The values of these entries, at one moment; None where there is none."""
        stored = self._read_stored(self._read_client, entries)
        return {entry: self._unseal(value, entry_key(entry[1])) for entry, value in stored.items()}

    def update(self, entries: Sequence[Entry], work: Callable[[WriteBatch], Result]) -> Result:
        """Run ``work`` on these entries and store its changes, all or nothing; again if another writer was first."""
        deadline, attempts = monotonic() + self._write_client.timeouts.reply_seconds, 0
        while monotonic() < deadline:
            stored = self._read_stored(self._write_client, entries)
            batch = WriteBatch({entry: self._unseal(value, entry_key(entry[1])) for entry, value in stored.items()})
            result = work(batch)
            if not batch.changes or self._commit(stored, batch):
                return result
            attempts += 1
            sleep(uniform(0, min(MAX_RETRY_PAUSE_SECONDS, attempts / 1000)))  # noqa: S311 - jitter, so that two writers do not collide again
        raise StoreUnavailable(
            f"The decision log in {self._read_client.name} was changed by others {attempts} times in a row. Try again."
        )

    def scan(self, table: str) -> Iterator[bytes]:
        """Every value of a table, once; one that changes during the read is returned as before or as after."""
        cursor, seen, key = b"0", {SENTINEL_FIELD}, KEYS[TABLES.index(table)]
        while True:
            [(cursor, page)] = self._query(self._write_client, ("HSCAN", key, cursor, "COUNT", PAGE_SIZE))
            for field in page.keys() - seen:
                seen.add(field)
                value = self._unseal(page[field], field)
                if value is not None:
                    yield value
            if int(cursor) == 0:
                return

    def counts(self) -> dict[str, int]:
        """The number of entries by table."""
        lengths = self._query(self._read_client, *(("HLEN", key) for key in KEYS))
        return {table: max(0, length - 1) for table, length in zip(TABLES, lengths, strict=True)}

    def mend(self) -> bool:
        """Create the hashes that were evicted, empty; returns whether there were any."""
        found = int(self._write_client.execute("EXISTS", *KEYS))
        if found in (0, len(KEYS)):
            return False
        self._write_client.transaction(*(("HSETNX", key, SENTINEL_FIELD, "") for key in KEYS))
        return True

    def _read_stored(self, client: RedisClient, entries: Sequence[Entry]) -> dict[Entry, bytes | None]:
        """The sealed values of these entries."""
        ordered = sorted({*entries}, key=lambda entry: TABLES.index(entry[0]))
        groups = [(table, list(group)) for table, group in groupby(ordered, key=lambda entry: entry[0])]
        commands: list[Sequence[CommandArgument]] = [
            ("HMGET", KEYS[TABLES.index(table)], *(entry_key(record_id) for _, record_id in group))
            for table, group in groups
        ]
        replies = self._query(client, *commands)
        return dict(zip(ordered, (value for reply in replies for value in reply), strict=True))

    def _commit(self, stored: dict[Entry, bytes | None], batch: WriteBatch) -> bool:
        arguments: list[CommandArgument] = [SENTINEL_FIELD]
        for entry, value in batch.changes.items():
            key = entry_key(entry[1])
            sealed = b"" if value is None else seal(value, key)
            arguments += [1 + TABLES.index(entry[0]), key, stored[entry] or b"", sealed]
        outcome = int(self._write_client.eval_script(COMMIT, KEYS, *arguments))
        if outcome < 0:
            raise self._rows_lost("some")
        return outcome > 0

    def _query(self, client: RedisClient, *commands: Sequence[CommandArgument]) -> list[Reply]:
        with self._breaker.guard():
            found, *replies = client.transaction(("EXISTS", *KEYS), *commands)
        if found not in (0, len(KEYS)):
            raise self._rows_lost(str(found))
        return replies

    def _rows_lost(self, found: str) -> RowsLost:
        return RowsLost(
            f"{self._read_client.name} has lost decisions: found {found} of {len(KEYS)} keys, expected all. Restore "
            "its append-only file or run `flywheel restore`, and keep it from evicting: maxmemory-policy noeviction."
        )

    def _unseal(self, value: bytes | None, key: bytes) -> bytes | None:
        try:
            return None if value is None else unseal(value, key)
        except DamagedValue as error:
            raise StoreDamaged(
                f"Found the decision log in {self._read_client.name} damaged ({error}); expected the values as they "
                "were written. Restore its append-only file."
            ) from None
