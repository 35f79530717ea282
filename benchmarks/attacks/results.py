"""Attack results: what was tried and what came of it, in the same few counts for every attack."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class AttackResult:
    """The counts of one attack; all but tries and kills are zero where the defence holds."""

    group: str
    attack: str
    tries: int
    server_errors: int = 0  # responses with status 500, and lost connections
    kills: int = 0  # processes ended with SIGKILL
    lost: int = 0  # acknowledged changes that are gone, and keys that open what they must not
    silently_wrong: int = 0  # answers that differ and do not say so
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether nothing broke."""
        return not (self.server_errors or self.lost or self.silently_wrong)


@dataclass(frozen=True)
class SkippedGroup:
    """A group that this machine cannot run, or for which there was no time left, with the reason."""

    group: str
    reason: str
