"""A shop whose customers order at known rates, with a campaign by an experiment that adds orders to the treated."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.arrays import Booleans, Floats
from features.calendar import micros, start_of_day
from features.config.shop import ShopConfig, read_shop_config
from features.decisions.history_tables import DECISIONS_TABLE
from features.decisions.records import Decision
from features.history import Cutoff
from pipelines.home import Home
from pipelines.learning.predictions.prediction_snapshots import write_snapshot
from pipelines.run_context import RunContext
from pipelines.steps import ingest
from tests.pipelines import shops
from tests.pipelines.learning.predictions.test_prediction_snapshots import metadata
from training.experiments.record.experiment import Arm, Experiment, Metric
from training.experiments.record.experiment_folder import ExperimentFolder

CUSTOMERS, HORIZON, PREDICTED_ON, LOG_DAYS = 1_500, 30, 60, 100
CONTROL_SHARE = 0.2
DAY = shops.day(PREDICTED_ON)


@dataclass(frozen=True)
class LoopShop:
    """The shop, with the rates of its customers in orders a day."""

    config: ShopConfig
    home: Home
    rates: Floats  # (n,)

    def context(self, number: int) -> RunContext:
        """The run of a day after the opening."""
        return RunContext(self.config, self.home, shops.day(number), lambda _: None)

    def take_snapshot(self, *, level: float = 1.0, day: date = DAY, release: str = "7") -> None:
        """Keep the predictions by the true rates times a level, of a release that was trained on the day."""
        expected = self.rates * HORIZON * level
        scores = {
            "customer_id": names(),
            "churn_probability": (1 - self.rates * level) ** HORIZON,
            f"expected_orders_{HORIZON}d": expected,
            f"ltv_{HORIZON}d_mean": 10 * expected,
            f"ltv_{HORIZON}d_p10": np.zeros(CUSTOMERS),
            f"ltv_{HORIZON}d_p90": 10 * np.ceil(expected + 1.5 * np.sqrt(expected)),
        }
        pq.write_table(pa.table(scores), self.home.scores)
        trained = metadata(day)
        fields = {**asdict(trained), "churn_days": HORIZON}
        write_snapshot(self.home, self.home.scores, type(trained)(**fields), release, Cutoff.from_day(day, shops.ZONE))


def names() -> list[str]:
    """The ids of the customers."""
    return [f"c{number:04d}" for number in range(CUSTOMERS)]


def open_shop(
    folder: Path, *, boost: float = 1.0, level: float = 1.0, holdout: bool = True, late_days: int = 0
) -> LoopShop:
    """A shop whose campaign multiplies the orders of the treated by ``boost``, all orders after it by ``level``.

    Every tenth order is recorded ``late_days`` later.
    """
    rng = np.random.default_rng(11)
    rates = np.minimum(rng.gamma(1.0, 0.03, CUSTOMERS), 0.2)
    eligible = rates < np.quantile(rates, 0.4)
    control = eligible & (rng.random(CUSTOMERS) < (CONTROL_SHARE if holdout else 0.0))
    factor = np.where(eligible & ~control, boost, 1.0) * level
    orders = _draw_orders(rng, rates, factor)
    log = shops.log_of_orders(*orders)
    late = log.orders["at"].where(log.orders.index % 10 == 0) + pd.Timedelta(days=late_days)
    log = log.with_orders(log.orders.assign(loaded_at=late))
    shops.write_shop(folder, log, churn_days=str(HORIZON), ltv_days=f"[{HORIZON}]")
    config, home = read_shop_config(folder / "flywheel.toml"), Home(folder / "home")
    home.folder.mkdir()
    ingest.run(config, home, datetime(2024, 1, 8, tzinfo=UTC), lambda _: None)
    if boost != 1.0:
        _write_decisions(home, eligible, control, holdout=holdout)
    return LoopShop(config, home, rates)


def _draw_orders(rng: np.random.Generator, rates: Floats, factor: Floats) -> list[tuple[str, int, float]]:
    """At most one order a day; everybody orders on the first day, so that all are known."""
    later = np.arange(LOG_DAYS) >= PREDICTED_ON
    chance = rates[:, None] * np.where(later, factor[:, None], 1.0)
    placed = rng.random(chance.shape) < chance
    placed[:, 0] = True
    ids = names()
    return [(ids[customer], int(day), 10.0) for customer, day in zip(*np.nonzero(placed), strict=True)]


def _write_decisions(home: Home, eligible: Booleans, control: Booleans, *, holdout: bool) -> None:
    arms = (Arm(name="none", control=holdout, share=CONTROL_SHARE), Arm(name="mail", share=1 - CONTROL_SHARE))
    record = Experiment(
        id="win-back", arms=arms, outcome=Metric(kind="order", within_days=HORIZON), ends_on=DAY + timedelta(days=60)
    )
    decided_at = micros(start_of_day(DAY, shops.ZONE)) + 3_600_000_000
    ExperimentFolder(home.folder).start(record, decided_at, "test")
    rows = [
        drawn_decision(record, f"d{position}", names()[position], decided_at, control=bool(control[position]))
        for position in np.flatnonzero(eligible)
    ]
    DECISIONS_TABLE.write(home.history, DECISIONS_TABLE.build(rows, {}))


def drawn_decision(
    record: Experiment, decision_id: str, customer_id: str, decided_at: int, *, control: bool
) -> Decision:
    """The decision for the first arm of a record, or for the second one."""
    arm = 0 if control else 1
    return Decision(
        decision_id=decision_id,
        experiment_id=record.id,
        epoch=1,
        customer_id=customer_id,
        decided_at=decided_at,
        arm=record.arm_names[arm],
        probabilities=record.shares,
        probability=record.shares[arm],
        reason="drawn",
    )
