"""Today: the page tells whether its numbers can be trusted, who is about to leave, and what changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serving.app import create_app
from serving.audience_policy import AudiencePolicy
from serving.auth.scopes import KeyScope
from serving.growth.segment_sizes import SegmentSizes, record_night
from serving.observability.log_silence import LogSilence
from serving.releases.readiness_report import ModelReadiness, ReadinessReport
from serving.web.views.today import trust_view
from tests.serving.api.audience_requests import IDS, audit_lines, scored_shop
from tests.serving.fakes import PUBLICATION, FakeRelease, Shop
from tests.serving.scored import add_columns
from tests.serving.web.pages import Element, parse_page
from tests.serving.web.scoped_keys import signed_in_browser
from training.registry.promotion_log import Promotion, PromotionLog

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
REMINDERS = [date(2026, 11, 22 + number % 3) for number in range(len(IDS))]


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop of forty customers: every second is about to lapse, and none is price-sensitive."""
    shop = scored_shop(tmp_path, AudiencePolicy(smallest_audience=5))
    flags: list[object] = [number % 2 == 0 for number in range(len(IDS))]
    add_columns(
        tmp_path,
        preset_segment_price_sensitive=[False] * len(IDS),
        preset_segment_about_to_lapse=flags,
        remind_on=list(REMINDERS),
    )
    return shop


def today(client: TestClient, language: str = "en") -> Element:
    response = client.get("/app/", headers={"Accept": "text/html", "Accept-Language": language})
    assert response.status_code == 200, response.text
    return parse_page(response.text)


@pytest.mark.parametrize(
    ("language", "heading", "people"),
    [("en", "Who is about to leave", "Customers"), ("zh", "即将流失的客户", "客户数")],
)
def test_it_counts_who_is_about_to_leave_and_leads_to_the_list(
    shop: Shop, language: str, heading: str, people: str
) -> None:
    with shop.client() as client:
        section = today(client, language).one("section", id="leaving")
        assert section.one("h2").text == heading
        # c004 denies all marketing, so 19 of the 20 are left.
        assert f"{people} 19" in section.text
        button = section.one("a", role="button")
        assert button.attributes["href"] == "/app/audiences/new?is%3Apreset_segment_about_to_lapse=true&holdout=10"
        count = client.post("/v1/audiences", json={
            "filter": {"column": "preset_segment_about_to_lapse", "equals": True}, "keep": False
        }).json()["count"]  # fmt: skip
        assert count == 19


def test_a_withdrawn_consent_counts_at_once(shop: Shop) -> None:
    with shop.client() as client:
        client.put("/v1/customers/c000/consents", json={"consents": [{"purpose": "marketing", "granted": False}]})
        page = today(client)
        assert "Customers 18" in page.one("section", id="leaving").text
        assert "Consents withdrawn in the last seven days: 1" in page.one("main").text


def test_it_counts_who_is_due_on_each_day_of_the_week(shop: Shop) -> None:
    with shop.client() as client:
        days = today(client).all("a", class_="row")
        assert [day.attributes["href"] for day in days[:2]] == [
            "/app/calendar?day=2026-11-21", "/app/calendar?day=2026-11-22"
        ]  # fmt: skip
        due = [day.all("span", class_="value")[0].text for day in days]
        assert due == [f"{number} people" for number in (0, 14, 12, 13, 0, 0, 0)]


def test_price_sensitivity_says_that_it_was_observed_unless_an_experiment_caused_it(shop: Shop, tmp_path: Path) -> None:
    with shop.client() as client:
        assert "observed, not caused" in today(client).one("main").text
        add_columns(tmp_path, price_sensitivity_evidence=["experiment"] * len(IDS))
        assert "observed, not caused" not in today(client).one("main").text


@pytest.mark.parametrize(
    ("days_ago", "before", "text"),
    [
        (7, 15, "4 more than on 14 Nov 2026"),
        (8, 22, "3 fewer than on 13 Nov 2026"),
        (7, 19, "as many as on 14 Nov 2026"),
        (2, 15, "is told from 26 Nov 2026 on"),
        (40, 15, "a week after the next scoring"),
    ],
)
def test_a_group_tells_how_it_changed_since_the_week_before(
    shop: Shop, tmp_path: Path, days_ago: int, before: int, text: str
) -> None:
    day = NOON.date() - timedelta(days=days_ago)
    record_night(tmp_path, SegmentSizes(day, {"about_to_lapse": before}))
    with shop.client() as client:
        shop.worker.growth_loader.poll()
        assert text in today(client).one("main").text


def test_a_change_from_a_group_of_a_few_is_not_told(shop: Shop, tmp_path: Path) -> None:
    record_night(tmp_path, SegmentSizes(date(2026, 11, 14), {"about_to_lapse": 4, "price_sensitive": None}))
    with signed_in_browser(shop, tmp_path, KeyScope.AUDIENCE) as browser:
        shop.worker.growth_loader.poll()
        text = today(browser).one("main").text
        assert "About to lapse 19" in text
        assert "14 Nov" not in text


def test_few_customers_are_told_to_admins_alone(shop: Shop, tmp_path: Path) -> None:
    with signed_in_browser(shop, tmp_path, KeyScope.AUDIENCE, KeyScope.VIEW) as browser:
        tiles = {tile.one("h3").text: tile for tile in today(browser).all("article", class_="tile")}
        assert "fewer than 5" in tiles["Price-sensitive"].text
        assert "19" in tiles["About to lapse"].text
        assert "withdrawn in the last seven days: fewer than 5" in today(browser).one("main").text


def test_what_a_key_may_not_see_is_named_with_the_scope_it_lacks(shop: Shop, tmp_path: Path) -> None:
    with signed_in_browser(shop, tmp_path, KeyScope.CONSENT) as browser:
        text = today(browser).one("main").text
        for scope in ("audience", "predict", "view"):
            assert f"Your key lacks the scope {scope}." in text
        assert "Customers" not in text


def test_reading_it_leaves_no_audit_line(shop: Shop, tmp_path: Path) -> None:
    with shop.client() as client:
        today(client)
        assert not (tmp_path / "audit.jsonl").exists() or audit_lines(tmp_path) == []


def test_without_a_release_it_says_what_to_run(tmp_path: Path) -> None:
    with Shop.of(home=tmp_path).client() as client:
        assert "Nothing can be answered yet" in today(client).one("main").text
        assert "flywheel readiness" in today(client, "zh").one("main").text


def test_without_a_release_it_says_what_the_log_can_teach_and_what_is_missing(tmp_path: Path) -> None:
    models = (
        ModelReadiness("churn", 90, 1234),
        ModelReadiness("next_purchase", 90, 7, "customers", needed=30, present=7),
        ModelReadiness("ltv", 365, 1234, "log_days", needed=800, present=600, trainable_on=date(2027, 6, 1)),
    )
    ReadinessReport(NOON.date(), models).write(tmp_path)
    with Shop.of(home=tmp_path).client() as client:
        rows = [row.text for row in today(client).all("tr")[1:]]
        assert rows[0] == "Leaving, within 90 days yes 1,234 nothing"
        assert rows[1].startswith("Next order, within 90 days not yet 7 At least 30 customers are needed")
        assert "must span 800 days and spans 600: it is long enough on 1 Jun 2027." in rows[2]
        assert "2027年6月1日 起足够长" in today(client, "zh").one("main").text
    with signed_in_browser(Shop.of(home=tmp_path), tmp_path, KeyScope.AUDIENCE) as browser:
        assert "not yet fewer than 10 At least" in today(browser).all("tr")[2].text


def test_without_scores_it_says_what_to_run(tmp_path: Path) -> None:
    with Shop.of(FakeRelease(), home=tmp_path).client() as client:
        page = today(client)
        assert "There is no scores table. Run flywheel score." in page.one("div", id="trust").text
        assert "The sizes cannot be read just now." in page.one("section", id="leaving").text


def test_where_nobody_agreed_it_says_how_consent_gets_in(shop: Shop) -> None:
    with shop.client() as client:
        for customer_id in IDS:
            consents = {"consents": [{"purpose": "marketing", "granted": False}]}
            client.put(f"/v1/customers/{customer_id}/consents", json=consents)
        assert "No customer has agreed to marketing yet" in today(client).one("section", id="leaving").text


def test_it_tells_of_new_releases_and_rollbacks(shop: Shop, tmp_path: Path) -> None:
    log = PromotionLog.of_home(tmp_path)
    at = datetime(2026, 11, 20, tzinfo=UTC)
    log.append(Promotion(version="7", replaced=None, by="ann", at=at, why="passed", gate={}))
    log.append(Promotion(version="6", replaced="7", by="bob", at=NOON, why="<b>worse</b>", gate={}, kind="rollback"))
    with shop.client() as client:
        text = today(client).one("main").text
        assert "Rolled back to release 6 on 21 Nov 2026." in text
        assert "<b>worse</b>" in text
        assert "Release 7 began to answer on 20 Nov 2026." in text
        assert "ann" not in text


@pytest.mark.parametrize(
    ("scored_at", "level", "reasons"),
    [
        (datetime(2026, 11, 21, tzinfo=UTC), "good", ()),
        (datetime(2026, 11, 20, 12, tzinfo=UTC), "good", ()),
        (datetime(2026, 11, 20, 11, tzinfo=UTC), "warning", ("scores_old",)),
        (datetime(2026, 11, 14, 12, tzinfo=UTC), "warning", ("scores_old",)),
        (datetime(2026, 11, 14, 11, tzinfo=UTC), "bad", ("scores_stale",)),
        (datetime(2026, 11, 22, tzinfo=UTC), "bad", ("scores_of_later_day",)),
        (None, "bad", ("not_scored",)),
    ],
)
def test_old_scores_are_amber_and_stale_ones_red(
    scored_at: datetime | None, level: str, reasons: tuple[str, ...]
) -> None:
    view = trust_view("7", scored_at, LogSilence(PUBLICATION, date(2026, 11, 21)), NOON, 7)
    assert (view.level, view.reasons) == (level, reasons)


@pytest.mark.parametrize(("last_day", "level"), [(date(2026, 11, 17), "good"), (date(2026, 11, 16), "bad")])
def test_a_log_that_ended_earlier_than_usual_is_red(last_day: date, level: str, shop: Shop) -> None:
    silent = replace(PUBLICATION, last_day=last_day)
    assert trust_view("7", NOON, LogSilence(silent, date(2026, 11, 21)), NOON, 7).level == level
    worker = Shop.of(FakeRelease(), publication=silent, home=shop.worker.home).worker
    with TestClient(create_app(lambda: worker)) as client:
        assert ("earlier than usual for this shop" in today(client).one("main").text) == (level == "bad")
