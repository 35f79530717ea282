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
    """The as-of days of the current scores."""
    timestamps = flywheel.scores["as_of"].unique().to_pylist()
    return {timestamp.astimezone(shops.ZONE).date().isoformat() for timestamp in timestamps}


def test_an_earlier_day_may_be_published_and_scored_and_the_later_one_again(corner_shop: Flywheel) -> None:
    before, customer_count = home_state(corner_shop.home), corner_shop.scores.num_rows
    assert corner_shop("publish", "--as-of", shops.day(6)).status == 0
    assert corner_shop("score").status == 0
    assert scored_days(corner_shop) == {shops.day(6).isoformat()}
    assert 0 < corner_shop.scores.num_rows < customer_count
    assert corner_shop("publish", "--as-of", TENTH).status == 0
    assert corner_shop("score").status == 0
    assert home_state(corner_shop.home) == before


def test_any_published_day_can_be_scored_and_into_any_file(corner_shop: Flywheel) -> None:
    before = corner_shop.home.scores.read_bytes()
    published = pq.read_table(corner_shop.home.features / "transactions.parquet")["event_timestamp"].to_pylist()
    first = min(published).astimezone(shops.ZONE).date()
    result = corner_shop("score", "--as-of", first, "--out", "then/scores.parquet", "--json")
    assert result.summary["path"] == str((corner_shop.folder / "then" / "scores.parquet").resolve())
    assert result.summary["customers"] == published.count(min(published))
    assert corner_shop.home.scores.read_bytes() == before
    assert [file.name for file in (corner_shop.folder / "then").iterdir()] == ["scores.parquet"]


def test_scores_written_outside_the_home_are_audited(corner_shop: Flywheel) -> None:
    audit = corner_shop.home.folder / "audit.jsonl"
    assert corner_shop("score").status == 0
    assert not audit.exists()
    result = corner_shop("score", "--out", "elsewhere.parquet", "--json")
    line = json.loads(audit.read_text())
    assert (line["action"], line["actor"], line["members"]) == ("export", "cli", result.summary["customers"])
    assert line["consent_state"] == str(corner_shop.home.ledger().state())


def test_a_day_that_was_not_published_says_how_to_publish_it(corner_shop: Flywheel) -> None:
    result = corner_shop("score", "--as-of", shops.day(11))
    assert result.status == 1
    assert f"The published features have no customer at {shops.day(11)}" in result.err
    assert f"run `flywheel publish --as-of {shops.day(11)}` first" in result.err


def test_tomorrow_the_same_shop_learns_a_second_release(corner_shop: Flywheel) -> None:
    result = corner_shop("run", "--as-of", shops.day(11), "--out", "scores.parquet", "--json")
    assert (result.status, result.summary["trained"], result.summary["release"]) == (0, "2", "2")
    assert (corner_shop.folder / "scores.parquet").exists()
    assert set(corner_shop.scores["release"].to_pylist()) == {"1"}


def test_an_origin_whose_window_is_still_open_is_refused(grown_shop_snapshot: ShopSnapshot) -> None:
    flywheel, today = grown_shop_snapshot.restore(), shops.day(180)
    result = flywheel("evaluate", "--as-of", today, "--origin", shops.day(150))
    assert result.status == 1
    assert "The window of 60 days after" in result.err
    accepted = flywheel("evaluate", "--as-of", today, "--origin", shops.day(110), "--json")
    assert {score["origin"] for score in accepted.summary["scores"]} == {shops.day(110).isoformat()}
