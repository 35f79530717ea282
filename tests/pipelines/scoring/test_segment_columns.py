"""Everybody in the scores table is of the segments that the log, the predictions and the business make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.config.shop import ShopConfig, read_shop_config
from features.ingestion.ingest import ingest
from pipelines.home import Home
from pipelines.scoring.segment_columns import ScoredPopulation, SegmentsNotComputable, assign_segments
from tests.logs import cutoff, write_config
from tests.pipelines import shops
from tests.pipelines.conftest import ShopSnapshot
from tests.serving.fakes import METADATA
from training.segments.columns import segment_columns

DAY = "2026-03-01"
OWN = """
[business.segments."big baskets"]
orders = { within_days = 182, at_least = 2 }
average_basket = { within_days = 182, above = 50 }
[business.segments."no contact for 30 days"]
days_since_contact = { at_least = 30 }
"""
ORDERS = """customer,at,amount
ann,2026-02-27 10:00,60
ann,2026-02-10 10:00,50
bob,2025-06-01 10:00,40
bob,2025-05-01 10:00,40
new,2026-02-28 10:00,10
ann,2026-03-01 00:00,999
"""
EVENTS = """customer,at,kind
pat,2026-02-20 10:00,visit
sue,2025-01-20 10:00,visit
bob,2026-02-25 10:00,bounce
"""
CUSTOMERS = ["ann", "bob", "new", "pat", "sue"]


def ingest_shop(folder: Path, toml: str = OWN, orders: str = ORDERS) -> ShopConfig:
    """A shop of a handful of customers, ingested, and what it says."""
    (folder / "orders.csv").write_text(orders)
    (folder / "events.csv").write_text(EVENTS)
    amount = "amount" if "amount" in orders else None
    description = write_config(folder, events={"behaviour": ["visit"]}, amount=amount)
    ingest(description, folder / "history")
    path = folder / "flywheel.toml"
    path.write_text(f"{path.read_text()}\n{toml}")
    return read_shop_config(path)


def scored_population(folder: Path, description: ShopConfig, customers: Sequence[str] = CUSTOMERS) -> ScoredPopulation:
    return ScoredPopulation(
        home=Home(folder),
        config=description,
        cutoff=cutoff(DAY),
        version="7",
        metadata=replace(METADATA, has_amounts=description.orders.amount is not None),
        customers=pa.array(customers),
    )


def scores_table(population: ScoredPopulation, **more: pa.Array) -> pa.Table:
    """Predictions as a release could have made them: the first customer is worth most, the last leaves first."""
    customers = len(population.customers)
    days = [date(2026, 3, 1), date(2026, 3, 2), *[None] * customers][:customers]
    return pa.table(
        {
            "churn_probability": np.linspace(0.1, 0.9, customers),
            population.value_column: np.linspace(9, 1, customers),
            "next_category_remind_on": pa.array(days, pa.date32()),
            **more,
        }
    )


def assigned_columns(folder: Path, description: ShopConfig, **more: pa.Array) -> dict[str, list[object]]:
    of = scored_population(folder, description)
    columns: dict[str, list[object]] = (
        assign_segments(of, scores_table(of, **more)).table(0, len(CUSTOMERS)).to_pydict()
    )
    return columns


def test_everybody_known_is_sorted_prospects_too(tmp_path: Path) -> None:
    columns = assigned_columns(tmp_path, ingest_shop(tmp_path))
    assert list(columns) == [column.name for column in segment_columns(["big baskets", "no contact for 30 days"])]
    assert columns["lifecycle_stage"] == ["retention", "retention", "conversion", "contact", "potential"]
    assert columns["lifecycle_phase"] == ["repurchase", "lapse", "activate", "acquire", "acquire"]
    assert columns["rfm_recency"] == [2, 1, 4, None, None]
    assert columns["rfm_frequency"] == [2, 2, 1, None, None]
    assert columns["rfm_monetary"] == [4, 2, 1, None, None]
    assert columns["rfm_segment"] == ["important_win_back", "ordinary_win_back", "ordinary_develop", None, None]
    assert columns["value_tier"] == ["high", "medium", "medium", "low", "low"]
    assert columns["segments"] == [["big baskets"], ["no contact for 30 days"], [], [], ["no contact for 30 days"]]
    assert columns["segment_big_baskets"] == [True, False, False, False, False]


def test_preset_segments_are_made_of_the_log_and_the_predictions(tmp_path: Path) -> None:
    columns = assigned_columns(tmp_path, ingest_shop(tmp_path))
    assert columns["preset_segment_high_potential_newcomer"] == [True, False, False, False, False]
    assert columns["preset_segment_active_regular"] == [False] * 5
    assert columns["preset_segment_about_to_lapse"] == [False] * 5
    assert columns["preset_segment_due_for_replenishment"] == [True, False, False, False, False]
    assert assigned_columns(tmp_path, ingest_shop(tmp_path, "[business.preset_segments]\nregular_orders = 2"))[
        "preset_segment_active_regular"
    ][0]


def test_who_stands_nowhere_has_not_lapsed(tmp_path: Path) -> None:
    config = """
        [[business.lifecycle]]
        stage = "retention"
        phase = "lapse"
        when = { days_since_order = { at_least = 182 } }
    """
    columns = assigned_columns(tmp_path, ingest_shop(tmp_path, config), churn_probability=pa.array([0.9] * 5))
    assert columns["lifecycle_phase"] == [None, "lapse", None, None, None]
    assert columns["preset_segment_about_to_lapse"] == [True, False, False, False, False]


def test_without_amounts_orders_are_worth_and_layers_are_not_known(tmp_path: Path) -> None:
    orders = "\n".join(line.rpartition(",")[0] for line in ORDERS.splitlines())
    config = "[business.segments.often]\norders = { at_least = 2 }"
    description = ingest_shop(tmp_path, config, orders)
    assert scored_population(tmp_path, description).value_column == "expected_orders_365d"
    columns = assigned_columns(tmp_path, description)
    assert columns["rfm_frequency"] == [2, 2, 1, None, None]
    assert columns["rfm_monetary"] == columns["rfm_segment"] == columns["rfm_segment_zh"] == [None] * 5
    assert columns["value_tier"] == ["high", "medium", "medium", "low", "low"]
    assert columns["segment_often"] == [True, True, False, False, False]


def test_who_is_published_and_no_longer_in_the_log_fulfils_nothing(tmp_path: Path) -> None:
    of = scored_population(tmp_path, ingest_shop(tmp_path), ["ann", "gone"])
    ann, gone = assign_segments(of, scores_table(of)).table(0, 2).to_pylist()
    assert (ann["rfm_recency"], gone["rfm_recency"]) == (1, None)
    assert (gone["segments"], gone["lifecycle_stage"]) == ([], "potential")


def test_the_tiers_horizon_is_the_longest_or_the_one_that_is_said(tmp_path: Path) -> None:
    assert scored_population(tmp_path, ingest_shop(tmp_path, "")).value_column == "ltv_365d_mean"
    config = "[business.value_tiers]\nhorizon_days = 30"
    assert scored_population(tmp_path, ingest_shop(tmp_path, config)).value_column == "ltv_30d_mean"


def test_a_champion_with_too_short_horizons_is_refused_before_scoring(tmp_path: Path) -> None:
    config = "[business]\nltv_days = [60]\nvalue_tiers.horizon_days = 60"
    of = scored_population(tmp_path, ingest_shop(tmp_path, config))
    message = r"^Release 7 predicts 30, 90, 365 days, and \[business\.value_tiers\] asks for 60\. Expected a champion"
    with pytest.raises(SegmentsNotComputable, match=message):
        _ = of.required_columns


@pytest.mark.slow
def test_a_segment_written_today_is_in_the_table_after_scoring_without_training_again(
    grown_shop_snapshot: ShopSnapshot,
) -> None:
    flywheel = grown_shop_snapshot.restore()
    before = flywheel.scores
    described = flywheel.folder / "flywheel.toml"
    described.write_text(described.read_text() + '[business.segments."two or more"]\norders = { at_least = 2 }\n')
    assert flywheel("score").status == 0
    scores = flywheel.scores
    assert scores["segment_two_or_more"].equals(pc.greater_equal(scores["orders"], 2))
    added = {"segment_two_or_more", "segments"}
    names = [name for name in before.column_names if name not in added]
    assert scores.select(names).equals(before.select(names))


@pytest.mark.slow
def test_segments_agree_with_what_the_scores_say(grown_shop_snapshot: ShopSnapshot) -> None:
    table = grown_shop_snapshot.restore().scores
    rows = table.to_pylist()
    assert sum(row["value_tier"] == "high" for row in rows) == round(0.2 * len(rows))
    highest = [row["ltv_365d_mean"] for row in rows if row["value_tier"] == "high"]
    assert min(highest) >= max(row["ltv_365d_mean"] for row in rows if row["value_tier"] != "high")
    for row in rows:
        assert (row["lifecycle_phase"] == "acquire") == (row["orders"] == 0)
        assert (row["rfm_segment"] is None) == (row["orders"] == 0)
        due = row["next_category_remind_on"]
        assert row["preset_segment_due_for_replenishment"] == (due is not None and due <= shops.day(180))
        if row["preset_segment_active_regular"]:
            assert row["orders"] >= 5
            assert row["churn_probability"] < 0.3
