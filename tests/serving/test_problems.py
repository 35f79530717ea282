"""Problem details: every error has one JSON form, and its text names the finding, the expectation and the remedy."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient
from starlette.types import Message

from features.online.feature_rows import FeatureRows
from serving.api import request_parsing
from serving.schemas.predictions import ProblemDetails
from tests.serving.fakes import FakeFeatureReader, FakeRelease, Shop
from training.inference.forecast import Forecast

PREDICTIONS = "/v1/predictions"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with Shop.of(FakeRelease()).client() as client:
        yield client


def request_problem(client: TestClient, method: str, path: str, **options: object) -> ProblemDetails:
    response = client.request(method, path, **options)  # type: ignore[arg-type]
    assert response.headers["content-type"] == "application/problem+json"
    problem = ProblemDetails.model_validate_json(response.content)
    assert problem.status == response.status_code
    return problem


def validation_errors(client: TestClient, **body: object) -> dict[str, str]:
    problem = request_problem(client, "POST", PREDICTIONS, json=body)
    assert problem.status == 422
    assert problem.title == "Unprocessable Content"
    return {error.field: error.reason for error in problem.errors}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1", 404), ("GET", "/v1/customers/ann", 405), ("GET", "/livez/", 404),
     ("GET", PREDICTIONS, 405), ("DELETE", "/v1/models", 405), ("POST", "/livez", 405)],
)  # fmt: skip
def test_no_such_route_or_method(client: TestClient, method: str, path: str, status: int) -> None:
    assert request_problem(client, method, path).status == status


def test_a_wrong_method_is_told_the_right_one(client: TestClient) -> None:
    assert client.get(PREDICTIONS).headers["allow"] == "POST"


@pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b'{"customer_ids": ["\\ud800"]}', b"\xff", b"[" * 100_000])
def test_a_body_that_is_not_json(client: TestClient, body: bytes) -> None:
    problem = request_problem(client, "POST", PREDICTIONS, content=body, headers=JSON)
    assert problem.status == 400
    assert problem.detail.startswith("The body is not JSON. Invalid JSON: ")


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_a_body_in_another_media_type(client: TestClient, media: str) -> None:
    problem = request_problem(client, "POST", PREDICTIONS, content=b"{}", headers={"Content-Type": media})
    assert problem.status == 415
    assert problem.detail.startswith(f"Found the media type {media}.")
    assert problem.detail.endswith("Send Content-Type: application/json.")


@pytest.mark.parametrize("media", ["application/json; charset=utf-8", "Application/JSON", "application/vnd.shop+json"])
def test_json_by_any_of_its_names(client: TestClient, media: str) -> None:
    body = b'{"customer_ids": ["ann"]}'
    assert client.post(PREDICTIONS, content=body, headers={"Content-Type": media}).status_code == 200


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client: TestClient) -> None:
    problem = request_problem(
        client, "POST", PREDICTIONS, content=b" " * (request_parsing.MAX_BODY_BYTES + 1), headers=JSON
    )
    assert problem.status == 413
    assert problem.detail.startswith("Found more than the 2,097,152 bytes allowed.")


def test_a_body_that_does_not_say_its_length_is_counted(client: TestClient) -> None:
    endless = (b" " * 65536 for _ in range(64))
    assert request_problem(client, "POST", PREDICTIONS, content=endless, headers=JSON).status == 413


def test_the_longest_ids_that_are_allowed_fit_however_they_are_written(client: TestClient) -> None:
    body = b'{"customer_ids": [' + b",".join([b'"' + rb"\u5ba2" * 256 + b'"'] * 1000) + b"]}"
    assert client.post(PREDICTIONS, content=body, headers=JSON).status_code == 200


@pytest.mark.parametrize(
    ("path", "media_type"), [(PREDICTIONS, b"application/json"), ("/app/sign-in", b"application/x-www-form-urlencoded")]
)
def test_a_body_that_never_ends_is_given_up(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, path: str, media_type: bytes
) -> None:
    monkeypatch.setattr(request_parsing, "BODY_TIMEOUT_SECONDS", 0.05)
    messages: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b" ", "more_body": True}

    async def send(message: Message) -> None:
        messages.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", media_type)],
        "http_version": "1.1",
    }

    async def ask() -> None:
        await client.app({**scope, "scheme": "http", "server": ("a", 1), "root_path": ""}, receive, send)

    asyncio.run(ask())
    assert messages[0]["status"] == 408


def test_an_id_that_is_a_number_is_told_to_be_text(client: TestClient) -> None:
    assert validation_errors(client, customer_ids=["ann", 17850]) == {
        "customer_ids[1]": "Found 17850; expected a string, since ids are text: send it in quotes."
    }


@pytest.mark.parametrize(
    ("ids", "field"),
    [([], "customer_ids"), (["a"] * 1001, "customer_ids"), ("ann", "customer_ids"), ([""], "customer_ids[0]"),
     ([None], "customer_ids[0]"), ([["ann"]], "customer_ids[0]")],
)  # fmt: skip
def test_ids_out_of_bounds(client: TestClient, ids: object, field: str) -> None:
    assert [*validation_errors(client, customer_ids=ids)] == [field]


def test_a_thousand_long_ids_are_within_bounds(client: TestClient) -> None:
    assert client.post(PREDICTIONS, json={"customer_ids": ["a" * 256] * 1000}).status_code == 200


def test_every_field_that_is_wrong_is_named(client: TestClient) -> None:
    errors = validation_errors(client, customer_ids=["ann"], as_of="soon", include=["churn", "love"], colour="red")
    assert {*errors} == {"as_of", "include[1]", "colour"}
    assert errors["as_of"].startswith("Found 'soon'; expected an RFC 3339 date-time")
    assert "'churn', 'next_purchase', 'ltv', 'uplift', 'segment' or 'reasons'" in errors["include[1]"]
    assert errors["colour"] == "Found an unknown field; expected customer_ids, as_of, include or curve. Leave it out."


def test_a_thousand_wrong_ids_do_not_make_a_thousand_reasons(client: TestClient) -> None:
    problem = request_problem(client, "POST", PREDICTIONS, json={"customer_ids": list(range(1000))})
    assert problem.detail.startswith("1000 fields are not as expected. The first 20 are listed.")
    assert len(problem.errors) == 20


@pytest.mark.parametrize("body", [[], "ann", 7, False])
def test_a_body_that_is_no_object(client: TestClient, body: object) -> None:
    problem = request_problem(client, "POST", PREDICTIONS, json=body)
    assert problem.status == 422
    assert problem.errors[0].field == "body"


def test_get_names_its_own_fields(client: TestClient) -> None:
    problem = request_problem(client, "GET", "/v1/customers/ann/predictions?as_of=soon&include=love")
    assert [error.field for error in problem.errors] == ["as_of", "include[0]"]


def test_an_instant_before_the_features_is_refused_for_the_whole_request(client: TestClient) -> None:
    problem = request_problem(client, "POST", PREDICTIONS, json={"customer_ids": ["zoe", "ann"], "as_of": "2026-11-20"})
    assert problem.status == 422
    assert problem.errors[0].field == "as_of"
    assert "while the features are of 2026-11-20T23:00:00Z" in problem.detail


def test_features_that_cannot_be_read_are_a_reason_to_try_again() -> None:
    class Broken(FakeFeatureReader):
        def read(self, customer_ids: Sequence[str]) -> FeatureRows:
            raise OSError(f"no page for {customer_ids}")

    shop = Shop.of(FakeRelease(), Broken())
    with shop.client() as client:
        response = client.get("/v1/customers/ann/predictions")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert "features unreadable" in shop.log.getvalue()
    assert "ann" not in shop.log.getvalue()


def test_what_nobody_foresaw_is_a_problem_too_and_the_log_names_no_customer() -> None:
    def raise_key_error(stored: FeatureRows, _: int) -> Forecast:
        raise KeyError(stored.customer_ids[0])

    shop = Shop.of(FakeRelease(answer=raise_key_error))
    with shop.client() as client:
        problem = request_problem(client, "GET", "/v1/customers/ann/predictions", headers={"X-Request-ID": "r-1"})
    assert problem.status == 500
    logged = shop.log.getvalue()
    assert '"error": "KeyError"' in logged
    assert '"request_id": "r-1"' in logged
    assert "raise_key_error" in logged
    assert "ann" not in logged


@settings(max_examples=60)
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["customer_ids", "as_of", "include"]), inner),
    )
)
def test_no_json_makes_the_service_fall_over(client: TestClient, body: object) -> None:
    text = json.dumps(body).encode("utf-8", "surrogatepass")
    response = client.post(PREDICTIONS, content=text, headers=JSON)
    assert response.status_code in {200, 400, 422}
