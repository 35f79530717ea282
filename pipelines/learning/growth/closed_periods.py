"""Closed periods: the figures of closed weeks and months of a home, ``growth/closed.jsonl``; no customer is in it.

Lines are only ever added. They cannot be computed again, because the log of that time is gone; so a backup holds them,
and a damaged file stops the writing instead of being replaced.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date

from features.errors import StoreDamaged
from features.storage.atomic_files import replace_text
from pipelines.home import Home
from training.growth.definition import HighValueDefinition
from training.growth.period_figures import PeriodFigures

CLOSED_FILE, DEFINITION_FILE = "closed.jsonl", "definition.json"


@dataclass(frozen=True)
class FixedDefinition:
    """A definition with the settings it was made from, and the day as of which its numbers were chosen."""

    definition: HighValueDefinition
    settings: str  # of [business.north_star], the currency and the measure, as JSON
    fixed_on: date


def read_closed(home: Home) -> list[PeriodFigures]:
    """The closed figures, in the order in which they were written.

    Raises:
        StoreDamaged: a line cannot be read.
    """
    path = home.growth / CLOSED_FILE
    if not path.is_file():
        return []
    try:
        return [PeriodFigures.from_json(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreDamaged(
            f"Found a damaged line in {path} ({error}); expected the closed figures as they were written. Restore the "
            "file from a backup; nothing else can tell them again."
        ) from None


def append_closed(home: Home, figures: Sequence[PeriodFigures]) -> None:
    """Add figures after those that are written; the earlier lines stay as they are, byte for byte."""
    if not figures:
        return
    path = home.growth / CLOSED_FILE
    home.growth.mkdir(exist_ok=True)
    earlier = path.read_text(encoding="utf-8") if path.is_file() else ""
    lines = [json.dumps(each.to_json(), ensure_ascii=False) for each in figures]
    replace_text(path, earlier + "".join(f"{line}\n" for line in lines))


def keep_closed(home: Home, backup: Home) -> None:
    """Merge the closed figures of a home into those of a backup that takes its place; what the home says stands.

    Lines of the home that cannot be read are left to the backup.
    """
    present, stored = _readable_lines(home), _readable_lines(backup)
    if not present:
        return
    backup.growth.mkdir(exist_ok=True)
    lines = [*present.values(), *(line for period, line in stored.items() if period not in present)]
    replace_text(backup.growth / CLOSED_FILE, "".join(f"{line}\n" for line in lines))
    with suppress(StoreDamaged):
        if fixed := read_definition(home):
            write_definition(backup, fixed)


def _readable_lines(home: Home) -> dict[str, str]:
    """The lines of closed figures by period, without those that cannot be read."""
    path, lines = home.growth / CLOSED_FILE, dict[str, str]()
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else ():
        with suppress(ValueError, KeyError, TypeError):
            lines.setdefault(PeriodFigures.from_json(json.loads(line)).period, line)
    return lines


def read_definition(home: Home) -> FixedDefinition | None:
    """The definition that was fixed last; None before the first one.

    Raises:
        StoreDamaged: the file cannot be read.
    """
    path = home.growth / DEFINITION_FILE
    if not path.is_file():
        return None
    try:
        payload = json.loads(path.read_bytes())
        definition = HighValueDefinition(**payload["definition"])
        return FixedDefinition(definition, payload["settings"], date.fromisoformat(payload["fixed_on"]))
    except (ValueError, KeyError, TypeError) as error:
        raise StoreDamaged(
            f"Found {path} damaged ({error}); expected the definition that `flywheel growth` fixed. Restore the file "
            "from a backup, or delete it to choose the numbers anew."
        ) from None


def write_definition(home: Home, fixed: FixedDefinition) -> None:
    """Replace the definition."""
    home.growth.mkdir(exist_ok=True)
    payload = {"definition": asdict(fixed.definition), "settings": fixed.settings, "fixed_on": str(fixed.fixed_on)}
    replace_text(home.growth / DEFINITION_FILE, json.dumps(payload))
