"""Status: a monitor reads what answers, where the log ends and what was noticed, and is never shown a customer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from features.errors import StoreUnavailable
from features.plausibility_note import PlausibilityNote
from serving.releases.publication_loader import PublicationLoader
from serving.schemas.status import ProbeResponse, StatusResponse
from tests.serving.api.prediction_requests import get_prediction, post_predictions
from tests.serving.fakes import PUBLICATION, FakeFeatureReader, FakeRelease, KnownCustomer, Shop

NOTE = PlausibilityNote(
    code="ids_differ_by_case",
    severity="warning",
    found="3 customer ids differ from another only by case",
    expected="one spelling per customer",
    remedy='Set id_case = "lower"',
    count=3,
    example="Ann@example.org",
)


def status_of(shop: Shop) -> dict[str, Any]:
    with shop.client() as client:
        response = client.get("/v1/status")
    StatusResponse.model_validate_json(response.content)
    body: dict[str, Any] = response.json()
    return body


def readiness_of(shop: Shop) -> dict[str, Any]:
    with shop.client() as client:
        response = client.get("/readyz")
    assert response.status_code == 200
    ProbeResponse.model_validate_json(response.content)
    body: dict[str, Any] = response.json()
    return body


def test_a_shop_that_sold_the_day_before_yesterday_is_silent_for_a_day() -> None:
    status = status_of(Shop.of(FakeRelease()))
    assert status.pop("version")
    assert status == {
        "release": "7",
        "champion": None,
        "trained_as_of": "2026-11-20T23:00:00Z",
        "as_of": "2026-11-21T09:30:00Z",
        "features_at": "2026-11-20T23:00:00Z",
        "log_until": "2026-11-19T16:40:00Z",
        "log_age_seconds": 147_000.0,
        "silence": {"days": 1, "longest_before": 2, "usual": 3, "limit": 14, "notice": None},
        "degraded": None,
        "consent_state": "0",
        "plausibility": [],
    }


@pytest.mark.parametrize(
    ("now", "days"), [("2026-11-20T08:00:00", 0), ("2026-11-20T23:59:00", 0), ("2026-11-23T00:00:00", 3)]
)
def test_a_shop_whose_silence_is_usual_gets_no_notice(now: str, days: int) -> None:
    shop = Shop.of(FakeRelease(), now=now, publication=replace(PUBLICATION, features_at=PUBLICATION.log_until))
    silence = status_of(shop)["silence"]
    assert (silence["days"], silence["notice"]) == (days, None)
    assert "notice" not in readiness_of(shop)


def test_a_worker_whose_clock_is_before_the_features_is_not_ready() -> None:
    shop = Shop.of(FakeRelease(), now="2026-11-20T10:00:00")
    with shop.client() as client:
        assert client.get("/v1/customers/ann/predictions").status_code == 422
        response = client.get("/readyz")
        assert (response.status_code, response.headers["retry-after"]) == (503, "1")
        assert response.json()["detail"] == client.get("/v1/status").json()["degraded"]
        assert response.json()["detail"] == (
            "Found the service's clock at 2026-11-20T09:00:00Z, before the features of 2026-11-20T23:00:00Z; expected "
            "an instant not before them. Serve with a later --as-of, or run `flywheel publish` as of an earlier day."
        )


def test_a_worker_whose_nightly_job_stopped_stays_ready_and_says_so() -> None:
    probe = readiness_of(Shop.of(FakeRelease(), now="2026-12-10T10:00:00"))
    assert (probe["status"], probe["release"]) == ("ready", "7")
    assert (probe["log_until"], probe["silence_days"]) == ("2026-11-19T16:40:00Z", 20)
    assert probe["notice"] == (
        "The published features know a log that ends on 2026-11-19, 20 whole days before 2026-12-10. Expected at most "
        "3, the silence that is usual for this log. Check that the nightly job runs and that its export goes on."
    )
    assert status_of(Shop.of(FakeRelease(), now="2026-12-10T10:00:00"))["silence"]["notice"] == probe["notice"]


def test_every_answer_names_the_end_of_the_log() -> None:
    shop = Shop.of(FakeRelease(), FakeFeatureReader(ann=KnownCustomer()))
    with shop.client() as client:
        rows = [*post_predictions(client, "ann", "nobody"), get_prediction(client, "ann")]
    assert [row["log_until"] for row in rows] == ["2026-11-19T16:40:00Z"] * 3


def test_a_home_of_an_earlier_version_answers_and_has_no_end_of_the_log() -> None:
    shop = Shop.of(FakeRelease(), publication=None)
    with shop.client() as client:
        assert post_predictions(client, "ann")[0]["log_until"] is None
    assert readiness_of(shop)["log_until"] is None
    status = status_of(shop)
    assert (status["log_until"], status["silence"], status["plausibility"]) == (None, None, [])


def test_notes_on_the_log_are_shown_without_the_customer_who_is_their_example() -> None:
    shop = Shop.of(FakeRelease(), publication=replace(PUBLICATION, notes=(NOTE,)))
    (note,) = status_of(shop)["plausibility"]
    assert note["found"] == "3 customer ids differ from another only by case"
    assert {*note} == {"code", "severity", "found", "expected", "remedy", "count", "accepted"}
    assert b"Ann@" not in replace(PUBLICATION, notes=(NOTE,)).to_bytes()


def test_a_service_without_a_release_has_a_status_all_the_same() -> None:
    status = status_of(Shop.of())
    assert (status["release"], status["trained_as_of"], status["degraded"]) == (None, None, None)
    assert status["log_until"] == "2026-11-19T16:40:00Z"


class CutFeatureReader(FakeFeatureReader):
    """A feature store that does not answer."""

    def read(self, _: object) -> Any:  # noqa: ANN401 - it never returns
        raise StoreUnavailable("cut")


def test_the_status_says_why_predictions_fail_now() -> None:
    assert status_of(Shop.of(FakeRelease(), CutFeatureReader()))["degraded"] == "store_unreachable"


def test_a_status_needs_a_key_and_no_scope() -> None:
    with Shop.of(FakeRelease(), keys=["secret-key"]).client() as client:
        assert client.get("/v1/status").status_code == 401
        assert client.get("/v1/status", headers={"X-API-Key": "secret-key"}).status_code == 200


def test_a_new_publication_is_noticed_and_one_that_cannot_be_read_changes_nothing() -> None:
    reads: list[bytes | StoreUnavailable | None] = [
        None,
        PUBLICATION.to_bytes(),
        StoreUnavailable("cut"),
        replace(PUBLICATION, log_until=7).to_bytes(),
    ]

    def read() -> bytes | None:
        answer = reads.pop(0)
        if isinstance(answer, StoreUnavailable):
            raise answer
        return answer

    loader, seen = PublicationLoader(read), []
    while reads:
        loader.poll()
        seen.append(loader.current and loader.current.log_until)
    assert seen == [None, PUBLICATION.log_until, PUBLICATION.log_until, 7]


@pytest.mark.parametrize("stored", [b"", b"{}", b"[]", PUBLICATION.to_bytes().replace(b"usual_silence", b"other")])
def test_a_publication_of_another_version_is_none(stored: bytes) -> None:
    loader = PublicationLoader(lambda: stored)
    loader.poll()
    assert loader.current is None
