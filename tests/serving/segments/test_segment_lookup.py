"""Segment lookup: customers are answered while scores load, and when the table is damaged."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from serving.audiences.query.scores_table import Columns, ScoresFile
from serving.predictions.consent_gate import ConsentGate
from serving.segments import segment_lookup
from serving.segments.row_lookup import SegmentIndex
from serving.segments.segment_lookup import SegmentLookup
from tests.dictionary_storage import in_memory_ledger
from tests.serving.fakes import TODAY, FakeFeatureReader, FakeRelease, KnownCustomer, Shop


def write_scores(home: Path, *customer_ids: str, tier: str = "high") -> Path:
    instants = pa.array([TODAY] * len(customer_ids)).cast(pa.timestamp("us", tz="UTC"))
    tiers = [tier] * len(customer_ids)
    path = home / "scores.parquet"
    pq.write_table(pa.table({"customer_id": customer_ids, "as_of": instants, "value_tier": tiers}), path)
    return path


def request_prediction(home: Path) -> dict[str, Any]:
    with Shop.of(FakeRelease(), FakeFeatureReader(ann=KnownCustomer()), home=home).client() as client:
        response = client.post("/v1/predictions", json={"customer_ids": ["ann"]})
    assert response.status_code == 200, response.text
    row: dict[str, Any] = response.json()["predictions"][0]
    return row


def test_scores_that_cannot_be_read_cost_the_segment_alone(tmp_path: Path) -> None:
    path = write_scores(tmp_path, "ann", "bob")
    torn = bytearray(path.read_bytes())
    torn[4:100] = b"\xff" * 96
    path.write_bytes(torn)
    row = request_prediction(tmp_path)
    assert (row["status"], row["segment"]) == ("scored", {"status": "not_scored"})


def test_scores_out_of_order_cost_the_segment_alone(tmp_path: Path) -> None:
    write_scores(tmp_path, "bob", "ann")
    row = request_prediction(tmp_path)
    assert (row["status"], row["segment"]) == ("scored", {"status": "not_scored"})


def test_while_new_scores_are_read_the_old_ones_answer_and_nobody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, started, go_on = write_scores(tmp_path, "ann", tier="high"), threading.Event(), threading.Event()
    segments = SegmentLookup(ScoresFile(path), ConsentGate(in_memory_ledger()))

    def load_slowly(columns: Columns, names: tuple[str, ...]) -> SegmentIndex:
        started.set()
        assert go_on.wait(timeout=10)
        return SegmentIndex(columns, names)

    async def tier() -> object:
        return (await segments.lookup(["ann"], TODAY))[0]["value_tier"]

    async def tiers_over_the_day() -> list[object]:
        tiers = [await tier()]
        write_scores(tmp_path, "ann", tier="low")
        monkeypatch.setattr(segment_lookup, "SegmentIndex", load_slowly)
        tiers.append(await asyncio.wait_for(tier(), timeout=5))
        assert await asyncio.to_thread(started.wait, 10)
        go_on.set()
        async with asyncio.timeout(10):
            while (newest := await tier()) == tiers[-1]:
                pass
        return [*tiers, newest]

    assert asyncio.run(tiers_over_the_day()) == ["high", "high", "low"]


def test_a_polled_table_is_in_memory_when_the_first_request_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    segments = SegmentLookup(ScoresFile(tmp_path / "scores.parquet"), ConsentGate(in_memory_ledger()))
    segments.poll()  # before there are scores
    write_scores(tmp_path, "ann", tier="high")
    segments.poll()
    monkeypatch.setattr(segment_lookup, "SegmentIndex", None)
    (answer,) = asyncio.run(segments.lookup(["ann"], TODAY))
    assert answer["value_tier"] == "high"


def test_a_worker_answers_no_prediction_before_its_segments_are_in_memory(tmp_path: Path) -> None:
    write_scores(tmp_path, "ann", tier="high")
    worker, order = Shop.of(FakeRelease(), home=tmp_path).worker, list[str]()
    lookup = worker.prediction_service.predictor.segment_lookup

    async def run() -> None:
        async with worker.lifespan():
            await asyncio.sleep(0.5)

    lookup.poll, worker.release_loader.poll = lambda: order.append("segments"), lambda: order.append("release")  # type: ignore[method-assign]
    asyncio.run(run())
    assert order[:2] == ["segments", "release"]
