"""Clock checks: the system clock against the home's own times, and the shop's time zone."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import orjson

from pipelines.diagnostics.check import Finding, check, ok, problem, warning
from pipelines.diagnostics.surroundings import Surroundings

_TOLERANCE = timedelta(hours=1)
_TAIL_BYTES = 4096


class _Event(NamedTuple):
    name: str
    at: datetime


@check(
    "clock",
    "system clock",
    expected="a clock that is not behind the last order line, the audit log and the files of the home",
    remedy="Set the clock (for example with NTP); if the log has orders of the future, correct their dates",
)
def system_clock(surroundings: Surroundings) -> Finding:
    """Whether the clock is behind something that has happened."""
    now = surroundings.now
    later = [event for event in _events(surroundings) if event.at > now + _TOLERANCE]
    if not later:
        return ok(f"{now:%Y-%m-%d %H:%M} UTC, after all that the home knows")
    found = ", ".join(f"{event.name} is of {event.at:%Y-%m-%d %H:%M}" for event in later)
    level = warning if all(event.name == "the last order line" for event in later) else problem
    return level(f"it is {now:%Y-%m-%d %H:%M} UTC, but {found}")


def _events(surroundings: Surroundings) -> list[_Event]:
    home = surroundings.home.folder
    events = [
        ("the last order line", surroundings.state.last_order_at),
        ("the last audit line", _last_audit_line(home / "audit.jsonl")),
        ("the scores table", _written_at(home / "scores.parquet")),
        ("the last promotion", promotion.at if (promotion := surroundings.state.promotion) else None),
    ]
    return [_Event(name, at) for name, at in events if at is not None]


def _last_audit_line(path: Path) -> datetime | None:
    try:
        with path.open("rb") as file:
            file.seek(-min(_TAIL_BYTES, file.seek(0, os.SEEK_END)), os.SEEK_END)
            return datetime.fromisoformat(orjson.loads(file.read().splitlines()[-1])["at"])
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return None


def _written_at(path: Path) -> datetime | None:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.is_file() else None


@check(
    "clock",
    "time zone",
    expected="the shop's time zone, with its rules on this machine",
    remedy="Correct `timezone` in flywheel.toml, and train again; install tzdata where a zone is missing",
)
def time_zone(surroundings: Surroundings) -> Finding:
    """The time zone that begins and ends the shop's days."""
    local = surroundings.now.astimezone(surroundings.zone)
    champion = surroundings.state.champion
    if surroundings.config is None and champion is None:
        return ok("no shop yet, so UTC")
    if champion is not None and champion.metadata.timezone != surroundings.zone.key:
        return warning(f"{surroundings.zone.key}, but the champion was trained in {champion.metadata.timezone}")
    return ok(f"{surroundings.zone.key}, where it is {local:%Y-%m-%d %H:%M}")


@check(
    "clock",
    "service clock",
    expected="a day not before the features, or every answer of the service would be 422",
    remedy="Leave FLYWHEEL_AS_OF out or name a later day, or run `flywheel publish` as of an earlier one",
)
def service_clock(surroundings: Surroundings) -> Finding:
    """Whether the day of the service, which may be fixed, is before the published features."""
    features_day, today = surroundings.state.features_as_of, surroundings.today
    if features_day is None:
        return ok("no features are published yet")
    found = f"{today}, and the features are of {features_day}"
    return problem(found) if today < features_day else ok(found)


CLOCK_CHECKS = (system_clock, time_zone, service_clock)
