"""Shop of the page: two releases, consents, messages, and a win-back campaign with a control arm that has ended."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from datetime import time as time_of_day
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.testclient import TestClient

from features.calendar import micros
from pipelines.home import Home
from serving.api.app_state import AppState
from serving.app import create_app
from serving.settings import Settings
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.shops import Log

CUSTOMERS, LOG_DAYS = 600, 300
CAMPAIGN_DAY, TODAY = 150, 285  # days after the opening
DENIED = "00007"  # this customer does not agree to profiling
EXPERIMENT = {
    "id": "win-back",
    "arms": [{"name": "none", "control": True}, {"name": "mail", "cost": 0.2}],
    "eligible": {"purpose": "marketing", "channel": "email"},
    "outcome": {"kind": "order", "within_days": 28},
    "ends_on": str(shops.day(CAMPAIGN_DAY + 40)),
}
RUNNING_EXPERIMENT = {**EXPERIMENT, "id": "spring-offer", "ends_on": str(shops.day(TODAY + 60))}
SECONDS_OF_A_RUN = 900  # on two busy cores
RESPONSE = 0.35  # the share of the treated who place one order more
SECTIONS = """
[consents]
path = "consents.csv"
customer_id = "customer"
purpose = "purpose"
channel = "channel"
granted = "granted"
changed_at = "at"

[touches]
path = "touches.csv"
customer_id = "customer"
sent_at = "at"
campaign_id = "campaign"
channel = "channel"
treated = "treated"

[costs]
path = "costs.csv"
day = "day"
source = "source"
amount = "amount"
"""
COSTS = {"web": 30.0, "store": 8.0}  # a day


@dataclass(frozen=True)
class ShopClock:
    """Clock that began at a moment of the shop and goes on."""

    moment: datetime
    began: float = field(default_factory=time.monotonic)

    def now(self, zone: ZoneInfo) -> int:  # noqa: ARG002 - the moment has a zone
        """Microseconds since 1970 UTC."""
        return micros(self.moment) + int((time.monotonic() - self.began) * 1e6)


@dataclass(frozen=True)
class CampaignShop:
    """The shop: its folder, and the service on a day."""

    flywheel: Flywheel

    @classmethod
    def of_folder(cls, folder: Path) -> CampaignShop:
        """The shop that was created in this folder, or its copy."""
        return cls(Flywheel(folder))

    @classmethod
    def create(cls, folder: Path) -> CampaignShop:
        """Train, run the campaign, train again on the day of the service, and start a second campaign."""
        shop, log = cls.of_folder(folder), _with_channels(shops.simulate_log(CUSTOMERS, LOG_DAYS))
        shops.write_shop(folder, log, churn_rules='{ "30 days without an order" = { no_order_days = 30 } }')
        config = folder / "flywheel.toml"
        text = config.read_text().replace("[orders]", '[orders]\nchannel = "channel"')
        config.write_text(text.replace("[business]", f"{SECTIONS}\n[business]"))
        customers = sorted({*log.orders["customer"]} - {""})
        _consents(customers).to_csv(folder / "consents.csv", index=False)
        _costs().to_csv(folder / "costs.csv", index=False)
        _touches([]).to_csv(folder / "touches.csv", index=False)
        shop.run(CAMPAIGN_DAY)
        decisions = shop.start(EXPERIMENT, CAMPAIGN_DAY, customers)
        _touches(decisions).to_csv(folder / "touches.csv", index=False)
        pd.concat([log.orders, _responses(decisions)]).to_csv(folder / "orders.csv", index=False)
        shop.run(TODAY)
        shop.start(RUNNING_EXPERIMENT, TODAY, customers)
        return shop

    @property
    def home(self) -> Home:
        """Its home."""
        return self.flywheel.home

    def run(self, number: int) -> None:
        """Run the pipeline as of a day; it must succeed."""
        result = self.flywheel.start("run", "--as-of", shops.day(number)).wait(SECONDS_OF_A_RUN)
        assert result.status == 0, result.err

    def start(self, experiment: dict[str, Any], number: int, customers: list[str]) -> list[dict[str, Any]]:
        """Start an experiment on a day and decide for the customers; return the decisions that drew an arm."""
        with TestClient(self.application(number), base_url="http://localhost") as client:
            client.post("/v1/experiments", json=experiment).raise_for_status()
            request = {"experiment_id": experiment["id"], "customer_ids": customers}
            answer = json.loads(client.post("/v1/decisions", json=request).raise_for_status().content)
        return [decision for decision in answer["decisions"] if decision["arm"] is not None]

    def application(self, number: int = TODAY, keys: Sequence[str] = ()) -> FastAPI:
        """The service at ten o'clock of a day."""
        moment = datetime.combine(shops.day(number), time_of_day(10), shops.ZONE)
        settings = Settings(
            home=self.home.folder, as_of=moment, api_keys=tuple(map(SecretStr, keys)), deadline_seconds=60
        )
        return create_app(lambda: replace(AppState.open(settings), machine_clock=ShopClock(moment)))


def _with_channels(log: Log) -> Log:
    """Every third customer orders on the web, the others in the store."""
    number = pd.to_numeric(log.orders["customer"], errors="coerce")
    return log.with_orders(log.orders.assign(channel=np.where(number % 3 == 0, "web", "store")))


def _costs() -> pd.DataFrame:
    """What each channel costs a day."""
    rows = [(shops.day(number), name, amount) for number in range(LOG_DAYS) for name, amount in COSTS.items()]
    return pd.DataFrame(rows, columns=["day", "source", "amount"])


def _consents(customers: list[str]) -> pd.DataFrame:
    """Most agree to messages by mail, some to short messages; one does not agree to profiling."""
    rng = np.random.default_rng(5)
    rows = [
        {"customer": customer, "purpose": "marketing", "channel": channel, "granted": bool(rng.random() < share)}
        for customer in customers
        for channel, share in (("email", 0.8), ("sms", 0.3))
    ]
    rows.append({"customer": DENIED, "purpose": "profiling", "channel": "*", "granted": False})
    return pd.DataFrame(rows).assign(at=f"{_morning(1)}")


def _touches(decisions: list[dict[str, Any]]) -> pd.DataFrame:
    rows = [
        (decision["customer_id"], _morning(CAMPAIGN_DAY), "win-back", "email", decision["arm"] == "mail")
        for decision in decisions
    ]
    return pd.DataFrame(rows, columns=["customer", "at", "campaign", "channel", "treated"])


def _responses(decisions: list[dict[str, Any]]) -> pd.DataFrame:
    """One more order of some of the treated, in the two weeks after the message."""
    rng = np.random.default_rng(7)
    responders = [row["customer_id"] for row in decisions if row["arm"] == "mail" and rng.random() < RESPONSE]
    days = [CAMPAIGN_DAY + int(rng.integers(1, 14)) for _ in responders]
    return shops.log_of_orders(*((name, day, 25.0) for name, day in zip(responders, days, strict=True))).orders.assign(
        basket=[f"r{number}" for number in range(len(responders))], channel="web"
    )


def _morning(number: int) -> str:
    day: date = shops.day(number)
    return f"{day} 09:00:00"
