"""How do several machines write consents to one Redis? Each on what it read, which nobody may have changed since."""

from __future__ import annotations

from features.consents.storage import Found
from features.online.redis_manifest import MARK, field
from features.storage.redis_client import Word

FACTS, RECORDS, CHANGES, FORGOTTEN = KEYS = tuple(
    f"flywheel:consents:{name}" for name in ("facts", "records", "changes", "forgotten")
)
STATE, LEDGER, PROOF = "state", "ledger", "proof"

# Keys: all four. Arguments: the ledger and its state as they were, then commands: how many words, the command, the
# place of its key, what follows.
COMMIT = f"""
local ledger, state = unpack(redis.call('HMGET', KEYS[1], '{LEDGER}', '{STATE}'))
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


class RedisDraft:
    """Commands, all of which are carried out at one moment, or none."""

    def __init__(self, ledger: str | None, found: Found, before: int) -> None:
        self.found = found
        self._before = before
        self.commands: list[Word] = []
        self._ledger = ledger
        self._state: int | None = None

    @property
    def arguments(self) -> list[Word]:
        """For the script COMMIT."""
        return [self._ledger or "", self.found.state, *self.commands]

    def begins(self, ledger: str, proof: str) -> str | None:
        """The ledger that it begins where there is none yet; each key gets a mark: one without any was evicted."""
        if self._ledger is not None:
            return None
        self._then("HSET", FACTS, LEDGER, ledger, PROOF, proof)
        self._then("HSET", RECORDS, MARK, ledger)
        self._then("HSET", FORGOTTEN, MARK, ledger)
        self._then("ZADD", CHANGES, 0, MARK)
        return ledger

    def next_state(self) -> int:
        """The state that this write makes; the same however often it is asked."""
        if self._state is None:
            self._state = self._before + 1
            self._then("HSET", FACTS, STATE, self._state)
        return self._state

    def put(self, customer_id: str, value: bytes, before: int | None, state: int) -> None:  # noqa: ARG002 - it moves
        """A record in the place of the one written at the state ``before``."""
        self._then("HSET", RECORDS, field(customer_id), value)
        self._then("ZADD", CHANGES, state, field(customer_id))

    def remove(self, customer_id: str, before: int | None) -> None:  # noqa: ARG002 - as little
        """No record in the place of the one written at the state ``before``."""
        self._then("HDEL", RECORDS, field(customer_id))
        self._then("ZREM", CHANGES, field(customer_id))

    def bury(self, tombstone: bytes, state: int) -> None:
        """A tombstone."""
        self._then("HSET", FORGOTTEN, tombstone, state)

    def say(self, name: str, value: bytes) -> None:
        """A fact of the whole shelf."""
        self._then("HSET", FACTS, name, value)

    def _then(self, command: str, key: str, *words: Word) -> None:
        self.commands += [2 + len(words), command, 1 + KEYS.index(key), *words]
