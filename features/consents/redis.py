"""Where do several machines keep consents? In one Redis: read at one moment in one trip, written whole or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import uniform
from time import monotonic, sleep

from features.consents.ledger_binding import Belonging
from features.consents.redis_transaction import (
    CHANGES,
    COMMIT,
    FACTS,
    FORGOTTEN,
    KEYS,
    LEDGER,
    PROOF,
    RECORDS,
    STATE,
    RedisDraft,
)
from features.consents.storage import DEFAULTS, Done, Found
from features.errors import LostRows, Unreachable
from features.online.redis_manifest import MARK, field
from features.storage.circuit_breaker import Breaker
from features.storage.redis_client import READING, WRITING, Answer, Link, Word

REST_SECONDS = 1.0
AT_ONCE = 1000  # customers a page, where all are read; Redis answers nobody else meanwhile
MOST_AT_ONCE = 10_000  # customers at one moment
LONGEST_PAUSE = 0.02  # seconds, after another writer was first
_PAGE = ("WITHSCORES", "LIMIT", 0, AT_ONCE)


@dataclass(frozen=True)
class Facts:
    """What is said of the whole shelf, beside other answers of the same moment."""

    ledger: str | None  # None where nobody said anything yet
    state: int
    defaults: bytes | None


class RedisShelf:
    """Records by customer, their changes in order, tombstones, and a few facts; all methods raise as ``read`` does."""

    def __init__(self, url: str, home: Path, rest_seconds: float = REST_SECONDS) -> None:
        self._link = Link(url, READING, "consents' ledger")
        self._patient = Link(url, WRITING, "consents' ledger")
        self._breaker = Breaker(rest_seconds)
        self._belonging = Belonging(home)

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, url: str, home: Path) -> RedisShelf:
        """The shelf of a home; the same for whoever asks in this process."""
        return cls(url, home)

    @property
    def patience(self) -> float:
        """The most seconds that a read should take."""
        return 1.2 * (self._link.patience.connect + self._link.patience.answer)

    def read(self, customer_ids: Sequence[str], tombstones: Sequence[bytes]) -> Found:
        """The records of these customers and whether they are forgotten, up to MOST_AT_ONCE at one moment.

        Of more, some may be newer than the state that is said.

        Raises:
            Unreachable: Redis did not answer in time.
            LostRows: it holds another ledger than this home's, or less of it.
            BadSecret: the ledger was begun with another secret than this home's.
            NoHome: the home cannot keep the mark of its ledger.
        """
        first, *rest = (
            self._some(customer_ids[start : start + MOST_AT_ONCE], tombstones[start : start + MOST_AT_ONCE])
            for start in range(0, max(len(customer_ids), len(tombstones), 1), MOST_AT_ONCE)
        )
        for more in rest:
            first.records.extend(more.records)
            first.forgotten.extend(more.forgotten)
        return first

    def fact(self, name: str) -> bytes | None:
        """A fact of the whole shelf."""
        found: bytes | None = self._asked(self._link, ("HGET", FACTS, name))[1]
        return found

    def state(self) -> int:
        """What every change makes greater; 0 before the first."""
        return self._asked(self._link)[0].state

    def identity(self) -> str:
        """The ledger's own name, once somebody said anything."""
        return self._asked(self._patient)[0].ledger or "redis"

    def records(self) -> Iterator[bytes]:
        """Every record, once; of what changes meanwhile the one or the other."""
        cursor, seen = b"0", {MARK}
        while True:
            _, (cursor, page) = self._asked(self._patient, ("HSCAN", RECORDS, cursor, "COUNT", AT_ONCE))
            for key in page.keys() - seen:
                seen.add(key)
                yield page[key]
            if int(cursor) == 0:
                return

    def changed_since(self, state: int) -> list[bytes]:
        """The records that changed after a state; who changes meanwhile, as found last."""
        changed: dict[bytes, bytes] = {}
        while page := self._asked(self._link, ("ZRANGEBYSCORE", CHANGES, f"({state}", "+inf", *_PAGE))[1]:
            state = int(page[-1])
            # Of the last state all, which a page may have cut; who changes meanwhile moves on to a later one.
            _, rest = self._asked(self._link, ("ZRANGEBYSCORE", CHANGES, state, state))
            changed |= self._held([*page[::2], *rest])
        return list(changed.values())

    def tombstones(self) -> dict[bytes, int]:
        """The digests of who is forgotten, and the state since when."""
        _, stones = self._asked(self._link, ("HGETALL", FORGOTTEN))
        return {key: int(state) for key, state in stones.items() if key != MARK}

    def write(
        self, customer_ids: Sequence[str], tombstones: Sequence[bytes], work: Callable[[RedisDraft], Done]
    ) -> Done:
        """One write: all of it or nothing; the work is done again if another writer was first."""
        until, tries = monotonic() + self._patient.patience.answer, 0
        while monotonic() < until:
            facts, *answers = self._asked(self._patient, *_about(customer_ids, tombstones))
            draft = RedisDraft(facts.ledger, _found(facts, *answers), self._before(facts))
            done = work(draft)
            if self._committed(draft):
                return done
            tries += 1
            sleep(uniform(0, min(LONGEST_PAUSE, tries / 1000)))  # noqa: S311 - only so that two do not meet again
        raise Unreachable(
            f"The consents in {self._link.name} were changed by others {tries} times in a row. Try again."
        )

    def _some(self, customer_ids: Sequence[str], tombstones: Sequence[bytes]) -> Found:
        facts, *answers = self._asked(self._link, *_about(customer_ids, tombstones))
        return _found(facts, *answers)

    def _before(self, facts: Facts) -> int:
        """The state that a write follows: a new ledger's states are greater than those of any that was before it.

        By Redis' clock, in microseconds since 1970: any state that somebody remembers of one that is gone is smaller.
        """
        if facts.ledger is not None:
            return facts.state
        seconds, microseconds = self._patient.call("TIME")
        return int(seconds) * 1_000_000 + int(microseconds)

    def _committed(self, draft: RedisDraft) -> bool:
        """Whether nobody was first; a ledger that this write began is the home's from now on."""
        if not draft.commands:
            return True
        begun = draft.begins(self._belonging.new(), self._belonging.proof)
        if not self._patient.run(COMMIT, KEYS, *draft.arguments):
            return False
        if begun is not None:
            self._belonging.keep(begun)
        return True

    def _held(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The records of these keys, where there are any; few enough to ask for at once."""
        _, values = self._asked(self._link, ("HMGET", RECORDS, *keys))
        return {key: value for key, value in zip(keys, values, strict=True) if value is not None}

    def _asked(self, link: Link, *commands: Sequence[Word]) -> tuple[Facts, *tuple[Answer, ...]]:
        """What is said of the whole shelf, and the answers, at one moment; raises as ``read`` does."""
        shelf = ("HMGET", FACTS, LEDGER, PROOF, STATE, DEFAULTS), ("EXISTS", *KEYS)
        with self._breaker.watching():
            said, there, *answers = link.together(*shelf, *commands)
        ledger, proof = (None if one is None else one.decode() for one in said[:2])
        self._belonging.check(ledger, proof, link.name)
        if there not in (0, len(KEYS)):
            raise LostRows(
                f"{link.name} has lost consents: found {there} of {len(KEYS)} keys, expected all. Restore its "
                "append-only file, and keep it from evicting: maxmemory-policy noeviction."
            )
        return (Facts(ledger, int(said[2] or 0), said[3]), *answers)


def _about(customer_ids: Sequence[str], tombstones: Sequence[bytes]) -> tuple[Sequence[Word], Sequence[Word]]:
    """The commands that read them; one field more each, since a command without any is none."""
    return ("HMGET", RECORDS, MARK, *map(field, customer_ids)), ("HMGET", FORGOTTEN, MARK, *tombstones)


def _found(facts: Facts, records: list[bytes | None], stones: list[bytes | None]) -> Found:
    return Found(facts.state, facts.defaults, records[1:], [stone is not None for stone in stones[1:]])
