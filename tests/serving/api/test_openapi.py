"""OpenAPI: the document matches the routes and their answers, and its page loads nothing from the internet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import validate
from starlette.testclient import TestClient

from serving.audiences.formats import FORMATS
from tests.serving.fakes import NO_ORDERS, FakeFeatureReader, FakeRelease, KnownCustomer, Shop

ROUTES = {
    "/v1/predictions": {"post": {"200", "400", "401", "403", "408", "413", "415", "422", "429", "500", "503"}},
    "/v1/customers/{customer_id}/predictions": {"get": {"200", "304", "401", "403", "422", "429", "500", "503"}},
    "/v1/customers/{customer_id}/history": {"get": {"200", "401", "403", "422", "429", "500", "503"}},
    "/v1/customers/{customer_id}/consents": {
        "get": {"200", "401", "403", "422", "500", "503"},
        "put": {"200", "400", "401", "403", "408", "409", "413", "415", "422", "500", "503"},
    },
    "/v1/customers/{customer_id}": {"delete": {"200", "202", "401", "403", "422", "500", "503"}},
    "/v1/audiences": {
        "post": {"200", "400", "401", "403", "408", "413", "415", "422", "500", "503", "507"},
        "get": {"200", "401", "403", "422", "500", "503"},
    },
    "/v1/columns": {"get": {"200", "401", "403", "422", "500", "503"}},
    "/v1/reminders": {"get": {"200", "401", "403", "422", "500", "503"}},
    "/v1/audiences/{audience_id}": {
        "get": {"200", "401", "403", "404", "500", "503"},
        "delete": {"204", "401", "403", "404", "500", "503"},
    },
    "/v1/audiences/{audience_id}/members": {"get": {"200", "401", "403", "404", "422", "500", "503"}},
    "/v1/audiences/{audience_id}/tag-changes": {
        "post": {"200", "400", "401", "403", "404", "408", "409", "413", "415", "422", "500", "503"},
        "get": {"200", "401", "403", "404", "409", "422", "500", "503"},
    },
    "/v1/audiences/{audience_id}/tag-changes/{export_id}/confirm": {
        "post": {"200", "401", "403", "404", "409", "422", "500", "503"}
    },
    "/v1/growth": {"get": {"200", "401", "403", "500", "503"}},
    "/v1/feedback/topics": {"get": {"200", "401", "403", "404", "500", "503"}},
    "/v1/attribution": {"get": {"200", "401", "403", "422", "500", "503"}},
    "/v1/experiments/{experiment_id}/results": {"get": {"200", "401", "403", "404", "500", "503"}},
    "/v1/experiments": {
        "post": {"200", "400", "401", "403", "408", "409", "413", "415", "422", "500", "503"},
        "get": {"200", "401", "403", "500", "503"},
    },
    "/v1/experiments/{experiment_id}": {"get": {"200", "401", "403", "404", "500", "503"}},
    "/v1/experiments/{experiment_id}/stop": {"post": {"200", "401", "403", "404", "409", "500", "503"}},
    "/v1/experiments/{experiment_id}/arms/{arm}/remove": {"post": {"200", "401", "403", "404", "409", "500", "503"}},
    "/v1/experiments/{experiment_id}/extend": {
        "post": {"200", "400", "401", "403", "404", "408", "409", "413", "415", "422", "500", "503"}
    },
    "/v1/decisions": {"post": {"200", "400", "401", "403", "404", "408", "409", "413", "415", "422", "500", "503"}},
    "/v1/exposures": {"post": {"200", "400", "401", "403", "408", "413", "415", "422", "500", "503"}},
    "/v1/outcomes": {"post": {"200", "400", "401", "403", "408", "413", "415", "422", "500", "503"}},
    "/v1/effects": {"post": {"200", "400", "401", "403", "408", "413", "415", "422", "429", "500", "503"}},
    "/v1/models": {"get": {"200", "401", "403", "500", "503"}},
    "/v1/scorecards": {"get": {"200", "401", "403", "422", "500"}},
    "/v1/releases": {"get": {"200", "401", "403", "500"}},
    "/v1/status": {"get": {"200", "401", "500"}},
    "/livez": {"get": {"200", "500"}},
    "/readyz": {"get": {"200", "500", "503"}},
    "/metrics": {"get": {"200", "401", "500"}},
}


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with Shop.of(FakeRelease(), FakeFeatureReader(ann=KnownCustomer(), bob=NO_ORDERS)).client() as client:
        yield client


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    parsed: dict[str, Any] = client.get("/openapi.json").json()
    return parsed


def schema(document: dict[str, Any], name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": document["components"]})


def test_every_route_is_documented_with_every_problem(document: dict[str, Any]) -> None:
    responses = {
        path: {method: {*operation["responses"]} for method, operation in operations.items()}
        for path, operations in document["paths"].items()
    }
    assert responses == {
        path: {method: statuses | common_statuses(path, statuses) for method, statuses in methods.items()}
        for path, methods in ROUTES.items()
    }


def common_statuses(path: str, statuses: set[str]) -> set[str]:
    """The statuses that a request may get before its route."""
    return (
        {"403", "421", "431"} | ({"429"} if "401" in statuses else set()) | ({"404", "405"} if "{" in path else set())
    )


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)
    assert "'default': None" not in str(document)


def test_every_format_of_members_is_documented(document: dict[str, Any]) -> None:
    response = document["paths"]["/v1/audiences/{audience_id}/members"]["get"]["responses"]["200"]
    assert {*response["content"]} == {"application/json", *FORMATS}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/customers/ann/consents", "GET, HEAD, PUT"),
        ("DELETE", "/v1/customers//consents", "GET, HEAD, PUT"),
        ("POST", "/v1/customers/ann", "DELETE"),
        ("PUT", "/v1/customers/ann/predictions", "GET, HEAD"),
        ("PATCH", "/v1/audiences/a", "DELETE, GET, HEAD"),
        ("TRACE", "/livez", "GET, HEAD"),
    ],
)
def test_another_method_is_told_all_that_the_path_has(client: TestClient, method: str, path: str, allowed: str) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, allowed)
    assert response.headers["content-type"] == "application/problem+json"


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    referenced = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert referenced <= {*document["components"]["schemas"]}
    assert {"PredictionRequest", "PredictionsResponse", "ProblemDetails"} <= referenced
    Draft202012Validator.check_schema(document["components"]["schemas"]["PredictionRequest"])


@pytest.mark.parametrize("include", [None, [], ["churn"], ["churn", "next_purchase", "ltv", "segment", "reasons"]])
def test_answers_are_as_documented(client: TestClient, document: dict[str, Any], include: list[str] | None) -> None:
    body = {"customer_ids": ["ann", "bob", "zoe"], "include": include, "as_of": "2026-12-21"}
    schema(document, "PredictionRequest").validate(body)
    schema(document, "PredictionsResponse").validate(client.post("/v1/predictions", json=body).json())


def test_the_example_of_a_reason_is_one(document: dict[str, Any]) -> None:
    ((example,),) = document["components"]["schemas"]["Prediction"]["properties"]["reasons"]["examples"]
    schema(document, "ReasonResponse").validate(example)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/models", "ModelsResponse"),
        ("/v1/scorecards", "ScorecardsResponse"),
        ("/v1/releases", "ReleasesResponse"),
        ("/livez", "ProbeResponse"),
        ("/readyz", "ProbeResponse"),
        ("/v1/status", "StatusResponse"),
    ],
)
def test_the_other_answers_are_as_documented_too(
    client: TestClient, document: dict[str, Any], path: str, name: str
) -> None:
    schema(document, name).validate(client.get(path).json())


def test_problems_are_as_documented(client: TestClient, document: dict[str, Any]) -> None:
    for problem in (client.get("/nowhere"), client.post("/v1/predictions", json={"customer_ids": [1]})):
        schema(document, "ProblemDetails").validate(problem.json())


def test_the_parameters_of_the_get_route_are_documented(document: dict[str, Any]) -> None:
    parameters = document["paths"]["/v1/customers/{customer_id}/predictions"]["get"]["parameters"]
    assert [parameter["name"] for parameter in parameters] == ["customer_id", "as_of", "include", "curve"]


def test_every_query_parameter_has_a_meaning(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                assert parameter.get("description"), f"{parameter['name']} of {path}"
    period = {each["name"]: each["required"] for each in document["paths"]["/v1/attribution"]["get"]["parameters"]}
    assert period == {"from": True, "to": True, "channel": False}


def test_the_page_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs").text
    paths = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert paths
    for path in paths:
        assert path.startswith(("/docs/", "/sign-in/"))
        response = client.get(path)
        assert response.status_code == 200
        assert len(response.content) > 100
    assert '"/openapi.json"' in client.get("/docs/swagger-initializer.js").text


@pytest.mark.parametrize("name", ["index.css", "../swagger-ui.css", "..%2f..%2f..%2f__init__.py", "nothing"])
def test_no_other_file_is_given_away(client: TestClient, name: str) -> None:
    assert client.get(f"/docs/{name}").status_code == 404
