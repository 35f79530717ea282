"""Closed weeks and months: whatever becomes known later, what was written stays, and the rest stands beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import StoreDamaged
from pipelines.home import Home
from pipelines.steps import backup, forget, restore
from pipelines.steps.restore import BackupSource
from tests.pipelines.learning.growth.growth_shop import (
    CUSTOMERS,
    FIRST_AS_OF,
    GrowthShop,
    by_period,
    ignore,
    instant_of,
    is_balanced,
    steady_log,
)
from training.growth.period_figures import PeriodFigures

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path) -> GrowthShop:
    """A shop that was counted for the first time on its hundredth day."""
    shop = GrowthShop(tmp_path / "shop", steady_log())
    answer = shop.update(FIRST_AS_OF)
    assert [week.status for week in answer.weeks[-2:]] == ["closed", "partial"]
    return shop


def test_the_weeks_tell_who_lapsed_and_who_was_won_back(shop: GrowthShop) -> None:
    weeks = shop.update(FIRST_AS_OF + 20).weeks
    assert all(map(is_balanced, weeks))
    paused = len(range(0, CUSTOMERS, 5))
    assert sum((week.lapsed or 0) + (week.downgraded or 0) for week in weeks) == paused
    assert sum((week.won_back or 0) + (week.upgraded or 0) for week in weeks) == paused
    assert weeks[-1].high_value_active == CUSTOMERS


def test_late_lines_and_returns_change_no_closed_period(shop: GrowthShop) -> None:
    written, before = shop.closed_lines(), by_period(shop.update(FIRST_AS_OF))
    shop.add(*((f"new{number}", 85, 90.0) for number in range(7)), ("c001", 86, -60.0))
    after = by_period(shop.update(FIRST_AS_OF))
    assert shop.closed_lines() == written
    for name, period in before.items():
        if period.status == "closed":
            assert after[name].model_copy(update={"restated": None}) == period
    restated = after["2024-W14"].restated
    assert restated is not None
    assert restated.reason == "log_changed"
    assert restated.high_value_active == (before["2024-W14"].high_value_active or 0) + 7 - 1
    assert "The closed figure stays" in restated.note.en
    assert "已结账的数字不变" in restated.note.zh


def test_what_was_revised_stands_in_the_next_period(shop: GrowthShop) -> None:
    shop.add(*((f"new{number}", 90, 90.0) for number in range(7)))
    weeks = shop.update(FIRST_AS_OF + 7).weeks
    first_new = next(week for week in weeks if week.revised)
    assert first_new.revised == 7
    assert all(map(is_balanced, weeks))
    assert first_new.previous == weeks[weeks.index(first_new) - 1].high_value_active


def test_an_erased_customer_leaves_no_closed_period_and_no_trace(shop: GrowthShop) -> None:
    written, before = shop.closed_lines(), by_period(shop.update(FIRST_AS_OF))
    list(forget.run(shop.home, ["c001"], instant_of(FIRST_AS_OF)))
    answer = shop.update(FIRST_AS_OF)
    after = by_period(answer)
    assert shop.closed_lines() == written
    restated = after["2024-W14"].restated
    assert restated is not None
    assert restated.high_value_active == (before["2024-W14"].high_value_active or 0) - 1
    assert answer.today.high_value_active == (before["2024-W15"].high_value_active or 0) - 1
    assert not [path for path in shop.home.growth.iterdir() if "c001" in path.read_text()]


def test_a_restored_backup_has_the_closed_periods_and_goes_on(shop: GrowthShop, tmp_path: Path) -> None:
    written = shop.closed_lines()
    backup.run(shop.home, tmp_path / "backup", instant_of(FIRST_AS_OF), ignore)
    shop.add(*((f"new{number}", 85, 90.0) for number in range(7)))
    shop.home = Home(tmp_path / "restored")
    restore.run(shop.home, None, instant_of(FIRST_AS_OF), ignore, BackupSource(tmp_path / "backup"))
    shop.update(FIRST_AS_OF + 14)
    assert shop.closed_lines()[: len(written)] == written
    assert len(shop.closed_lines()) == len(written) + 3  # two weeks and April


@pytest.mark.parametrize("damage", ["", '{"kind": "week", "lost'])
def test_an_older_backup_takes_no_closed_period_away(shop: GrowthShop, tmp_path: Path, damage: str) -> None:
    backup.run(shop.home, tmp_path / "backup", instant_of(FIRST_AS_OF), ignore)
    shop.update(FIRST_AS_OF + 14)
    written = shop.closed_lines()
    (shop.home.growth / "closed.jsonl").write_text("\n".join([*written[1:], damage or written[0]]))
    source = BackupSource(tmp_path / "backup", replaces_home=True)
    restore.run(shop.home, None, instant_of(FIRST_AS_OF), ignore, source)
    assert sorted(shop.closed_lines()) == sorted(written)


def test_another_definition_changes_no_closed_period(shop: GrowthShop) -> None:
    written = shop.closed_lines()
    answer = shop.update(FIRST_AS_OF + 7, "{ active_days = 28, value_days = 28, level = 83.0 }")
    *earlier, latest = [week for week in answer.weeks if week.status == "closed"]
    assert shop.closed_lines()[: len(written)] == written
    assert {week.definition for week in earlier} != {latest.definition} == {answer.definition.digest}
    assert {week.restated.reason for week in earlier if week.restated} == {"definition_changed"}
    assert all(map(is_balanced, answer.weeks))


def test_a_level_that_is_chosen_stays_before_any_period_is_closed(tmp_path: Path) -> None:
    shop = GrowthShop(tmp_path / "shop", steady_log(8))
    settings = '{ active_days = 28, value_days = 7, level = "auto" }'
    first = shop.update(9, settings)
    assert not (shop.home.growth / "closed.jsonl").exists()
    shop.add(*((f"c{customer:03}", 9, 500.0) for customer in range(CUSTOMERS)))
    assert shop.update(10, settings).definition == first.definition


def test_an_earlier_day_closes_nothing_and_changes_nothing(shop: GrowthShop) -> None:
    shop.update(FIRST_AS_OF + 14)
    written = shop.closed_lines()
    answer = shop.update(FIRST_AS_OF)
    assert shop.closed_lines() == written
    assert max(period.end_day for period in answer.weeks) == answer.as_of
    assert answer.weeks[-1].status == "partial"


def test_a_run_that_is_repeated_writes_the_same(shop: GrowthShop) -> None:
    written = {path.name: path.read_bytes() for path in shop.home.growth.iterdir()}
    shop.update(FIRST_AS_OF)
    assert {path.name: path.read_bytes() for path in shop.home.growth.iterdir()} == written


def test_a_week_is_closed_only_when_the_log_goes_on_after_it(tmp_path: Path) -> None:
    shop = GrowthShop(tmp_path / "shop", steady_log(days=95))
    weeks = shop.update(FIRST_AS_OF).weeks
    assert [week.status for week in weeks[-2:]] == ["provisional", "partial"]
    assert f'"{weeks[-2].period}"' not in "".join(shop.closed_lines())


def test_a_damaged_closed_figure_stops_the_writing(shop: GrowthShop) -> None:
    path = shop.home.growth / "closed.jsonl"
    path.write_text(path.read_text().replace('"lapsed": ', '"lapsed" ', 1))
    damaged = path.read_bytes()
    with pytest.raises(StoreDamaged, match=r"Found a damaged line in .*expected the closed figures as they were"):
        shop.update(FIRST_AS_OF + 14)
    assert path.read_bytes() == damaged


def test_closed_figures_hold_no_customer(shop: GrowthShop) -> None:
    assert not [line for line in shop.closed_lines() if "c0" in line.replace("closed", "")]
    assert PeriodFigures.__dataclass_fields__.keys().isdisjoint({"customer_id", "customers"})
