from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from pipelines.cli.command_context import exit_on_error
from pipelines.cli.console import CommandConsole
from tests.pipelines import shops
from tests.pipelines.command import CommandResult, Flywheel, wait_until
from tests.pipelines.conftest import ShopOf, ShopSnapshot

TODAY = shops.day(180)
SUMMARIES = {
    "readiness": {
        *("as_of", "first_day", "notes", "origins", "learned_days", "churn_days", "tiers", "answers"),
        "churn_rule_limits",
    },
    "ingest": {"tables", "source"},
    "publish": {"as_of", "customers", "cutoffs"},
    "train": {"release", "model_versions", "gate"},
    "evaluate": {"scores", "churn_rules", "churn_rule_limits", "note"},
    "promote": {"version", "replaced", "by", "at", "why", "gate", "forced", "kind"},
    "score": {"path", "customers", "release", "without_amounts", "note"},
    "run": {"as_of", "trained", "release", "refused", "customers", "scores", "tables", "ltv", "seconds"},
}


@pytest.fixture
def flywheel(tmp_path: Path) -> Flywheel:
    shops.write_shop(tmp_path, shops.simulate_log(20, 30))
    return Flywheel(tmp_path)


def run_rejected_release(flywheel: Flywheel) -> CommandResult:
    """``flywheel run`` once the shop has lost its log but for ten days: the new release falls below the champion."""
    shops.write_shop(flywheel.folder, shops.simulate_log(60, 10))
    return flywheel("run", "--as-of", shops.day(10), "--json")


def test_a_shop_without_a_description_is_told_how_to_get_one(tmp_path: Path) -> None:
    said = Flywheel(tmp_path)("readiness", "--json")
    assert (said.status, said.out) == (1, "")
    assert "No configuration at flywheel.toml. Expected a flywheel.toml that says where the log is." in said.err


def test_a_log_without_its_customer_column_is_told_the_columns_found(flywheel: Flywheel) -> None:
    description = flywheel.folder / "flywheel.toml"
    description.write_text(description.read_text().replace('customer_id = "customer"', 'customer_id = "client"', 1))
    said = flywheel("run", "--json")
    assert (said.status, said.out) == (1, "")
    assert "no column 'client'" in said.err
    assert "Columns found: customer, basket, at, loaded_at, amount, quantity, category" in said.err


def test_nobody_is_scored_before_somebody_was_trained(flywheel: Flywheel) -> None:
    for command, remedy in (("score", "flywheel publish"), ("ui", "flywheel run"), ("promote", "flywheel train")):
        said = flywheel(command)
        assert said.status == 1
        assert remedy in said.err
    assert flywheel("publish", "--as-of", shops.day(20)).status == 0
    assert "run `flywheel run` first" in flywheel("score").err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--as-of", "31.01.2026"], "Found '31.01.2026'. Expected a day like 2026-01-31."),
        (["evaluate", "--origin", "soon"], "Found 'soon'. Expected a day like 2026-01-31."),
        (["serve", "--as-of", "today"], "Found 'today'. Expected a day like 2026-01-31."),
        (["serve", "--port", "0"], "'--port'"),
        (["score", "--out", "."], "is a directory"),
        (["score", "--of", "ann"], "No such option"),
        (["promote", "--force"], "Found --force without --why. Expected a reason, for the log"),
        (["promote", "--rollback", "--force", "--why", "so"], "Found --rollback beside --force or --version"),
        (["predict"], "No such command"),
    ],
)
def test_wrong_use_is_told_apart_from_failure(flywheel: Flywheel, arguments: list[str], told: str) -> None:
    said = flywheel(*arguments)
    assert (said.status, said.out) == (2, "")
    assert told in " ".join(said.err.replace("│", " ").split())


def test_an_interrupted_command_says_how_to_go_on(flywheel: Flywheel) -> None:
    command = flywheel.start("run", "--as-of", shops.day(20))
    wait_until((flywheel.home.folder / ".lock.holder").exists)
    os.kill(command.process.pid or 0, signal.SIGINT)
    said = command.wait()
    assert said.status == 130
    assert "stopped; run the same command again to go on" in said.err


@pytest.mark.parametrize("stopped", [KeyboardInterrupt(), RuntimeError("Query interrupted")])
def test_it_does_not_matter_what_was_interrupted(stopped: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="130"), exit_on_error(CommandConsole(json_output=False)):
        raise stopped
    assert "stopped; run the same command again to go on" in capsys.readouterr().err


def test_a_fault_of_our_own_is_not_hidden() -> None:
    with pytest.raises(RuntimeError, match="returned 3 rows"), exit_on_error(CommandConsole(json_output=False)):
        raise RuntimeError("The point-in-time join returned 3 rows for 2 asked.")


@pytest.mark.slow
@pytest.mark.parametrize("command", SUMMARIES)
def test_the_summary_for_programs_is_all_there_is_on_stdout(grown_shop: ShopSnapshot, command: str) -> None:
    asked = () if command in {"ingest", "promote", "score"} else ("--as-of", TODAY)
    said = grown_shop.restore()(command, *asked, "--json")
    assert said.status == 0, said.err
    assert set(said.summary) == SUMMARIES[command]
    assert said.err.strip()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("readiness", "until then answered from 60 days"),
        ("ingest", "without customer"),
        ("train", "Release 1 is registered and waits for promotion."),
        ("evaluate", "own median gap"),
        ("run", "117 customers scored by release 1"),
    ],
)
def test_people_are_shown_a_table_or_a_sentence(grown_shop: ShopSnapshot, command: str, told: str) -> None:
    said = grown_shop.restore()(command, *(() if command == "ingest" else ("--as-of", TODAY)))
    assert said.status == 0
    assert told in said.out


def test_what_stands_in_brackets_is_shown_and_not_taken_for_a_style(shop_of: ShopOf) -> None:
    log = shops.simulate_log(20, 30)
    said = shop_of(log.with_orders(log.orders.drop(columns="amount")))("readiness", "--as-of", shops.day(20))
    assert "name the amount column in [orders]" in said.out


@pytest.mark.slow
def test_a_release_that_falls_below_the_champion_is_refused_and_the_champion_goes_on(grown_shop: ShopSnapshot) -> None:
    flywheel = grown_shop.restore()
    done = run_rejected_release(flywheel)
    assert done.status == 0, done.err
    assert (done.summary["trained"], done.summary["release"]) == ("2", "1")
    assert "The gate refuses release 2: it answers" in done.summary["refused"]
    assert set(flywheel.scores["release"].to_pylist()) == {"1"}
    assert flywheel.home.champion() == "1"
    asked = flywheel("promote", "--json")
    assert (asked.status, asked.out) == (3, "")
    assert "from a lower rung than the champion, which goes on serving" in asked.err
    assert "flywheel promote --version 2 --force --why REASON" in asked.err
    assert [one["version"] for one in flywheel.promotions] == ["1"]


@pytest.mark.slow
def test_whoever_forces_a_release_says_why_and_the_previous_one_is_a_command_away(grown_shop: ShopSnapshot) -> None:
    flywheel = grown_shop.restore()
    run_rejected_release(flywheel)
    assert flywheel("promote", "--force").status == 2
    assert flywheel.home.champion() == "1"
    forced = flywheel("promote", "--force", "--why", "the old log is lost", "--json")
    assert (forced.status, forced.summary["version"], forced.summary["forced"]) == (0, "2", True)
    assert flywheel.home.champion() == "2"
    assert forced.summary["gate"]["regressions"] == ["churn", "ltv", "next_purchase"]
    back = flywheel("promote", "--rollback", "--why", "it was found again", "--json")
    assert (back.status, back.summary["version"], back.summary["replaced"]) == (0, "1", "2")
    assert flywheel.home.champion() == "1"
    told = [(one["kind"], one["version"], one["why"], one["forced"]) for one in flywheel.promotions]
    assert told == [
        ("promotion", "1", "passed the gate", False),
        ("promotion", "2", "the old log is lost", True),
        ("rollback", "1", "it was found again", False),
    ]


@pytest.mark.slow
def test_the_gate_compares_with_what_serves_now_not_with_what_served_when_it_was_trained(
    grown_shop: ShopSnapshot,
) -> None:
    flywheel = grown_shop.restore()
    run_rejected_release(flywheel)
    assert flywheel("promote", "--version", "2", "--force", "--why", "for now").status == 0
    assert flywheel("run", "--as-of", shops.day(9), "--json").summary["release"] == "3"
    better = flywheel("promote", "--version", "1", "--json")
    assert (better.status, better.summary["version"], better.summary["forced"]) == (0, "1", False)
    assert flywheel("promote", "--version", "3").status == 3
    assert flywheel("promote", "--version", "7").status == 1


@pytest.mark.slow
def test_a_damaged_champion_is_not_scored_with_but_fetched_again(corner_shop: Flywheel) -> None:
    manifest = corner_shop.home.releases / "1" / "release.json"
    manifest.write_text(manifest.read_text().replace("0.", "1.", 1))
    damaged = corner_shop("score")
    assert damaged.status == 1
    assert "sha256 differs" in damaged.err
    assert "`flywheel promote --version 1` fetches it" in damaged.err
    assert corner_shop("promote", "--version", "1").status == 0
    assert corner_shop("score").status == 0


@pytest.mark.slow
def test_a_champion_of_other_columns_says_what_it_misses_and_gives_way(corner_shop: Flywheel) -> None:
    log = shops.simulate_log(60, 12)
    shops.write_shop(corner_shop.folder, log.with_orders(log.orders.drop(columns="category")))
    assert corner_shop("publish", "--as-of", shops.day(10)).status == 0
    said = corner_shop("score")
    assert said.status == 1
    assert "Release 1 needs categories of the view 'transactions'" in said.err
    done = corner_shop("run", "--as-of", shops.day(10), "--json")
    assert (done.status, done.summary["release"]) == (0, "2")


@pytest.mark.slow
def test_what_was_trained_before_is_trained_again_when_the_registry_lost_it(
    corner_shop: Flywheel, model_store: Path
) -> None:
    for lost in ("mlflow.db", "promotions.jsonl"):
        (corner_shop.home.folder / lost).unlink()
    (corner_shop.home.folder / "mlflow.db").write_bytes(model_store.read_bytes())
    done = corner_shop("run", "--as-of", shops.day(10), "--json")
    assert (done.status, done.summary["trained"]) == (0, "1")
