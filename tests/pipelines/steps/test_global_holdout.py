"""Global hold-out step: the configured hold-out reaches the home, and what it can show is said when it begins."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from features.ingestion.manifest import HistoryManifest, TableSummary
from pipelines.home import Home
from pipelines.steps.global_holdout import record_configured_holdout
from tests.features.config.config_files import MINIMAL, read_text
from training.experiments.record.global_holdout import GlobalHoldout, global_holdout_on

NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)
HOLDOUT = '[business]\nglobal_holdout = { share = 0.1, name = "2027-H1", until = 2027-07-01 }'
ORDERS = TableSummary("orders", 0, 0, 0, 0, 0, 0, 0, 100_000, ())


def record(folder: Path, toml: str) -> list[str]:
    sentences: list[str] = []
    manifest = HistoryManifest("c", "s", (ORDERS,))
    record_configured_holdout(
        read_text(folder, MINIMAL + toml), manifest, Home(folder / "home"), NOON, sentences.append
    )
    return sentences


def test_a_hold_out_that_begins_says_what_it_can_show_once(tmp_path: Path) -> None:
    assert record(tmp_path, HOLDOUT) == [
        (
            "the global hold-out 2027-H1 takes 10.0% of the customers until 2027-07-01: at a rate of 5% and 100,000 "
            "customers, the 95 % interval of the effect of all that was sent is +-9% of that rate"
        )
    ]
    assert global_holdout_on(tmp_path / "home", date(2027, 1, 1)) == GlobalHoldout(0.1, "2027-H1", date(2027, 7, 1))
    assert record(tmp_path, HOLDOUT) == []


def test_a_hold_out_that_is_taken_out_of_the_configuration_ends(tmp_path: Path) -> None:
    assert record(tmp_path, "") == []
    record(tmp_path, HOLDOUT)
    assert record(tmp_path, "") == ["the global hold-out ended"]
    assert global_holdout_on(tmp_path / "home", date(2027, 1, 1)) is None
