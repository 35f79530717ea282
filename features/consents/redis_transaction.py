"""How do several machines write consents to one Redis? Each on what it read, which nobody may have changed since."""

from __future__ import annotations

from features.consents.storage import LedgerRead
from features.online.redis_manifest import SENTINEL_FIELD, customer_field
from features.storage.redis_client import CommandArgument

META_KEY, RECORDS_KEY, CHANGES_KEY, TOMBSTONES_KEY = KEYS = tuple(
    f"flywheel:consents:{name}" for name in ("meta", "records", "changes", "tombstones")
)
STATE_FIELD, LEDGER_ID_FIELD, PROOF_FIELD = "state", "ledger", "proof"

# Keys: all four. Arguments: the ledger and its state as they were, then commands: how many words, the command, the
# place of its key, what follows.
COMMIT = f"""
local ledger, state = unpack(redis.call('HMGET', KEYS[1], '{LEDGER_ID_FIELD}', '{STATE_FIELD}'))
if (ledger or '') ~= ARGV[1] or (state or '0') ~= ARGV[2] then return 0 end
if ledger and redis.call('EXISTS', unpack(KEYS)) < #KEYS then return 0 end
local at = 3
while ARGV[at] do
  local last = at + tonumber(ARGV[at])
  redis.call(ARGV[at + 1], KEYS[tonumber(ARGV[at + 2])], unpack(ARGV, at + 3, last))
  at = last + 1
end
return 1
"""


class RedisWriteTransaction:
    """Commands, all of which are carried out at one moment, or none."""

    def __init__(self, ledger_id: str | None, stored: LedgerRead, previous_state: int) -> None:
        self.stored = stored
        self._previous_state = previous_state
        self.commands: list[CommandArgument] = []
        self._ledger_id = ledger_id
        self._state: int | None = None

    @property
    def script_arguments(self) -> list[CommandArgument]:
        """For the script COMMIT."""
        return [self._ledger_id or "", self.stored.state, *self.commands]

    def begin_ledger(self, ledger_id: str, proof: str) -> str | None:
        """The ledger that it begins where there is none yet; each key gets a mark: one without any was evicted."""
        if self._ledger_id is not None:
            return None
        self._queue("HSET", META_KEY, LEDGER_ID_FIELD, ledger_id, PROOF_FIELD, proof)
        self._queue("HSET", RECORDS_KEY, SENTINEL_FIELD, ledger_id)
        self._queue("HSET", TOMBSTONES_KEY, SENTINEL_FIELD, ledger_id)
        self._queue("ZADD", CHANGES_KEY, 0, SENTINEL_FIELD)
        return ledger_id

    def next_state(self) -> int:
        """The state that this write makes; the same however often it is asked."""
        if self._state is None:
            self._state = self._previous_state + 1
            self._queue("HSET", META_KEY, STATE_FIELD, self._state)
        return self._state

    def put(self, customer_id: str, value: bytes, previous_state: int | None, state: int) -> None:  # noqa: ARG002 - it moves
        """A record in the place of the one written at the state ``previous_state``."""
        self._queue("HSET", RECORDS_KEY, customer_field(customer_id), value)
        self._queue("ZADD", CHANGES_KEY, state, customer_field(customer_id))

    def remove(self, customer_id: str, previous_state: int | None) -> None:  # noqa: ARG002 - as little
        """No record in the place of the one written at the state ``previous_state``."""
        self._queue("HDEL", RECORDS_KEY, customer_field(customer_id))
        self._queue("ZREM", CHANGES_KEY, customer_field(customer_id))

    def add_tombstone(self, tombstone: bytes, state: int) -> None:
        """A tombstone."""
        self._queue("HSET", TOMBSTONES_KEY, tombstone, state)

    def set_meta(self, name: str, value: bytes) -> None:
        """A fact of the whole shelf."""
        self._queue("HSET", META_KEY, name, value)

    def _queue(self, command: str, key: str, *arguments: CommandArgument) -> None:
        self.commands += [2 + len(arguments), command, 1 + KEYS.index(key), *arguments]
