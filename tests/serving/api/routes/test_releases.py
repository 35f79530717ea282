"""Release history over HTTP: promotions, rollbacks, refusals and what waits, newest first."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from serving.schemas.releases import ReleasesResponse
from tests.serving.fakes import FakeRelease, Shop
from tests.serving.manifests import GATE, write_manifest
from training.registry.promotion_log import Promotion, PromotionLog
from training.registry.release_records import ReleaseRecords


def day(number: int) -> datetime:
    return datetime(2026, 11, number, 2, 19, tzinfo=UTC)


def promote(home: Path, version: str, at: datetime, replaced: str | None = None, **fields: Any) -> None:  # noqa: ANN401 - any field
    gate = {} if fields.get("kind") == "rollback" else GATE
    promotion = {"by": "ann", "why": "passed the gate", "gate": gate, **fields}
    PromotionLog.of_home(home).append(Promotion(version=version, replaced=replaced, at=at, **promotion))
    (home / "releases").mkdir(exist_ok=True)
    (home / "releases" / "champion").write_text(version)


def events(home: Path) -> list[dict[str, Any]]:
    with Shop.of(FakeRelease(), home=home).client() as client:
        response = client.get("/v1/releases")
    ReleasesResponse.model_validate_json(response.content)
    listed: list[dict[str, Any]] = response.json()["events"]
    return listed


def test_a_shop_without_releases_has_no_history(tmp_path: Path) -> None:
    assert events(tmp_path) == []


def test_a_promotion_has_who_when_why_and_from_tier_to_tier(tmp_path: Path) -> None:
    write_manifest(tmp_path, "1", tier="btyd")
    write_manifest(tmp_path, "2")
    promote(tmp_path, "1", day(1))
    promote(tmp_path, "2", day(8), "1", why="checked by hand", forced=True)
    ReleaseRecords.of_home(tmp_path).record_run("2", "5ad1")
    newest, first = events(tmp_path)
    assert (newest["kind"], newest["version"], newest["serving"], newest["forced"]) == ("promotion", "2", True, True)
    assert (newest["at"], newest["by"], newest["why"]) == ("2026-11-08T02:19:00Z", "ann", "checked by hand")
    assert (newest["replaced"], newest["mlflow_run_id"]) == ("1", "5ad1")
    assert (newest["replaced_tiers"], newest["tiers"]) == ({"churn": "btyd"}, {"churn": "average"})
    assert (first["version"], first["serving"], first["replaced"], first["replaced_tiers"]) == ("1", False, None, None)


def test_a_rollback_is_an_event_of_its_own(tmp_path: Path) -> None:
    write_manifest(tmp_path, "1")
    promote(tmp_path, "1", day(1))
    promote(tmp_path, "2", day(8), "1")
    promote(tmp_path, "1", day(9), "2", kind="rollback", why="odd totals")
    assert [(event["kind"], event["version"]) for event in events(tmp_path)] == [
        ("rollback", "1"),
        ("promotion", "2"),
        ("promotion", "1"),
    ]


def test_a_refused_release_says_why_and_does_not_serve(tmp_path: Path) -> None:
    promote(tmp_path, "1", day(1))
    write_manifest(tmp_path, "2", passed=False, refutations=["churn: predicted 90, came 40"])
    ReleaseRecords.of_home(tmp_path).record_refusal("2", at=day(9), by="ann", why="The gate rejects release 2.")
    refused, _ = events(tmp_path)
    assert (refused["kind"], refused["version"], refused["serving"]) == ("refusal", "2", False)
    assert (refused["at"], refused["why"]) == ("2026-11-09T02:19:00Z", "The gate rejects release 2.")
    assert refused["gate"]["refutations"] == ["churn: predicted 90, came 40"]


@pytest.mark.parametrize(("passed", "kind"), [(True, "waiting"), (False, "refusal")])
def test_a_release_that_nobody_asked_for_waits_unless_its_gate_rejects_it(
    tmp_path: Path, passed: bool, kind: str
) -> None:
    write_manifest(tmp_path, "1", passed=passed)
    (event,) = events(tmp_path)
    assert (event["kind"], event["at"], event["by"]) == (kind, None, None)


def test_a_release_whose_files_were_removed_or_damaged_stays_in_the_history(tmp_path: Path) -> None:
    promote(tmp_path, "1", day(1))
    promote(tmp_path, "2", day(2), "1")
    write_manifest(tmp_path, "2").write_text("{")
    assert [(event["version"], event["tiers"], event["trained_as_of"]) for event in events(tmp_path)] == [
        ("2", None, None),
        ("1", None, None),
    ]
