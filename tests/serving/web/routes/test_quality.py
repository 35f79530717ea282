"""Quality: grades only with a range, results only once their days are over, and the history of the releases."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from starlette.testclient import TestClient

from serving.schemas.releases import EventKind
from serving.schemas.scorecards import Status
from serving.web.language import Language
from serving.web.texts import find_text
from serving.web.views.quality import Grade, best_simple_tier, first_result_on, grade, rule_grades, weak_parts
from tests.serving.fakes import FakeRelease, Shop
from tests.serving.manifests import GATE, write_manifest
from tests.serving.web.page_text import read_page, read_rows
from training.registry.promotion_log import Promotion, PromotionLog
from training.reporting.report import SLICES

PATH = "/app/quality"
RULE = {
    "rule": "30 days", "origin": None, "flagged": 1000, "precision": 0.84, "model_precision": 0.91,
    "precision_gain": 0.07, "precision_gain_low": 0.04, "precision_gain_high": 0.1,
}  # fmt: skip
CHURN: Mapping[str, Any] = {
    "name": "churn",
    "churn_rules": [{**RULE, "origin": "2026-08-01", "model_precision": 0.5}, RULE],
    "simple_tiers": [
        {"tier": "population", "loss": 0.2, "gain": 0.1, "gain_low": 0.09, "gain_high": 0.11},
        {"tier": "btyd", "loss": 0.1, "gain": 0.004, "gain_low": 0.001, "gain_high": 0.007},
    ],
    "slices": [
        {"part": "everybody", "customers": 900, "auc": 0.9, "low": 0.88, "high": 0.92},
        {"part": "regulars (5 orders or more)", "customers": 300, "auc": 0.85, "low": 0.8, "high": 0.9},
        {"part": "one-time buyers", "customers": 200, "auc": 0.6, "low": 0.5, "high": 0.7},
        {"part": "newcomers (first order within 91 days)", "customers": 40, "auc": None, "low": None, "high": None},
    ],
}


def scorecard(day: str, question: str = "order", status: str = "as_expected", ratio: float | None = 0.95) -> Any:  # noqa: ANN401 - JSON
    estimate = {"value": ratio, "low": ratio and ratio - 0.05, "high": ratio and ratio + 0.06}
    metrics: dict[str, dict[str, float | None]] = {"observed_over_expected": {"value": 1.2, "low": 1.1, "high": 1.3}}
    population = {"n": 900, "effective_n": 900.0, "events": 300, "deciles": [], "metrics": metrics}
    if question == "order":
        metrics["complement_observed_over_expected"] = estimate
    return {
        "release": "7", "day": day, "matured_on": "2026-11-01", "question": question, "horizon_days": 30,
        "status": status, "reasons": [], "populations": {"untreated": population},
    }  # fmt: skip


@contextmanager
def shop_with(home: Path, *scorecards: Any, cards: tuple[Mapping[str, Any], ...] = (CHURN,)) -> Iterator[TestClient]:  # noqa: ANN401 - JSON
    if scorecards:
        (home / "scorecards.json").write_text(json.dumps({"as_of": "2026-11-20", "scorecards": scorecards}))
    shop = Shop.of(FakeRelease(cards=cards), home=home)
    shop.worker.monitoring_loader.poll()
    with shop.client() as client:
        yield client


def test_a_sentence_compares_the_flagged_with_those_of_the_rule(tmp_path: Path) -> None:
    with shop_with(tmp_path) as client:
        english, chinese = read_page(client, PATH), read_page(client, PATH, "zh")
    assert (
        "Of 100 customers flagged as likely to leave, 91 left; of as many flagged by your own rule “30 days”: 84."
        in english
    )
    assert "Over all back-tests." in english
    assert "有 91 位真的流失" in chinese


@pytest.mark.parametrize(
    ("gain", "low", "high", "expected"),
    [
        (0.07, 0.04, 0.10, "clearly_better"),
        (0.04, 0.01, 0.07, "a_little_better"),
        (0.30, -0.01, 0.61, "as_good"),
        (-0.02, -0.05, 0.01, "as_good"),
        (-0.04, -0.07, -0.01, "worse"),
    ],
)
def test_a_release_is_better_only_where_the_whole_range_is(
    gain: float, low: float, high: float, expected: Grade
) -> None:
    assert grade(gain, low, high, 0.05) == expected


def test_the_best_simple_model_is_the_one_with_the_smallest_error_and_the_gain_is_relative_to_it() -> None:
    tier = best_simple_tier([CHURN])
    assert tier is not None
    assert (tier.tier, tier.grade) == ("btyd", "a_little_better")
    assert (tier.gain, tier.low, tier.high) == pytest.approx((0.04, 0.01, 0.07))


def test_a_card_of_an_earlier_version_has_no_grade_and_no_parts() -> None:
    old = [{"name": "churn"}]
    assert (rule_grades(old), best_simple_tier(old), weak_parts(old)) == ((), None, ())


def test_a_rule_that_flagged_nobody_is_left_out() -> None:
    assert rule_grades([{"name": "churn", "churn_rules": [{**RULE, "precision": None}]}]) == ()


def test_the_weakest_part_comes_after_everybody_and_each_has_its_range(tmp_path: Path) -> None:
    with shop_with(tmp_path) as client:
        rows = read_rows(client, PATH)
    assert rows[1:4] == [
        "Everybody 900 90 of 100 (88 to 92)",
        "Bought once 200 60 of 100 (50 to 70)",
        "Regulars (5 orders or more) 300 85 of 100 (80 to 90)",
    ]


def test_what_came_true_is_told_of_each_hundred_with_its_range(tmp_path: Path) -> None:
    with shop_with(
        tmp_path, scorecard("2026-09-28", ratio=1.0), scorecard("2026-10-01"), scorecard("2026-10-01", "spend", "alarm")
    ) as client:
        text, rows = read_page(client, PATH), read_rows(client, PATH)
    assert (
        "Customers leaving within 30 days, predicted on 1 Oct 2026: 95 came of each 100 promised (90 to 101). As exp"
        in text
    )
    assert (
        "Spend within 30 days, predicted on 1 Oct 2026: 120 came of each 100 promised (110 to 130). Not as expected"
        in text
    )
    assert "1 Oct 2026 95 90 101" in rows


def test_an_early_look_is_no_result_and_the_first_result_has_its_day(tmp_path: Path) -> None:
    (tmp_path / "predictions").mkdir()
    for name in ("2026-11-20_7.parquet", "2026-11-18_6.parquet", "notes.parquet", "x_y.parquet"):
        (tmp_path / "predictions" / name).touch()
    with shop_with(tmp_path, scorecard("2026-11-18", status="early")) as client:
        text = read_page(client, PATH)
    assert "Nothing can be judged yet. First result on 18 Dec 2026." in text
    assert first_result_on(None, (30,)) is None


def test_a_result_without_a_number_says_so_in_words(tmp_path: Path) -> None:
    with shop_with(tmp_path, scorecard("2026-10-01", status="too_few", ratio=None)) as client:
        assert "predicted on 1 Oct 2026. Too few customers to tell." in read_page(client, PATH)


def test_drift_is_told_in_words(tmp_path: Path) -> None:
    drift = {
        "as_of": "2026-11-20", "release": "7", "reference_as_of": "2026-11-01", "features_day": "2026-11-19",
        "alarms": ["a sentence"], "scores": [], "early_scorecard": None,
        "inputs": [{"name": "spend_91d", "psi": 0.3, "limit": 0.1, "alarms": True, "n": 500, "reference_n": 400}],
        "volumes": [
            {"group": "all", "window_days": 7, "observed": 9e2, "expected": 1e3, "limit": 0.05, "alarms": True}
        ],
    }  # fmt: skip
    (tmp_path / "drift.json").write_text(json.dumps(drift))
    with shop_with(tmp_path) as client:
        text = read_page(client, PATH)
        assert "Orders of the last 7 days (all): 900 instead of 1,000." in text
        assert "The values of spend_91d are spread differently." in text
    (tmp_path / "drift.json").write_text(json.dumps({**drift, "alarms": [], "inputs": [], "volumes": []}))
    with shop_with(tmp_path) as client:
        assert "look like those that the release learned from, as of 20 Nov 2026" in read_page(client, PATH)


def test_the_history_has_refused_releases_and_who_promoted_from_tier_to_tier(tmp_path: Path) -> None:
    for version, tier in (("1", "btyd"), ("7", "average")):
        write_manifest(tmp_path, version, tier=tier)
    write_manifest(tmp_path, "8", passed=False, refutations=["churn: 90 instead of 40"])
    for version, replaced, at in (("1", None, 1), ("7", "1", 8)):
        promotion = Promotion(
            version=version,
            replaced=replaced,
            by="ann",
            at=datetime(2026, 11, at, tzinfo=UTC),
            why="checked",
            gate=GATE,
        )
        PromotionLog.of_home(tmp_path).append(promotion)
    (tmp_path / "releases" / "champion").write_text("7")
    with shop_with(tmp_path, cards=()) as client:
        rows = read_rows(client, PATH)
    refused, newest, first = rows[-3:]
    assert "Refused 8" in refused
    assert "churn: 90 instead of 40" in refused
    assert newest.startswith("8 Nov 2026 Promoted 7 (answers now)")
    assert "leaving: buy-till-you-die model → average of several models" in newest
    assert "1 Nov 2026 Promoted 1" in first


def test_without_a_release_the_page_says_that_nothing_can_be_judged(tmp_path: Path) -> None:
    with Shop.of(home=tmp_path).client() as client:
        assert "No release answers yet" in read_page(client, PATH)


@pytest.mark.parametrize("language", Language)
def test_every_grade_status_event_and_part_has_words(language: Language) -> None:
    kinds = {"grade": get_args(Grade), "status": get_args(Status), "event": get_args(EventKind)}
    keys = [f"{kind}.{value}" for kind, values in kinds.items() for value in values]
    keys += [f"part.{part}" for part in ("everybody", "big spenders (top tenth so far)", *SLICES)]
    assert [key for key in keys if find_text(language, "quality", key) is None] == []
