"""Situations: their logs are the same at every draw, and show what they are made to show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.simulation.renewal_situations import RENEWAL_SITUATIONS
from benchmarks.simulation.shop_situations import SHOP_SITUATIONS
from benchmarks.simulation.situations import SITUATIONS


def days_of(name: str) -> pd.Series:
    """Order days of a situation, since the log's first day."""
    return (SITUATIONS[name].lines()["ordered_at"] - pd.Timestamp("2021-01-01")).dt.days


@pytest.mark.parametrize(
    ("name", "lines", "day_sum"),
    [
        ("tiny", 1388, 318_223),
        ("short60", 13_434, 638_584),
        ("halves", 25_750, 9_175_083),
        ("burst", 13_059, 7_141_211),
    ],
)
def test_a_seed_gives_the_published_log(name: str, lines: int, day_sum: int) -> None:
    days = days_of(name)
    assert (len(days), int(days.sum())) == (lines, day_sum)


@pytest.mark.slow
@pytest.mark.parametrize("name", SITUATIONS)
def test_a_log_is_the_same_at_every_draw_and_goes_on_after_the_cut(name: str) -> None:
    situation, lines = SITUATIONS[name], SITUATIONS[name].lines()
    pd.testing.assert_frame_equal(lines, situation.lines())
    day = (lines["ordered_at"] - np.datetime64("2021-01-01")).dt.days
    assert day.min() < situation.cut_day
    if name != "burst":  # whose event is over within a week
        assert day.max() >= situation.cut_day + situation.horizon - 1
    assert lines["ordered_at"].is_monotonic_increasing


def test_a_shut_shop_has_no_orders() -> None:
    assert not days_of("closed-months").between(300, 419).any()
    assert not (SITUATIONS["restaurant"].lines()["ordered_at"].dt.day_name() == "Monday").any()


def test_subscribers_order_by_the_clock() -> None:
    lines = SITUATIONS["subscription"].lines()
    gaps = lines.groupby("customer_id")["ordered_at"].diff().dt.days.dropna()
    assert gaps.between(22, 39).all()


def test_nobody_comes_back_where_everybody_orders_once() -> None:
    assert SITUATIONS["one-order-each"].lines()["customer_id"].is_unique


def test_one_line_is_mistyped() -> None:
    assert (days_of("line-of-1900") < 0).sum() == 1
    amounts = SITUATIONS["giant-amount"].lines()["amount"]
    assert (amounts == 1e8).sum() == 1
    assert amounts.nlargest(2).iloc[1] < 10_000


def test_the_written_log_ends_before_the_cut(tmp_path: Path) -> None:
    situation = SITUATIONS["tiny"]
    lines = situation.lines()
    config = situation.write_log(lines, tmp_path)
    known = pd.read_csv(tmp_path / "log.csv", parse_dates=["ordered_at"])
    assert len(known) == (lines["ordered_at"] < pd.Timestamp(situation.as_of)).sum()
    assert known["ordered_at"].max() < pd.Timestamp(situation.as_of)
    assert config.business.churn_days == situation.horizon


def test_no_two_situations_share_a_name() -> None:
    assert len(SITUATIONS) == len(RENEWAL_SITUATIONS) + len(SHOP_SITUATIONS)
