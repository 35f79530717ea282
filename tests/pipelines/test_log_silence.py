"""A log that stopped: commands warn, refuse or answer as of its end, and the service names the end of the log."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import ShopOf
from tests.pipelines.service import request_predictions, service_of
from tests.pipelines.state import home_state

pytestmark = pytest.mark.slow

LAST, END = shops.day(11), shops.day(12)  # the corner shop's last day with an order, years before the machine's clock
TOMORROW = datetime.now(UTC).date() + timedelta(days=2)  # in every time zone


def test_readiness_of_a_log_that_ended_names_its_end_and_the_remedy(shop_of: ShopOf) -> None:
    flywheel = shop_of(shops.simulate_log(60, 12))
    result = flywheel("readiness")
    assert result.status == 0
    assert f"The log ends on {LAST}" in result.out
    assert f"for a log that ended, use --as-of {END}, or --accept-silence" in result.out
    summary = flywheel("readiness", "--json").summary
    assert [note["severity"] for note in summary["plausibility"] if note["code"] == "log_silent"] == ["blocking"]
    accepted = flywheel("readiness", "--accept-silence", "--json").summary
    assert accepted["as_of"] == END.isoformat()
    assert accepted == flywheel("readiness", "--as-of", END, "--json").summary


@pytest.mark.parametrize("command", ["run", "publish", "train", "evaluate"])
def test_a_nightly_job_whose_export_stopped_changes_nothing(command: str, corner_shop: Flywheel) -> None:
    before = home_state(corner_shop.home)
    result = corner_shop(command, "--json")
    assert (result.status, result.out) == (3, "")
    assert f"The log ends on {LAST}" in result.err
    assert home_state(corner_shop.home) == before


def test_the_first_run_of_a_log_that_ended_promotes_nothing(shop_of: ShopOf) -> None:
    flywheel = shop_of(shops.simulate_log(60, 12))
    assert flywheel("run").status == 3
    assert flywheel.home.champion() is None
    assert not flywheel.home.scores.exists()


def test_an_accepted_silence_gives_the_answers_of_the_day_after_the_last_order(corner_shop: Flywheel) -> None:
    accepted = corner_shop("run", "--accept-silence", "--json")
    assert accepted.status == 0, accepted.err
    assert accepted.summary["as_of"] == END.isoformat()
    assert f"everything is as of {END}" in accepted.summary["warnings"][0]
    scores = corner_shop.scores
    dated = corner_shop("run", "--as-of", END, "--json")
    assert (dated.summary["trained"], dated.summary["warnings"]) == (accepted.summary["trained"], [])
    assert corner_shop.scores.equals(scores)
    assert corner_shop("score", "--json").summary["log_until"] == accepted.summary["log"]["log_until"]


@pytest.mark.parametrize("command", ["readiness", "run", "publish", "train", "evaluate", "score", "serve", "explain"])
def test_nobody_may_ask_for_a_day_that_has_not_begun(command: str, corner_shop: Flywheel) -> None:
    before = home_state(corner_shop.home)
    result = corner_shop(command, *(["ann"] if command == "explain" else []), "--as-of", TOMORROW)
    assert result.status == (1 if command == "serve" else 2)
    assert "Expected" in result.err
    assert "every customer would look silent" in result.err
    assert home_state(corner_shop.home) == before


def test_the_service_names_the_end_of_the_log_and_notices_that_the_job_stopped(corner_shop: Flywheel) -> None:
    until = corner_shop("publish", "--as-of", shops.day(10), "--json").summary["log_until"]
    assert corner_shop("score", "--json").summary["log_until"] == until
    customer = corner_shop.scores["customer_id"][0].as_py()
    with service_of(corner_shop.home, shops.day(10)) as client:
        assert request_predictions(client, [customer])[0]["log_until"] == until
        probe, status = client.get("/readyz").json(), client.get("/v1/status").json()
    assert (probe["status"], probe["log_until"], probe["silence_days"]) == ("ready", until, 0)
    assert (status["features_at"], status["champion"]) == (midnight(shops.day(10)), "1")
    with service_of(corner_shop.home, shops.day(100)) as client:
        assert client.get("/readyz").json()["status"] == "ready"
        assert "Check that the nightly job runs" in client.get("/readyz").json()["notice"]
        assert "flywheel_log_silence_days 90.0" in client.get("/metrics").text


def midnight(day: date) -> str:
    """The instant at which a day of the shop begins, as the service writes it."""
    local = datetime(day.year, day.month, day.day, tzinfo=shops.ZONE)
    return local.astimezone(UTC).isoformat().replace("+00:00", "Z")
