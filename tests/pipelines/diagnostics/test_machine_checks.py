"""Environment, clock and network checks: what the machine says to a shop."""

from __future__ import annotations

import json
import os
import socket
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines.diagnostics import clock_checks, environment_checks, network_checks
from pipelines.diagnostics.port_owner import find_port_owner
from serving.auth.key_store import KeyStore
from serving.auth.scopes import KeyScope
from tests.pipelines.diagnostics.surroundings import (
    NOW,
    level_and_found,
    write_champion,
    write_config,
    write_features,
    write_history,
    write_scores,
)

CONFIG_IN_TOKYO = """
name = "shop"
currency = "JPY"
timezone = "Asia/Tokyo"
[orders]
path = "orders.csv"
customer_id = "customer"
ordered_at = "at"
"""


@pytest.fixture(autouse=True)
def _without_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("FLYWHEEL_")]:
        monkeypatch.delenv(name)


def test_the_packages_of_this_environment_are_as_required(tmp_path: Path) -> None:
    level, found = level_and_found(environment_checks.packages, tmp_path)
    assert level == "ok", found


def test_a_package_of_another_version_or_a_missing_one_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment_checks, "requires", lambda _: ["numpy>=999", "no-such-package>=1", "orjson>=3"])
    level, found = level_and_found(environment_checks.packages, tmp_path)
    assert level == "problem"
    assert found.startswith("numpy ")
    assert found.endswith(" instead of >=999; no-such-package is missing")


def test_a_misspelt_variable_is_noticed_with_the_name_that_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLYWHEEL_HOME", "x")
    assert level_and_found(environment_checks.variables, tmp_path) == ("ok", "FLYWHEEL_HOME")
    monkeypatch.setenv("FLYWHEEL_ONLINESTORE", "lmdb")
    assert level_and_found(environment_checks.variables, tmp_path) == (
        "warning",
        "FLYWHEEL_ONLINESTORE is not known, perhaps FLYWHEEL_ONLINE_STORE",
    )


def test_a_clock_after_all_that_happened_is_right(tmp_path: Path) -> None:
    home = tmp_path / ".flywheel"
    write_history(home, NOW - timedelta(days=1))
    write_scores(home, NOW - timedelta(hours=2))
    level, found = level_and_found(clock_checks.system_clock, tmp_path)
    assert (level, found) == ("ok", "2026-11-21 12:30 UTC, after all that the home knows")


def test_a_clock_behind_the_audit_log_or_the_scores_is_a_problem(tmp_path: Path) -> None:
    home = tmp_path / ".flywheel"
    write_scores(home, NOW + timedelta(days=3))
    (home / "audit.jsonl").write_text(
        '{"at":"2020-01-01T00:00:00Z"}\n{"at":"2026-12-24T18:00:00Z","action":"export"}\n'
    )
    level, found = level_and_found(clock_checks.system_clock, tmp_path)
    assert level == "problem"
    assert found.startswith("it is 2026-11-21 12:30 UTC, but ")
    assert found.endswith("the last audit line is of 2026-12-24 18:00, the scores table is of 2026-11-24 12:30")


def test_orders_of_the_future_are_a_warning(tmp_path: Path) -> None:
    write_history(tmp_path / ".flywheel", NOW + timedelta(days=40))
    assert level_and_found(clock_checks.system_clock, tmp_path) == (
        "warning",
        "it is 2026-11-21 12:30 UTC, but the last order line is of 2026-12-31 12:30",
    )


def test_the_time_of_the_shop_is_shown_and_another_zone_than_that_of_the_champion_is_noticed(tmp_path: Path) -> None:
    assert level_and_found(clock_checks.time_zone, tmp_path) == ("ok", "no shop yet, so UTC")
    write_champion(tmp_path / ".flywheel", NOW)
    assert level_and_found(clock_checks.time_zone, tmp_path) == ("ok", "Europe/Amsterdam, where it is 2026-11-21 13:30")
    write_config(tmp_path, CONFIG_IN_TOKYO)
    assert level_and_found(clock_checks.time_zone, tmp_path) == (
        "warning",
        "Asia/Tokyo, but the champion was trained in Europe/Amsterdam",
    )


def test_a_free_port_and_a_service_are_as_expected_and_another_program_is_named(tmp_path: Path) -> None:
    assert level_and_found(network_checks.service_port, tmp_path) == ("ok", "3000 is free")
    for owner, level in (("a Flywheel service with release 3, ready", "ok"), ("node (process 7)", "warning")):
        found = level_and_found(network_checks.service_port, tmp_path, ports={3000: owner})
        assert found == (level, f"3000 is used by {owner}")


def test_the_port_of_the_environment_is_the_one_that_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLYWHEEL_PORT", "3005")
    assert level_and_found(network_checks.service_port, tmp_path, ports={3000: "x"}) == ("ok", "3005 is free")


def test_the_ui_port_may_be_used_by_mlflow(tmp_path: Path) -> None:
    for owner, level in (("python3 (process 7)", "ok"), ("ControlCenter (process 7)", "warning")):
        assert level_and_found(network_checks.ui_port, tmp_path, ports={5000: owner})[0] == level


def test_few_open_files_are_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for open_files, level, connections in ((10_000, "ok", "1,000"), (160, "warning", "96")):
        monkeypatch.setattr(network_checks, "possible_open_files", lambda _, open_files=open_files: open_files)
        found = f"{connections} of 1,000 in each worker"
        assert level_and_found(network_checks.connections, tmp_path) == (level, found)


def test_a_listener_of_this_machine_is_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert f"(process {os.getpid()})" in str(find_port_owner(port))
    assert find_port_owner(port) is None


def test_an_address_that_others_reach_needs_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert level_and_found(network_checks.service_settings, tmp_path) == ("ok", "127.0.0.1:3000, workers: 1")
    monkeypatch.setenv("FLYWHEEL_HOST", "0.0.0.0")  # noqa: S104 -- the address that is to be refused
    level, found = level_and_found(network_checks.service_settings, tmp_path)
    assert level == "problem"
    assert "no API keys" in found


@pytest.mark.parametrize(
    ("keys", "level", "found"),
    [
        ("", "ok", "none: the service is open, and listens on loopback addresses only"),
        ("0123456789abcdef0123", "ok", "0 active keys in the home, 1 in the environment"),
        ("secret, 0123456789abcdef0123", "problem", "1 of 2 keys in FLYWHEEL_API_KEYS are shorter than 20"),
    ],
)
def test_short_keys_of_the_environment_are_a_problem_and_are_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: str, level: str, found: str
) -> None:
    monkeypatch.setenv("FLYWHEEL_API_KEYS", keys)
    assert level_and_found(network_checks.api_keys, tmp_path) == (level, found)


def test_damaged_keys_are_a_problem(tmp_path: Path) -> None:
    (tmp_path / ".flywheel").mkdir()
    (tmp_path / ".flywheel/keys.json").write_text(json.dumps({"keys": 7}))
    assert level_and_found(network_checks.api_keys, tmp_path)[0] == "problem"


def test_removed_keys_are_a_problem(tmp_path: Path) -> None:
    key_store = KeyStore.for_home(tmp_path / ".flywheel")
    key_store.create("mail", [KeyScope.PREDICT], NOW)
    key_store.path.unlink()
    level, found = level_and_found(network_checks.api_keys, tmp_path)
    assert level == "problem"
    assert "keys.json in a home that has had API keys" in found
    assert level_and_found(network_checks.connections, tmp_path) == (
        "warning",
        "not known, because the service settings are invalid",
    )


@pytest.mark.parametrize(("as_of", "level"), [("2026-11-20", "problem"), ("2026-11-21", "ok")])
def test_a_service_whose_clock_is_before_the_features_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_of: str, level: str
) -> None:
    write_features(tmp_path / ".flywheel", date(2026, 11, 21))
    monkeypatch.setenv("FLYWHEEL_AS_OF", as_of)
    assert level_and_found(clock_checks.service_clock, tmp_path) == (
        level,
        f"{as_of}, and the features are of 2026-11-21",
    )
