"""Plausibility in a run: a log whose answers are worthless promotes nothing until a person accepts it."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from tests.pipelines import shops
from tests.pipelines.command import CommandResult, Flywheel
from tests.pipelines.conftest import ShopOf

pytestmark = pytest.mark.slow

TODAY = shops.day(20)
ACCEPT = 'accept = ["id_dominant"]'


def log_with_a_guest() -> shops.Log:
    """A young shop in which every tenth line belongs to one id."""
    log = shops.simulate_log(60, 20)
    guest = log.orders.iloc[:: max(len(log.orders) // 20, 1)].assign(customer="guest-checkout", basket="g")
    guest = guest.assign(basket=[f"g{number}" for number in range(len(guest))])
    return log.with_orders(pd.concat([log.orders, guest], ignore_index=True))


@pytest.fixture(scope="module")
def blocked_run(shop_of: ShopOf) -> tuple[Flywheel, CommandResult]:
    """The first run of that shop."""
    flywheel = shop_of(log_with_a_guest())
    return flywheel, flywheel("run", "--as-of", TODAY, "--json")


def test_the_first_release_of_an_implausible_log_does_not_promote_itself(
    blocked_run: tuple[Flywheel, CommandResult],
) -> None:
    flywheel, result = blocked_run
    assert result.status == 3, result.err
    assert (result.summary["trained"], result.summary["release"], result.summary["scores"]) == ("1", "", None)
    assert flywheel.home.champion() is None
    assert not flywheel.home.scores.exists()
    for word in ("The gate rejects release 1: id_dominant: One customer id has", "No release is serving.", ACCEPT):
        assert word in result.summary["refused"]
    (note,) = (note for note in result.summary["plausibility"] if note["severity"] == "blocking")
    assert (note["code"], note["example"], note["accepted"]) == ("id_dominant", "'guest-checkout'", False)
    assert list(result.summary["gate"]["implausible"]) == ["id_dominant"]


def test_readiness_shows_the_log_and_what_blocks_it(blocked_run: tuple[Flywheel, CommandResult]) -> None:
    flywheel, run = blocked_run
    report = flywheel("readiness", "--as-of", TODAY, "--json").summary
    assert (report["log"], report["plausibility"]) == (run.summary["log"], run.summary["plausibility"])
    known = log_with_a_guest().known_before(20).orders
    named = known[known["customer"] != ""]
    assert report["log"]["lines"] == len(named)
    assert report["log"]["customers"] == named["customer"].nunique()
    assert report["log"]["amount"] == pytest.approx(named["amount"].sum())
    shown = flywheel("readiness", "--as-of", TODAY)
    assert shown.out.startswith(f"{len(named)} order lines of ")
    assert "  blocking: id_dominant: " in shown.out
    assert ACCEPT in shown.out
    assert "id_dominant" in [note["code"] for note in flywheel("ingest", "--json").summary["plausibility"]]


def test_the_notes_are_left_in_the_home_without_an_id(blocked_run: tuple[Flywheel, CommandResult]) -> None:
    flywheel, run = blocked_run
    text = (flywheel.home.folder / "log_report.json").read_text()
    report = json.loads(text)
    assert (report["as_of"], report["log_until"]) == (str(TODAY), run.summary["log"]["log_until"])
    assert [note["code"] for note in report["plausibility"]] == [note["code"] for note in run.summary["plausibility"]]
    release = (flywheel.home.releases / "1" / "release.json").read_text()
    assert "guest-checkout" not in text + release


def test_a_person_may_accept_the_log_or_promote_by_force(blocked_run: tuple[Flywheel, CommandResult]) -> None:
    flywheel, _ = blocked_run
    refused = flywheel("promote")
    assert refused.status == 3
    assert ACCEPT in refused.err
    forced = flywheel("promote", "--version", "1", "--force", "--why", "the guest is a school", "--json")
    assert (forced.status, forced.summary["forced"]) == (0, True)
    shops.write_shop(flywheel.folder, log_with_a_guest(), accept=["id_dominant"])
    accepted = flywheel("run", "--as-of", TODAY, "--json")
    assert (accepted.status, accepted.summary["release"], accepted.summary["refused"]) == (0, "2", "")
    assert [note["accepted"] for note in accepted.summary["plausibility"] if note["code"] == "id_dominant"] == [True]
    assert "the history is up to date" in accepted.err
