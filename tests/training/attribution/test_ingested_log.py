"""An ingested log: attribution reads what ingestion writes, by the days of the shop."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from features.config.shop import read_shop_config
from features.ingestion.ingest import ingest
from tests.logs import write_config
from training.attribution.acquisition_costs import source_costs
from training.attribution.log.log_reader import read_attribution_log
from training.attribution.period import Period
from training.attribution.rows import AttributionLog

SECTIONS = """
[touches]
path = "touches.csv"
customer_id = "who"
sent_at = "at"
campaign_id = "what"
channel = "how"
treated = "sent"
probability = "chance"
cost = "paid"
[costs]
path = "costs.csv"
day = "day"
source = "from"
amount = "paid"
"""


def read(home: Path) -> AttributionLog:
    period = Period(date(2026, 1, 1), date(2026, 2, 1))
    return read_attribution_log(home, period, ZoneInfo("UTC"), lambda ids: ids)


def test_touches_orders_and_costs_are_read_as_ingestion_writes_them(tmp_path: Path) -> None:
    write_config(tmp_path)
    (tmp_path / "orders.csv").write_text("customer,at,amount\nann,2026-01-31,1\nbob,2026-02-01,1\neve,2025-02-01,1\n")
    (tmp_path / "touches.csv").write_text(
        "who,at,what,how,sent,chance,paid\nann,2026-01-30,spring, EMail,yes,0.9,0.05\n"
        "bob,2026-01-30,spring,email,no,0.9,\n"
    )
    (tmp_path / "costs.csv").write_text("day,from,paid\n2026-01-30,Email,12.5\n")
    with (tmp_path / "flywheel.toml").open("a") as file:
        file.write(SECTIONS)
    ingest(read_shop_config(tmp_path / "flywheel.toml"), tmp_path / "history")
    log = read(tmp_path)
    assert (log.channels, log.campaigns) == (("email",), ("spring",))
    assert (log.touches.treated.tolist(), log.touches.probability.tolist()) == ([True, False], [0.9, 0.9])
    assert log.touches.cost.tolist() == [0.05, 0.0]
    assert len(log.orders) == 2  # ann's, and eve's of the year before
    (cost,) = source_costs(tmp_path, log, Period(date(2026, 1, 1), date(2026, 2, 1)))
    assert (cost.source, cost.amount, cost.new_customers) == ("email", 12.5, 1)
