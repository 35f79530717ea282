"""Which scope a request needs: the table asks for no less than the route that the framework would choose."""

from __future__ import annotations

import pytest
from fastapi.routing import APIRoute
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from serving.api.app import create_app
from serving.auth.api_keys import PROBE_PATHS
from serving.auth.scopes import KeyScope, allows, required_scope
from tests.serving.fakes import FakeRelease, Shop

PREDICT, AUDIENCE, CONSENT, ADMIN = KeyScope
ANY_KEY = ["/metrics", "/docs", "/docs/{name}", "/openapi.json"]


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/predictions", PREDICT),
        ("GET", "/v1/customers/ann/predictions", PREDICT),
        ("HEAD", "/v1/customers/ann/predictions", PREDICT),
        ("GET", "/v1/models", PREDICT),
        ("POST", "/v1/audiences", AUDIENCE),
        ("GET", "/v1/audiences/lapsing/pages/2", AUDIENCE),
        ("GET", "/v1/customers/ann/consents", CONSENT),
        ("PUT", "/v1/customers/ann/consents", CONSENT),
        ("DELETE", "/v1/customers/ann", ADMIN),
        ("GET", "/metrics", None),
        ("GET", "/docs", None),
        ("GET", "/openapi.json", None),
        ("GET", "/nowhere", None),
        ("GET", "/v1/customers/ann", None),
    ],
)
def test_each_route_needs_its_scope(method: str, path: str, scope: KeyScope | None) -> None:
    assert required_scope(method, path) is scope


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/v1/customers/a/b/predictions", PREDICT),
        ("GET", "/v1/customers/consents/predictions", PREDICT),
        ("GET", "/v1/customers/ann/consents/predictions", PREDICT),
        ("PUT", "/v1/customers/ann/predictions/consents", CONSENT),
        ("PUT", "/v1/customers/predictions/consents", CONSENT),
        ("PUT", "/v1/customers//consents", CONSENT),
        ("PUT", "/v1/customers/a\nb/consents", CONSENT),
        ("PUT", "/v1/customers/ann/consents\n", CONSENT),
        ("PUT", "/v1/customers/ann%2Fconsents/consents", CONSENT),
        ("DELETE", "/v1/customers/ann/consents", ADMIN),
        ("DELETE", "/v1/customers/ann/predictions", ADMIN),
        ("DELETE", "/v1/customers/a/b", ADMIN),
        ("DELETE", "/v1/customers/", ADMIN),
        ("DELETE", "/v1/customers/\n", ADMIN),
        ("GET", "/v1/models\n", PREDICT),
        ("GET", "/v1/customersX/ann/predictions", None),
        ("GET", "/x/v1/customers/ann/consents", None),
    ],
)
def test_an_id_is_any_text_and_changes_nothing(method: str, path: str, scope: KeyScope | None) -> None:
    assert required_scope(method, path) is scope


async def nothing(_: Request) -> Response:
    return Response()


@pytest.fixture(scope="module")
def routes() -> list[tuple[Route, KeyScope]]:
    """The routes on customers, those included that may come, written as the application writes its own."""
    create_app(lambda: Shop.of(FakeRelease()).worker)  # it teaches the framework what text is
    customer = "/v1/customers/{customer_id:text}"
    return [
        (Route(f"{customer}/predictions", nothing, methods=["GET"]), PREDICT),
        (Route(f"{customer}/consents", nothing, methods=["GET", "PUT"]), CONSENT),
        (Route(customer, nothing, methods=["DELETE"]), ADMIN),
        (Route("/v1/predictions", nothing, methods=["POST"]), PREDICT),
        (Route("/v1/models", nothing, methods=["GET"]), PREDICT),
        (Route("/v1/audiences", nothing, methods=["GET", "POST"]), AUDIENCE),
        (Route("/v1/audiences/{name:text}", nothing, methods=["GET", "PUT"]), AUDIENCE),
    ]


parts = st.sampled_from(
    ["/", "\n", "consents", "predictions", "customers", "audiences", "v1", "models", "%2F", "..", "a"]
)
ids = st.one_of(st.text(), st.lists(parts).map("".join))
ends = st.sampled_from(["", "/", "/consents", "/predictions", "\n", "/consents\n", "/predictions\n"])
starts = st.sampled_from(["/v1/customers/", "/v1/", "/v1/audiences", "/v1/models", "/v1/predictions", "/", ""])


@given(
    method=st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "delete"]),
    start=starts, customer=ids, end=ends,
)  # fmt: skip
@example(method="PUT", start="/v1/customers/", customer="ann", end="/consents\n")
@example(method="DELETE", start="/v1/customers/", customer="ann", end="/predictions")
def test_no_route_is_opened_without_its_scope(
    routes: list[tuple[Route, KeyScope]], method: str, start: str, customer: str, end: str
) -> None:
    path = f"{start}{customer}{end}"
    asked = {"type": "http", "method": method, "path": path}
    for route, scope in routes:
        if route.matches(asked)[0] is Match.FULL:
            assert required_scope(method, path) is scope


def test_a_new_route_cannot_be_forgotten_in_the_table() -> None:
    app = create_app(lambda: Shop.of(FakeRelease()).worker)
    for route in app.routes:
        if isinstance(route, APIRoute) and route.path not in {*PROBE_PATHS, *ANY_KEY}:
            for method in route.methods or ():
                assert required_scope(method, route.path.replace("{customer_id:text}", "ann")) is not None


@given(held=st.sets(st.sampled_from(KeyScope)), wanted=st.none() | st.sampled_from(KeyScope))
def test_admin_implies_all_scopes_and_no_other_implies_any(held: set[KeyScope], wanted: KeyScope | None) -> None:
    assert allows(held, wanted) == (wanted is None or bool(held & {wanted, ADMIN}))
