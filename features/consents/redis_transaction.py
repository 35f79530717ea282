"""Optimistic concurrency: a write to the ledger in Redis commits only if nobody changed it since it was read."""

from __future__ import annotations

from features.consents.ledger_binding import LedgerBinding
from features.consents.storage import LEDGER_ID, PROOF, STATE, LedgerRead
from features.online.redis_manifest import SENTINEL_FIELD, customer_field
from features.storage.redis_client import CommandArgument

META_KEY, RECORDS_KEY, CHANGES_KEY, TOMBSTONES_KEY = KEYS = tuple(
    f"flywheel:consents:{name}" for name in ("meta", "records", "changes", "tombstones")
)
STATE_FIELD, LEDGER_ID_FIELD, PROOF_FIELD = STATE, LEDGER_ID, PROOF

# Keys: all four. Arguments: the ledger id and state that were read, then commands: the number of arguments, the
# command, the index of its key, its other arguments.
COMMIT = f"""
local ledger, state = unpack(redis.call('HMGET', KEYS[1], '{LEDGER_ID_FIELD}', '{STATE_FIELD}'))
if (ledger or '') ~= ARGV[1] or (state or '0') ~= ARGV[2] then return 0 end
if ledger and redis.call('EXISTS', unpack(KEYS)) < #KEYS then return 0 end
local index = 3
while ARGV[index] do
  local last = index + tonumber(ARGV[index])
  redis.call(ARGV[index + 1], KEYS[tonumber(ARGV[index + 2])], unpack(ARGV, index + 3, last))
  index = last + 1
end
return 1
"""


class RedisWriteTransaction:
    """A write transaction: a queue of commands that Redis executes atomically."""

    def __init__(self, ledger_id: str | None, stored: LedgerRead, previous_state: int) -> None:
        self.stored_records = stored
        self._previous_state = previous_state
        self.commands: list[CommandArgument] = []
        self._ledger_id = ledger_id
        self.state: int | None = None  # of this write; None while it has changed nothing

    @property
    def script_arguments(self) -> list[CommandArgument]:
        """The arguments of the script COMMIT."""
        return [self._ledger_id or "", self.stored_records.state, *self.commands]

    def begin_ledger(self, binding: LedgerBinding) -> str:
        """Create a missing ledger, and return its id; a sentinel in each key shows it was not evicted."""
        if self._ledger_id is not None:
            return self._ledger_id
        ledger_id = binding.new_ledger_id()
        self._queue("HSET", META_KEY, LEDGER_ID_FIELD, ledger_id, PROOF_FIELD, binding.proof)
        self._queue("HSET", RECORDS_KEY, SENTINEL_FIELD, ledger_id)
        self._queue("HSET", TOMBSTONES_KEY, SENTINEL_FIELD, ledger_id)
        self._queue("ZADD", CHANGES_KEY, 0, SENTINEL_FIELD)
        return ledger_id

    def next_state(self, floor: int = 0) -> int:
        """The state number of this write, above ``floor``; the same on every call."""
        if self.state is None:
            self.state = max(self._previous_state, floor) + 1
            self._queue("HSET", META_KEY, STATE_FIELD, self.state)
        return self.state

    def put(self, customer_id: str, value: bytes, previous_state: int | None, state: int) -> None:  # noqa: ARG002 - ZADD moves the entry
        """Write a record in place of the one written at the state ``previous_state``."""
        self._queue("HSET", RECORDS_KEY, customer_field(customer_id), value)
        self._queue("ZADD", CHANGES_KEY, state, customer_field(customer_id))

    def remove(self, customer_id: str, previous_state: int | None) -> None:  # noqa: ARG002 - ZREM needs no state
        """Remove the record written at the state ``previous_state``."""
        self._queue("HDEL", RECORDS_KEY, customer_field(customer_id))
        self._queue("ZREM", CHANGES_KEY, customer_field(customer_id))

    def add_tombstone(self, tombstone: bytes, state: int) -> None:
        """Add a tombstone."""
        self._queue("HSET", TOMBSTONES_KEY, tombstone, state)

    def set_meta(self, name: str, value: bytes) -> None:
        """Write a metadata value."""
        self._queue("HSET", META_KEY, name, value)

    def _queue(self, command: str, key: str, *arguments: CommandArgument) -> None:
        self.commands += [2 + len(arguments), command, 1 + KEYS.index(key), *arguments]
