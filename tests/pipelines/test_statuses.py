from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import pytest

from pipelines.cli.command_context import exit_on_error
from pipelines.cli.console import CommandConsole
from tests.pipelines import shops
from tests.pipelines.command import Flywheel
from tests.pipelines.conftest import ShopOf, ShopSnapshot
from tests.waiting import wait_until

TODAY = shops.day(180)
SUMMARIES = {
    "readiness": {
        *("as_of", "first_day", "notes", "origins", "learned_days", "churn_days", "tier", "answers"),
        *("churn_rule_limits", "log", "plausibility"),
    },
    "ingest": {"tables", "source", "plausibility"},
    "publish": {"as_of", "customers", "cutoffs", "log_until"},
    "train": {"release", "model_versions", "gate"},
    "evaluate": {"scores", "churn_rules", "churn_rule_limits", "note"},
    "promote": {"version", "replaced", "by", "at", "why", "gate", "forced", "kind"},
    "score": {"path", "customers", "release", "without_amounts", "log_until", "note"},
    "run": {
        *("as_of", "trained", "release", "refused", "gate", "warnings", "customers", "scores", "tables", "expected"),
        *("ltv", "seconds", "log", "plausibility", "promote"),
    },
}


@pytest.fixture
def flywheel(tmp_path: Path) -> Flywheel:
    shops.write_shop(tmp_path, shops.simulate_log(20, 30))
    return Flywheel(tmp_path)


@pytest.fixture(scope="module")
def rejected_shop_snapshot(grown_shop_snapshot: ShopSnapshot) -> ShopSnapshot:
    """The grown shop after it lost all but ten days of its log, and a run: the new release has a lower tier."""
    flywheel = grown_shop_snapshot.restore()
    shops.write_shop(flywheel.folder, shops.simulate_log(60, 10))
    assert flywheel("run", "--as-of", shops.day(10)).status == 3
    copy = flywheel.folder.with_name(f"{flywheel.folder.name}-rejected")
    shutil.copytree(flywheel.folder, copy)
    return ShopSnapshot(flywheel, copy)


def test_a_shop_without_a_config_is_told_how_to_get_one(tmp_path: Path) -> None:
    result = Flywheel(tmp_path)("readiness", "--json")
    assert (result.status, result.out) == (1, "")
    assert "No configuration at flywheel.toml. Expected a flywheel.toml that says where the log is." in result.err


def test_a_log_without_its_customer_column_is_told_the_columns_found(flywheel: Flywheel) -> None:
    config_file = flywheel.folder / "flywheel.toml"
    config_file.write_text(config_file.read_text().replace('customer_id = "customer"', 'customer_id = "client"', 1))
    result = flywheel("run", "--json")
    assert (result.status, result.out) == (1, "")
    assert "no column 'client'" in result.err
    assert "Columns found: customer, basket, at, loaded_at, amount, quantity, category" in result.err


@pytest.mark.slow
def test_commands_before_their_prerequisites_name_the_remedy(flywheel: Flywheel) -> None:
    for command, remedy in (("score", "flywheel publish"), ("ui", "flywheel run"), ("promote", "flywheel train")):
        result = flywheel(command)
        assert result.status == 1
        assert remedy in result.err
    assert flywheel("publish", "--as-of", shops.day(20)).status == 0
    assert "run `flywheel run` first" in flywheel("score").err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--as-of", "31.01.2026"], "Found '31.01.2026'. Expected a day like 2026-01-31."),
        (["evaluate", "--origin", "soon"], "Found 'soon'. Expected a day like 2026-01-31."),
        (["serve", "--as-of", "today"], "Found 'today'. Expected a day like 2026-01-31."),
        (["serve", "--port", "0"], "'--port'"),
        (["score", "--out", "."], "is a directory"),
        (["score", "--of", "ann"], "No such option"),
        (["promote", "--force"], "Found --force without --why. Expected a reason, for the promotion log"),
        (["promote", "--rollback", "--force", "--why", "so"], "Found --rollback with --force."),
        (["predict"], "No such command"),
    ],
)
def test_usage_errors_have_their_own_exit_status(flywheel: Flywheel, arguments: list[str], message: str) -> None:
    result = flywheel(*arguments)
    assert (result.status, result.out) == (2, "")
    assert message in " ".join(result.err.replace("│", " ").split())


@pytest.mark.slow
def test_an_interrupted_command_says_how_to_go_on(flywheel: Flywheel) -> None:
    command = flywheel.start("run", "--as-of", shops.day(20))
    wait_until((flywheel.home.folder / ".lock.holder").exists)
    os.kill(command.process.pid or 0, signal.SIGINT)
    result = command.wait()
    assert result.status == 130
    assert "stopped; run the same command again to go on" in result.err


@pytest.mark.parametrize("stopped", [KeyboardInterrupt(), RuntimeError("Query interrupted")])
def test_every_kind_of_interrupt_exits_with_130(stopped: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="130"), exit_on_error(CommandConsole(json_output=False)):
        raise stopped
    assert "stopped; run the same command again to go on" in capsys.readouterr().err


def test_an_internal_error_is_not_hidden() -> None:
    with pytest.raises(RuntimeError, match="returned 3 rows"), exit_on_error(CommandConsole(json_output=False)):
        raise RuntimeError("The point-in-time join returned 3 rows for 2 asked.")


@pytest.mark.slow
@pytest.mark.parametrize("command", SUMMARIES)
def test_the_summary_for_programs_is_all_there_is_on_stdout(grown_shop_snapshot: ShopSnapshot, command: str) -> None:
    arguments = () if command in {"ingest", "promote", "score"} else ("--as-of", TODAY)
    result = grown_shop_snapshot.restore()(command, *arguments, "--json")
    assert result.status == 0, result.err
    assert set(result.summary) == SUMMARIES[command]
    assert result.err.strip()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("readiness", "until then answered from 60 days"),
        ("ingest", "without customer"),
        ("train", "Release 1 is registered and waits for promotion."),
        ("run", "117 customers scored by release 1"),
    ],
)
def test_people_are_shown_a_table_or_a_sentence(grown_shop_snapshot: ShopSnapshot, command: str, message: str) -> None:
    result = grown_shop_snapshot.restore()(command, *(() if command == "ingest" else ("--as-of", TODAY)))
    assert result.status == 0
    assert message in result.out


@pytest.mark.slow
def test_text_in_brackets_is_printed_and_not_parsed_as_markup(shop_of: ShopOf) -> None:
    log = shops.simulate_log(20, 30)
    result = shop_of(log.with_orders(log.orders.drop(columns="amount")))("readiness", "--as-of", shops.day(20))
    assert "name the amount column in [orders]" in result.out


@pytest.mark.slow
def test_a_release_that_falls_below_the_champion_is_refused_and_the_champion_goes_on(
    rejected_shop_snapshot: ShopSnapshot,
) -> None:
    flywheel = rejected_shop_snapshot.restore()
    result = flywheel("run", "--as-of", shops.day(10), "--json")
    assert result.status == 3, result.err
    assert (result.summary["trained"], result.summary["release"]) == ("2", "1")
    assert "The gate rejects release 2: the champion answers churn, ltv, next_purchase" in result.summary["refused"]
    assert set(flywheel.scores["release"].to_pylist()) == {"1"}
    assert flywheel.home.champion() == "1"
    refused = flywheel("promote", "--json")
    assert (refused.status, refused.out) == (3, "")
    assert "from a higher tier. The champion keeps serving." in refused.err
    assert "flywheel promote --version 2 --force --why REASON" in refused.err
    assert [promotion["version"] for promotion in flywheel.promotions] == ["1"]


@pytest.mark.slow
def test_a_forced_release_needs_a_reason_and_can_be_rolled_back(
    rejected_shop_snapshot: ShopSnapshot,
) -> None:
    flywheel = rejected_shop_snapshot.restore()
    assert flywheel("promote", "--force").status == 2
    assert flywheel.home.champion() == "1"
    forced = flywheel("promote", "--force", "--why", "the old log is lost", "--json")
    assert (forced.status, forced.summary["version"], forced.summary["forced"]) == (0, "2", True)
    assert flywheel.home.champion() == "2"
    assert forced.summary["gate"]["regressions"] == ["churn", "ltv", "next_purchase"]
    rolled_back = flywheel("promote", "--rollback", "--why", "it was found again", "--json")
    assert (rolled_back.status, rolled_back.summary["version"], rolled_back.summary["replaced"]) == (0, "1", "2")
    assert flywheel.home.champion() == "1"
    history = [
        (promotion["kind"], promotion["version"], promotion["why"], promotion["forced"])
        for promotion in flywheel.promotions
    ]
    assert history == [
        ("promotion", "1", "passed the gate", False),
        ("promotion", "2", "the old log is lost", True),
        ("rollback", "1", "it was found again", False),
    ]


@pytest.mark.slow
def test_the_gate_compares_with_what_serves_now_not_with_what_served_when_it_was_trained(
    rejected_shop_snapshot: ShopSnapshot,
) -> None:
    flywheel = rejected_shop_snapshot.restore()
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
    refused = corner_shop("score")
    assert refused.status == 1
    assert "Release 1 needs categories of the view 'transactions'" in refused.err
    result = corner_shop("run", "--as-of", shops.day(10), "--json")
    assert (result.status, result.summary["release"]) == (0, "2")


@pytest.mark.slow
def test_what_was_trained_before_is_trained_again_when_the_registry_lost_it(
    corner_shop: Flywheel, model_store: Path
) -> None:
    for lost in ("mlflow.db", "promotions.jsonl"):
        (corner_shop.home.folder / lost).unlink()
    (corner_shop.home.folder / "mlflow.db").write_bytes(model_store.read_bytes())
    result = corner_shop("run", "--as-of", shops.day(10), "--json")
    assert result.status == 0, result.err
    assert result.summary["trained"] == "1"
