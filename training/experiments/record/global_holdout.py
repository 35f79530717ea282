"""Global hold-out: a random share of all customers that no experiment and no audience approaches until a day.

``flywheel ingest`` copies it from flywheel.toml into the file ``global_holdout.jsonl`` of the home, where the service
reads it: one line for each time that it changed, so that the analysis of the past knows who was held out when.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import orjson

from features.errors import StoreDamaged
from features.storage.atomic_files import replace_private

FILE = "global_holdout.jsonl"
Z_95 = 1.96  # of the normal distribution, for a two-sided interval of 95 %


@dataclass(frozen=True)
class GlobalHoldout:
    """A global hold-out: its share of all customers, its name, and the day at whose beginning it ends."""

    share: float
    name: str
    until: date

    def is_active(self, day: date) -> bool:
        """Whether it holds on a day of the shop."""
        return day < self.until


@dataclass(frozen=True)
class HoldoutChange:
    """The global hold-out from an instant on; None from when there is none."""

    at: int  # microseconds since 1970 UTC
    holdout: GlobalHoldout | None


def read_changes(home: Path) -> tuple[HoldoutChange, ...]:
    """All changes of the global hold-out, the first one first.

    Raises:
        StoreDamaged: the file is not as it was written.
    """
    path = home / FILE
    try:
        return tuple(map(_parse, path.read_bytes().splitlines())) if path.is_file() else ()
    except (ValueError, TypeError, KeyError) as error:
        raise StoreDamaged(
            f"Found {path} damaged ({error}); expected it as it was written. Restore it from a backup: `flywheel "
            "restore`."
        ) from None


def global_holdout_on(home: Path, day: date) -> GlobalHoldout | None:
    """The global hold-out that holds on a day of the shop, by the newest change; None where none does."""
    changes = read_changes(home)
    holdout = changes[-1].holdout if changes else None
    return holdout if holdout is not None and holdout.is_active(day) else None


def record_global_holdout(home: Path, holdout: GlobalHoldout | None, at: int) -> bool:
    """Append the global hold-out of the configuration if it is another one; returns whether it is.

    Args:
        home: the folder of the shop.
        holdout: None where the configuration has none.
        at: microseconds since 1970 UTC.
    """
    changes = read_changes(home)
    if (changes[-1].holdout if changes else None) == holdout:
        return False
    home.mkdir(parents=True, exist_ok=True)
    replace_private(home / FILE, b"".join(map(_line, (*changes, HoldoutChange(at, holdout)))))
    return True


def relative_half_width(customers: int, share: float, rate: float) -> float:
    """Half the width of the 95 % interval of the difference to those approached, as a share of the rate itself.

    Difference of two independent proportions, normal approximation; infinite without customers.

    Args:
        customers: in both groups together.
        share: of them that is held out, between 0 and 1.
        rate: of those who convert, between 0 and 1.
    """
    if not (customers > 0 and 0 < share < 1 and 0 < rate < 1):
        return math.inf
    variance = rate * (1 - rate) * (1 / (customers * share) + 1 / (customers * (1 - share)))
    return Z_95 * math.sqrt(variance) / rate


def _parse(line: bytes) -> HoldoutChange:
    fields = orjson.loads(line)
    holdout = fields["holdout"]
    parsed = None
    if holdout is not None:
        parsed = GlobalHoldout(float(holdout["share"]), holdout["name"], date.fromisoformat(holdout["until"]))
        if not isinstance(parsed.name, str) or not 0 <= parsed.share <= 1:
            raise ValueError(f"found {holdout}; expected a name, and a share from 0 to 1")
    return HoldoutChange(int(fields["at"]), parsed)


def _line(change: HoldoutChange) -> bytes:
    return orjson.dumps(change) + b"\n"
