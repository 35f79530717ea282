"""Recent acts: how many consents were given and withdrawn and how many customers were forgotten, without their ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving.observability.audit_log import CONSENT, ERASURE
from serving.observability.audit_reader import AUDIT_FILE, parse_line

MAX_TAIL_BYTES = 2**20  # of the audit log that are read: some thousand acts


@dataclass(frozen=True)
class RecentActs:
    """Numbers of acts since an instant, from the end of the audit log."""

    granted: int
    denied: int
    erased: int
    complete: bool  # False where the log has more lines since then than were read


def recent_acts(home: Path, since: str) -> RecentActs:
    """Count the acts since ``since``, an instant in RFC 3339 and UTC as the lines have it.

    Raises:
        OSError: the log cannot be read.
    """
    lines, is_whole = _tail(home / AUDIT_FILE)
    acts = [act for line in lines if (act := parse_line(line)) is not None and isinstance(act.get("at"), str)]
    recent = [act for act in acts if act["at"] >= since]
    consents = [granted for act in recent if act.get("action") == CONSENT for granted in _decisions_of(act)]
    return RecentActs(
        granted=sum(consents),
        denied=len(consents) - sum(consents),
        erased=sum(act.get("action") == ERASURE for act in recent),
        complete=is_whole or len(recent) < len(acts),
    )


def _decisions_of(act: Mapping[str, Any]) -> list[bool]:
    """Whether the consent of an act was granted; none of a file of consents, whose line has numbers alone."""
    match act.get("consents"):
        case [{"granted": bool(granted)}, *_]:
            return [granted]
    return []


def _tail(path: Path) -> tuple[list[bytes], bool]:
    """The last complete lines of a file, and whether they are all of it."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(size - MAX_TAIL_BYTES, 0))
            lines = file.read().splitlines()
    except FileNotFoundError:
        return [], True
    return (lines, True) if size <= MAX_TAIL_BYTES else (lines[1:], False)
