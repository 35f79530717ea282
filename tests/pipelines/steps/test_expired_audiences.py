"""Expired audiences: pruning deletes those that are too old by the clock of the machine, and goes on past others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from features.errors import StoreUnavailable
from pipelines.home import Home
from pipelines.steps import prune, stored_audiences
from serving.audience_policy import AudiencePolicy
from serving.audiences.export.member_store import store_audience
from tests.serving.audiences.shop import FakeConsent, count_audience, small_table


def test_pruning_deletes_audiences_that_are_older_than_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, shop, now = Home(tmp_path), small_table(tmp_path), datetime.now(UTC)
    assert stored_audiences.delete_expired(home) == []
    old, young = (
        store_audience(home.folder / "audiences", count_audience(shop), FakeConsent(), created, "cli", AudiencePolicy())
        for created in (now - timedelta(days=8), now - timedelta(days=6))
    )
    assert stored_audiences.delete_expired(home) == []
    monkeypatch.setenv("FLYWHEEL_AUDIENCE_DAYS", "7")
    assert prune._remove_old_audiences(home, print) == 1
    assert {path.name for path in (tmp_path / "audiences").iterdir()} == {".lock", young}
    assert old != young


def test_an_audience_that_cannot_be_read_stops_no_pruning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(_: Home) -> list[str]:
        raise StoreUnavailable("Found no way to read the audience x (Permission denied); expected read access.")

    monkeypatch.setattr(stored_audiences, "delete_expired", deny)
    messages: list[str] = []
    assert prune._remove_old_audiences(Home(tmp_path), messages.append) == 0
    assert "Permission denied" in messages[0]
