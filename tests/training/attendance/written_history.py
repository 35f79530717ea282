"""Written history: the simulated shop as the parquet files of a home, with a class and an experiment of invitations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from features.arrays import Booleans, Integers
from features.calendar import day_from_number, micros, start_of_day
from tests.training.attendance.simulated_shop import CLASS_DAY, CLASS_WEEK, CUSTOMERS, FIRST_DAY, WEEKS, SimulatedShop
from training.attendance.answering import AttendanceSource

ZONE = ZoneInfo("Europe/Amsterdam")
ZOE = CUSTOMERS
TODAY = day_from_number(FIRST_DAY + 7 * WEEKS)
EXPERIMENT = {
    "id": "class-invitations",
    "arms": [{"name": "none", "control": True}, {"name": "invited"}],
    "outcome": {"kind": "spend", "within_days": 84},
    "ends_on": "2027-04-12",
}


@dataclass(frozen=True)
class WrittenHistory:
    """The folder of a shop whose history is written table by table."""

    home: Path

    def source(self, today: date = TODAY, without: Sequence[str] = ()) -> AttendanceSource:
        """Where questions are answered from; the customers ``without`` may not be analysed."""
        return AttendanceSource(
            home=self.home,
            zone=ZONE,
            today=today,
            allowed_ids=lambda ids: [name for name in ids if name not in without],
        )

    def write_orders(self, shop: SimulatedShop, attendees: Integers, effect: float, **columns: pa.Array) -> None:
        """Orders of two lines each, one order a week, with a share added to the attendees' spend after the class."""
        spend = shop.spend.copy()
        spend[attendees, CLASS_WEEK:] *= 1 + effect
        customer, week = np.nonzero(shop.orders)
        # Zoe orders on the last day of the log, and never before.
        customer, week = np.append(customer, ZOE), np.append(week, WEEKS - 1)
        spend, last = np.vstack([spend, np.full(WEEKS, 10.0)]), np.arange(len(customer)) == len(customer) - 1
        day = FIRST_DAY + 7 * week + 6 * last
        lines = np.repeat(np.arange(len(customer)), 2)
        amounts = (spend[customer, week] / 2).round(2)[lines]
        table = {
            "customer_id": [customer_name(number) for number in customer[lines]],
            "order_id": [f"o{line}" for line in lines],
            "amount": pa.array(amounts).cast(pa.decimal128(18, 4), safe=False),
            "day_number": pa.array(day[lines], pa.int32()),
        }
        self._write("orders", {name: value for name, value in (table | columns).items() if value is not None})

    def write_events(self, customers: Integers, kind: str = "class", day: int = CLASS_DAY) -> None:
        """Attendances as events of the log."""
        self._write("events", {
            "customer_id": [customer_name(number) for number in customers],
            "kind": [kind] * len(customers),
            "day_number": pa.array([day] * len(customers), pa.int32()),
        })  # fmt: skip

    def write_outcomes(self, customers: Integers, kind: str = "class", day: int = CLASS_DAY) -> None:
        """Attendances as outcomes of the intake, at half past midnight, and one whose customer is not known."""
        at = instant_of(day) + 30 * 60_000_000
        self._write("outcomes", {
            "customer_id": [*(customer_name(number) for number in customers), None],
            "kind": [kind] * (len(customers) + 1),
            "happened_at_us": pa.array([at] * (len(customers) + 1), pa.int64()),
        })  # fmt: skip

    def write_decisions(self, invited: Booleans, probability: float = 0.5) -> None:
        """The decisions of the experiment of invitations, on the day of the class, and later ones of another arm."""
        names, arms = [customer_name(number) for number in range(CUSTOMERS)], np.where(invited, "invited", "none")
        opposite, at = np.where(invited, "none", "invited"), instant_of(CLASS_DAY)
        self._write("decisions", {
            "customer_id": [*names, *names],
            "experiment_id": ["class-invitations"] * 2 * CUSTOMERS,
            "decided_at_us": pa.array(np.repeat([at, at + 3_600_000_000], CUSTOMERS)),
            "arm": [*arms.tolist(), *opposite.tolist()],
            "probabilities": [[1 - probability, probability]] * 2 * CUSTOMERS,
            "reason": ["drawn"] * 2 * CUSTOMERS,
        })  # fmt: skip

    def write_touches(self, treated: Booleans, probability: float | None = 0.5) -> None:
        """Touches of a campaign on the day of the class, some of them withheld."""
        columns = {
            "customer_id": [customer_name(number) for number in range(CUSTOMERS)],
            "campaign_id": ["class-mail"] * CUSTOMERS,
            "treated": treated,
            "day_number": pa.array([CLASS_DAY] * CUSTOMERS, pa.int32()),
        }
        self._write(
            "touches", columns if probability is None else {**columns, "probability": [probability] * CUSTOMERS}
        )

    def _write(self, name: str, columns: Mapping[str, object]) -> None:
        (self.home / "history").mkdir(exist_ok=True)
        pq.write_table(pa.table(dict(columns)), self.home / "history" / f"{name}.parquet", row_group_size=5_000)


def customer_name(number: int) -> str:
    """The id of a customer."""
    return f"c{number:04d}"


def instant_of(day: int) -> int:
    """The instant at which a local day begins, microseconds since 1970 UTC."""
    return micros(start_of_day(date(1970, 1, 1) + timedelta(days=day), ZONE))
