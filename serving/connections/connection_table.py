"""Connection table: the open connections of a worker; the one that waited longest gives way when there are too many."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from serving.connections.limits import ConnectionLimits
from serving.connections.turned_away import TurnedAway
from serving.problems import RETRY_AFTER, Problem

_MAX_TURNED_AWAY = 32  # connections at once that are told so; further ones are closed without an answer


class Connection(Protocol):
    """Connection of a caller."""

    def give_way(self) -> None:
        """Close, because another connection needs the place; only a connection without a request is asked to."""
        ...


class ConnectionTable:
    """Connection table of one worker. Its connections either wait for a request, or are being answered.

    Whoever opens connections and sends nothing thereby closes their own, and shuts nobody out.
    """

    def __init__(self, limits: ConnectionLimits, turned_away: TurnedAway) -> None:
        self._limits = limits
        self._turned_away = turned_away
        self._addresses: dict[Connection, str] = {}
        self._counts: Counter[str] = Counter()
        self._waiting: dict[Connection, bool] = {}  # whether it never sent a request; the longest wait is first
        self._refused: set[Connection] = set()

    @property
    def fresh(self) -> int:
        """How many connections have not sent their first request yet."""
        return sum(self._waiting.values())

    def admit(self, connection: Connection, address: str) -> Problem | None:
        """Admit a new connection, or return the problem that answers its request.

        Raises:
            ConnectionRefusedError: it is to be closed without an answer.
        """
        if self._counts[address] >= self._limits.max_per_address and not self._make_room(address):
            detail = (
                f"Found {self._counts[address]} connections of this address that are being answered; expected fewer. "
                "Try again after Retry-After seconds, over fewer connections."
            )
            return self._refuse(connection, address, "too_many_of_address", Problem(429, detail, headers=RETRY_AFTER))
        if len(self._addresses) >= self._limits.max_connections and not self._make_room():
            detail = "Every connection of this worker is in use. Try again after Retry-After seconds."
            return self._refuse(connection, address, "too_many", Problem(503, detail, headers=RETRY_AFTER))
        self._addresses[connection] = address
        self._counts[address] += 1
        self._waiting[connection] = True
        return None

    def start_waiting(self, connection: Connection) -> None:
        """Note that a connection was answered and waits for its next request."""
        if connection in self._addresses:
            self._waiting[connection] = False

    def stop_waiting(self, connection: Connection) -> None:
        """Note that the headers of a request have arrived on a connection."""
        self._waiting.pop(connection, None)

    def remove(self, connection: Connection) -> None:
        """Remove a connection that is closed, unless it was removed before."""
        self._refused.discard(connection)
        self._waiting.pop(connection, None)
        address = self._addresses.pop(connection, None)
        if address is None:
            return
        self._counts[address] -= 1
        if not self._counts[address]:
            del self._counts[address]

    def _make_room(self, address: str | None = None) -> bool:
        """Whether a connection that waits, of this address or of any, gave way."""
        waiting = (other for other in self._waiting if address in (None, self._addresses[other]))
        longest = next(waiting, None)
        if longest is None:
            return False
        self._turned_away.record("gave_way", self._addresses[longest])
        self.remove(longest)
        longest.give_way()
        return True

    def _refuse(self, connection: Connection, address: str, reason: str, problem: Problem) -> Problem:
        self._turned_away.record(reason, address)
        if len(self._refused) >= _MAX_TURNED_AWAY:
            raise ConnectionRefusedError(reason)
        self._refused.add(connection)
        return problem
