"""A shop whose growth is counted from its log alone, without training."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from features.config.shop import read_shop_config
from pipelines.home import Home
from pipelines.run_context import RunContext
from pipelines.steps import growth, ingest
from serving.schemas.growth import GrowthResponse, PeriodResponse
from tests.pipelines import shops
from tests.pipelines.shops import Log

SETTINGS = "{ active_days = 28, value_days = 28, level = 50.0 }"
CUSTOMERS, FIRST_AS_OF = 40, 100


@dataclass
class GrowthShop:
    """The shop, its log, and the answers of the growth step."""

    folder: Path
    log: Log
    extra: str = ""  # sections of flywheel.toml
    home: Home = field(init=False)

    def __post_init__(self) -> None:
        self.home = Home(self.folder / "home")
        self.home.folder.mkdir(parents=True, exist_ok=True)

    def update(self, as_of: int, settings: str = SETTINGS) -> GrowthResponse:
        """Ingest the log, and count as of a day after the opening."""
        shops.write_shop(self.folder, self.log, north_star=settings)
        path = self.folder / "flywheel.toml"
        channel = 'channel = "channel"\n' if "channel" in self.log.orders else ""
        path.write_text(path.read_text().replace("[orders]\n", f"[orders]\n{channel}") + self.extra)
        config, now = read_shop_config(path), instant_of(as_of)
        ingest.run(config, self.home, now, ignore)
        return growth.run(RunContext(config, self.home, shops.day(as_of), ignore, consents_at=now))

    def add(self, *orders: tuple[str, int, float]) -> None:
        """Add lines to the log, as late ones."""
        added = shops.log_of_orders(*orders).orders
        added["basket"] = [f"late{len(self.log.orders) + number}" for number in range(len(added))]
        self.log = replace(self.log, orders=pd.concat([self.log.orders, added], ignore_index=True))

    def closed_lines(self) -> list[str]:
        """The closed figures as they are written."""
        return (self.home.growth / "closed.jsonl").read_text().splitlines()


def ignore(_: str) -> None:
    """Report nothing."""


def instant_of(as_of: int) -> datetime:
    """Two in the morning of a day after the opening."""
    return datetime.combine(shops.day(as_of), datetime.min.time(), UTC) + timedelta(hours=2)


def steady_log(days: int = 130) -> Log:
    """Customers who spend 20 or more each week; every fifth pauses for six weeks and comes back."""
    return shops.log_of_orders(
        *(
            (f"c{customer:03}", day, 20.0 + customer % 3)
            for customer in range(CUSTOMERS)
            for day in range(customer % 7, days, 7)
            if customer % 5 or not 50 <= day < 92
        )
    )


def by_period(answer: GrowthResponse) -> dict[str, PeriodResponse]:
    """The weeks and months by name."""
    return {period.period: period for period in (*answer.weeks, *answer.months)}


def is_balanced(period: PeriodResponse) -> bool:
    """Whether what moved a period gives its number."""
    parts = (period.previous, period.revised, period.new, period.won_back, period.upgraded)
    gone = (period.lapsed or 0) + (period.downgraded or 0)
    return sum(part or 0 for part in parts) - gone == period.high_value_active
