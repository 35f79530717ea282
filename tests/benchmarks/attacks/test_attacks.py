"""Attacks: the smallest of them finds what it looks for, and the page has its figures."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.attacks import __main__ as attacks
from benchmarks.attacks import damaged_files
from benchmarks.attacks.attack_home import AttackHome
from benchmarks.attacks.hostile_requests import count_failures
from benchmarks.attacks.page import render_page
from benchmarks.attacks.results import AttackResult, SkippedGroup
from features.consents.backends import open_ledger
from features.consents.consent import PROFILING, Consent
from features.online.backends import LMDB

AT = datetime(2026, 11, 29, tzinfo=UTC)
HOME = AttackHome(Path("nowhere"), Path("nowhere"), ())


def test_flips_of_the_consents_are_never_silently_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(damaged_files, "TRIES", 3)
    home = AttackHome(tmp_path, tmp_path, [f"C{number}" for number in range(50)])
    open_ledger(tmp_path, LMDB).record(
        {name: [Consent(PROFILING, "*", granted=False, changed_at=5)] for name in home.customers}
    )
    for name, change in damaged_files.CHANGES.items():
        result = damaged_files.damage(home, "consents", name, change, damaged_files.read_consents)
        assert (result.tries, result.holds) == (3, True)


def test_a_changed_answer_is_silently_wrong_and_a_missing_one_is_not() -> None:
    right = [[1, True], None, [0, False]]
    assert damaged_files.is_right_or_strict([[1, True], None, None], right)
    assert damaged_files.is_right_or_strict([], right)
    assert not damaged_files.is_right_or_strict([[0, True], None, [0, False]], right)
    assert not damaged_files.is_right_or_strict([[1, True], [0, True], [0, False]], right)


def test_every_change_changes_the_file() -> None:
    generator = random.Random(0)  # noqa: S311 - the same places every time
    for change in damaged_files.CHANGES.values():
        assert change(bytearray(1000), generator) != bytearray(1000)


def test_a_group_that_fails_is_named_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: AttackHome) -> Iterator[AttackResult]:
        raise OSError("no tmpfs")

    def whole(_: AttackHome) -> Iterator[AttackResult]:
        yield AttackResult(group="whole", attack="any", tries=2)

    monkeypatch.setattr(attacks, "GROUPS", {"broken": fail, "whole": whole})
    results, skipped = attacks.run_groups(HOME, ["broken", "whole"], deadline=1e12)
    assert [result.group for result in results] == ["whole"]
    assert skipped == [SkippedGroup("broken", "OSError: no tmpfs")]


def test_the_page_has_every_attack_its_sum_and_what_was_not_tried() -> None:
    results = [
        AttackResult(group="Kills", attack="run", tries=1000, kills=3),
        AttackResult(group="Kills", attack="score", tries=1, lost=2, note="why"),
    ]
    page = render_page(results, [SkippedGroup("Full disk", "no root")], AT, "abcdef0123456789", 125)
    assert "| Kills | run | 1,000 | 0 | 3 | 0 | 0 | yes |  |" in page
    assert "| Kills | score | 1 | 0 | 0 | 2 | 0 | **no** | why |" in page
    assert "| **all** |  | 1,001 | 0 | 3 | 2 | 0 | **no** |  |" in page
    assert "at commit `abcdef012345`, in 2 minutes" in page
    assert "- Full disk: no root" in page


def test_failed_checks_are_counted_by_name_without_refusals(tmp_path: Path) -> None:
    def scenario(status: int) -> str:
        checks = {"c": [{"name": "not_a_server_error", "status": "failure"}, {"name": "other", "status": "success"}]}
        recorder = {"interactions": {"c": {"response": {"status_code": status}}}, "checks": checks}
        return json.dumps({"ScenarioFinished": {"recorder": recorder}})

    (tmp_path / "report.ndjson").write_text("\n".join([scenario(500), scenario(503), json.dumps({"Initialize": {}})]))
    requests, failures = count_failures(tmp_path / "report.ndjson")
    assert (requests, failures) == (2, {"not_a_server_error": 1})
