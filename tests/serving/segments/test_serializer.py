"""Segment serializer: the segment part of a response."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from starlette.testclient import TestClient

from features.consents.consent import MARKETING, Consent
from serving.schemas.predictions import PredictionsResponse
from serving.schemas.segments import SegmentResponse
from serving.segments.serializer import COLUMN_NAMES, serialize_segment
from tests.serving import scored
from tests.serving.fakes import FakeFeatureReader, FakeRelease, KnownCustomer, Shop

ROW: dict[str, Any] = {
    "as_of": 1_780_272_000_000_000,
    "rfm_recency": 3, "rfm_frequency": 2, "rfm_monetary": 3,
    "rfm_segment": "important_develop", "rfm_segment_zh": "重要发展",
    "lifecycle_stage": "retention", "lifecycle_phase": "repurchase", "value_tier": "gold",
    "segments": ["big baskets"],
    "preset_segment_active_regular": True, "preset_segment_about_to_lapse": False,
    "preset_segment_price_sensitive": True,
    "preferred_hour": 23, "preferred_hour_share": 0.4, "preferred_hour_p10": 0.3, "preferred_hour_p90": 0.5,
    "preferred_hour_evidence": "customer",
    "preferred_weekday": None, "preferred_weekday_share": None,
    "channel_ranking": ["sms", "email"], "channel_affinity": [0.3, 0.2], "channel_p10": [0.2, 0.1],
    "channel_p90": [0.4, 0.3], "channel_evidence": "population",
    "category_ranking": None,
    "price_sensitivity": 0.6, "price_sensitivity_p10": 0.5, "price_sensitivity_p90": 0.7,
    "price_sensitivity_evidence": "customer",
}  # fmt: skip


def test_all_that_the_scores_say_is_told_in_its_place() -> None:
    segment = serialize_segment(ROW, ["email"])
    SegmentResponse.model_validate(segment)
    assert segment["rfm"]["segment_zh"] == "重要发展"
    assert segment["preset_segments"] == ["active_regular", "price_sensitive"]
    assert segment["channels"] == {
        "ranked": [{"name": "email", "affinity": 0.2, "p10": 0.1, "p90": 0.3}], "evidence": "population"
    }  # fmt: skip
    assert segment["price_sensitivity"] == {"share": 0.6, "p10": 0.5, "p90": 0.7, "evidence": "customer"}
    assert (segment["preferred_weekday"], segment["categories"]) == (None, None)


def test_hours_go_on_after_midnight() -> None:
    begin_and_end = [
        (segment["begin"], segment["end"])
        for hour in (0, 20, 22, 23)
        if (segment := serialize_segment({**ROW, "preferred_hour": hour}, [])["preferred_hours"])
    ]
    assert begin_and_end == [(0, 2), (20, 22), (22, 24), (23, 1)]


def test_who_never_ordered_has_no_rfm() -> None:
    assert serialize_segment({**ROW, "rfm_recency": None}, [])["rfm"] is None


def test_a_table_of_an_older_make_is_told_as_far_as_it_goes() -> None:
    segment = serialize_segment({"as_of": ROW["as_of"]}, [])
    SegmentResponse.model_validate(segment)
    assert (segment["segments"], segment["preset_segments"], segment["value_tier"]) == ([], [], None)


def test_every_name_is_one_of_a_column() -> None:
    assert len(COLUMN_NAMES) == len(set(COLUMN_NAMES))
    assert set(ROW) <= set(COLUMN_NAMES)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop with two scored customers; bob's row ranks two channels."""
    shop = Shop.of(
        FakeRelease(), FakeFeatureReader(ann=KnownCustomer(), bob=KnownCustomer(), new=KnownCustomer()), home=tmp_path
    )
    ledger = shop.worker.consent_gate.ledger
    ledger.record({"bob": [Consent(MARKETING, "sms", granted=True, changed_at=1)]})
    scored.write_scores(tmp_path, ledger, ["ann", "bob"])
    path = tmp_path / "scores.parquet"
    table = pq.read_table(path)
    for name, kind in (
        ("channel_ranking", pa.string()),
        *((f"channel_{suffix}", pa.float64()) for suffix in ("affinity", "p10", "p90")),
    ):
        values = ["sms", "email"] if kind == pa.string() else [0.3, 0.2]
        table = table.append_column(name, pa.array([values, values], pa.list_(kind)))
    pq.write_table(table.append_column("channel_evidence", pa.array(["customer"] * 2)), path)
    return shop


@pytest.fixture
def client(shop: Shop) -> Iterator[TestClient]:
    with shop.client() as client:
        yield client


def request_segments(client: TestClient, *customer_ids: str) -> list[dict[str, Any]]:
    response = client.post("/v1/predictions", json={"customer_ids": customer_ids, "include": ["segment"]})
    PredictionsResponse.model_validate_json(response.content)
    return [row["segment"] for row in response.json()["predictions"] if row["status"] != "unknown_customer"]


def test_an_answer_says_to_whom_the_customer_belongs(client: TestClient) -> None:
    bob, ann, new = request_segments(client, "bob", "zoe", "ann", "new")
    assert (bob["status"], bob["value_tier"], ann["value_tier"]) == ("scored", "silver", "gold")
    assert new == {"status": "not_scored"}


def test_channels_are_those_that_may_be_used_now(client: TestClient) -> None:
    def ranked_channels() -> list[list[str]]:
        return [
            [item["name"] for item in segment["channels"]["ranked"]]
            for segment in request_segments(client, "ann", "bob")
        ]

    assert ranked_channels() == [[], ["sms"]]
    email = {"consents": [{"purpose": "marketing", "channel": "email", "granted": True}]}
    client.put("/v1/customers/ann/consents", json=email)
    client.put("/v1/customers/bob/consents", json={"consents": [{"purpose": "marketing", "granted": False}]})
    assert ranked_channels() == [["email"], []]


def test_new_scores_are_told_of_without_a_restart(shop: Shop, client: TestClient, tmp_path: Path) -> None:
    assert [segment["status"] for segment in request_segments(client, "ann", "new")] == ["scored", "not_scored"]
    scored.write_scores(tmp_path, shop.worker.consent_gate.ledger, ["new"])
    assert [segment["status"] for segment in request_segments(client, "ann", "new")] == ["not_scored", "scored"]
