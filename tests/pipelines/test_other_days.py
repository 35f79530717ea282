from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import ShopSnapshot
from tests.pipelines.state import home_state

pytestmark = pytest.mark.slow

TENTH = shops.day(10)


def scored_days(flywheel: Flywheel) -> set[str]:
    """The days that the last scores speak for."""
    at = flywheel.scores["as_of"].unique().to_pylist()
    return {one.astimezone(shops.ZONE).date().isoformat() for one in at}


def test_an_earlier_day_may_be_published_and_scored_and_the_later_one_again(corner_shop: Flywheel) -> None:
    before, everybody = home_state(corner_shop.home), corner_shop.scores.num_rows
    assert corner_shop("publish", "--as-of", shops.day(6)).status == 0
    assert corner_shop("score").status == 0
    assert scored_days(corner_shop) == {shops.day(6).isoformat()}
    assert 0 < corner_shop.scores.num_rows < everybody
    assert corner_shop("publish", "--as-of", TENTH).status == 0
    assert corner_shop("score").status == 0
    assert home_state(corner_shop.home) == before


def test_any_published_day_can_be_scored_and_into_any_file(corner_shop: Flywheel) -> None:
    before = corner_shop.home.scores.read_bytes()
    published = pq.read_table(corner_shop.home.features / "transactions.parquet")["event_timestamp"].to_pylist()
    first = min(published).astimezone(shops.ZONE).date()
    said = corner_shop("score", "--as-of", first, "--out", "then/scores.parquet", "--json")
    assert said.summary["path"] == str((corner_shop.folder / "then" / "scores.parquet").resolve())
    assert said.summary["customers"] == published.count(min(published))
    assert corner_shop.home.scores.read_bytes() == before
    assert [one.name for one in (corner_shop.folder / "then").iterdir()] == ["scores.parquet"]


def test_scores_that_leave_the_home_leave_a_line_and_those_that_stay_none(corner_shop: Flywheel) -> None:
    audit = corner_shop.home.folder / "audit.jsonl"
    assert corner_shop("score").status == 0
    assert not audit.exists()
    said = corner_shop("score", "--out", "elsewhere.parquet", "--json")
    line = json.loads(audit.read_text())
    assert (line["action"], line["actor"], line["members"]) == ("export", "cli", said.summary["customers"])
    assert line["consent_state"] == str(corner_shop.home.ledger().state())


def test_a_day_that_was_not_published_says_how_to_publish_it(corner_shop: Flywheel) -> None:
    said = corner_shop("score", "--as-of", shops.day(11))
    assert said.status == 1
    assert f"The published features have nobody at {shops.day(11)}" in said.err
    assert f"run `flywheel publish --as-of {shops.day(11)}` first" in said.err


def test_tomorrow_the_same_shop_learns_a_second_release(corner_shop: Flywheel) -> None:
    done = corner_shop("run", "--as-of", shops.day(11), "--out", "scores.parquet", "--json")
    assert (done.status, done.summary["trained"], done.summary["release"]) == (0, "2", "2")
    assert (corner_shop.folder / "scores.parquet").exists()
    assert set(corner_shop.scores["release"].to_pylist()) == {"1"}


def test_an_origin_whose_window_is_still_open_is_refused(grown_shop: ShopSnapshot) -> None:
    flywheel, today = grown_shop.restore(), shops.day(180)
    said = flywheel("evaluate", "--as-of", today, "--origin", shops.day(150))
    assert said.status == 1
    assert "The window of 60 days after" in said.err
    asked = flywheel("evaluate", "--as-of", today, "--origin", shops.day(110), "--json")
    assert {one["origin"] for one in asked.summary["scores"]} == {shops.day(110).isoformat()}
