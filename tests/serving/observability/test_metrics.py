"""Metrics: what Prometheus reads, which never contains a customer id."""

from __future__ import annotations

import re
from dataclasses import replace

from features.plausibility_note import PlausibilityNote
from tests.serving.fakes import DAY, PUBLICATION, TODAY, FakeFeatureReader, FakeRelease, KnownCustomer, Shop

PREDICTIONS = "/v1/predictions"


def test_requests_are_counted_by_route_not_by_customer() -> None:
    shop = Shop.of(FakeRelease())
    with shop.client() as client:
        client.get("/v1/customers/ann/predictions")
        client.get("/v1/customers/zoe/predictions")
        client.get("/nowhere/ann")
        client.request("BREW", "/livez")
        page = client.get("/metrics")
    assert page.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert (
        'http_requests_total{method="GET",route="/v1/customers/{customer_id:text}/predictions",status="200"} 2.0'
        in page.text
    )
    assert 'http_requests_total{method="GET",route="unmatched",status="404"} 1.0' in page.text
    assert 'http_requests_total{method="other",route="/livez",status="405"} 1.0' in page.text
    assert 'http_request_duration_seconds_count{route="/livez"} 1.0' in page.text
    assert "ann" not in page.text


def test_customers_are_counted_by_model_version_status_and_tier() -> None:
    shop = Shop.of(
        FakeRelease(), FakeFeatureReader(ann=KnownCustomer(), old=KnownCustomer(features_at=TODAY - 9 * DAY))
    )
    with shop.client() as client:
        client.post(PREDICTIONS, json={"customer_ids": ["ann", "ann", "old", "zoe"]})
        client.post(PREDICTIONS, json={"customer_ids": ["zoe"]})
        page = client.get("/metrics").text
    assert 'predictions_total{model="ltv",status="scored",tier="average",version="2"} 2.0' in page
    assert 'predictions_total{model="ltv",status="stale_features",tier="average",version="2"} 1.0' in page
    assert 'predictions_total{model="ltv",status="unknown_customer",tier="none",version="2"} 2.0' in page


def test_the_age_of_the_features_is_that_of_the_oldest() -> None:
    shop = Shop.of(
        FakeRelease(),
        FakeFeatureReader(ann=KnownCustomer(), old=KnownCustomer(features_at=TODAY - 2 * DAY)),
        now="2026-11-21T06:00:00",
    )
    with shop.client() as client:
        client.post(PREDICTIONS, json={"customer_ids": ["ann", "old", "zoe"]})
        assert "feature_age_seconds 194400.0" in client.get("/metrics").text


def test_the_release_that_answers_is_named() -> None:
    with Shop.of(FakeRelease()).client() as client:
        assert 'model_info{model="ltv",release="7",version="2"} 1.0' in client.get("/metrics").text


def test_a_monitor_reads_the_end_of_the_log_the_silence_and_how_many_notes_there_are() -> None:
    note = PlausibilityNote("amounts_zero", "warning", "2 amounts are zero", "prices", "Exclude them", 2)
    publication = replace(
        PUBLICATION,
        notes=(note, note, replace(note, severity="info"), replace(note, severity="blocking", accepted=True)),
    )
    with Shop.of(FakeRelease(), publication=publication, now="2026-11-25T10:00:00").client() as client:
        page = client.get("/metrics").text
    (log_until,) = re.findall(r"^flywheel_log_until_timestamp_seconds (.+)$", page, re.MULTILINE)
    assert float(log_until) == PUBLICATION.log_until / 1e6
    assert "flywheel_log_silence_days 5.0" in page
    assert "flywheel_log_usual_silence_days 3.0" in page
    for severity, notes in (("info", "1.0"), ("warning", "2.0"), ("blocking", "0.0")):
        assert f'flywheel_plausibility_notes{{severity="{severity}"}} {notes}' in page


def test_before_the_first_publication_the_end_of_the_log_is_no_number() -> None:
    with Shop.of(FakeRelease(), publication=None).client() as client:
        page = client.get("/metrics").text
    assert "flywheel_log_until_timestamp_seconds NaN" in page
    assert "flywheel_log_silence_days NaN" in page
