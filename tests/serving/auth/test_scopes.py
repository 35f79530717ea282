"""Scopes: each route declares the scope that it needs, and answers only a key that has it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from fastapi import params
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.testclient import TestClient

from serving.api.routing import CUSTOMER_PATH, SUBRESOURCES, RawRoute, refuse_undeclared
from serving.app import create_app
from serving.auth.route_access import ANY_KEY, PUBLIC, RouteAccess, requires
from serving.auth.scopes import KeyScope, SessionScope, allows
from serving.web.routing import PageRoute
from tests.serving.fakes import FakeRelease, Shop

PREDICT, AUDIENCE, CONSENT, EXPERIMENT, VIEW, ADMIN = KeyScope
APP = create_app(lambda: Shop.of(FakeRelease()).worker)


def access(method: str, path: str) -> RouteAccess | None:
    """What the route that answers a request declares; None where no route does."""
    request = {"type": "http", "method": method, "path": path}
    routes = (route for route in APP.routes if route.matches(request)[0] is Match.FULL)
    return next((route.access for route in routes if isinstance(route, RawRoute)), None)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/v1/predictions", PREDICT),
        ("GET", "/v1/customers/ann/predictions", PREDICT),
        ("HEAD", "/v1/customers/ann/predictions", PREDICT),
        ("GET", "/v1/models", PREDICT),
        ("GET", "/v1/scorecards", PREDICT),
        ("GET", "/v1/releases", PREDICT),
        ("POST", "/v1/audiences", AUDIENCE),
        ("GET", "/v1/audiences", AUDIENCE),
        ("GET", "/v1/audiences/lapsing", AUDIENCE),
        ("GET", "/v1/columns", AUDIENCE),
        ("HEAD", "/v1/audiences/lapsing/members", AUDIENCE),
        ("GET", "/v1/reminders", AUDIENCE),
        ("POST", "/v1/audiences/lapsing/tag-changes", AUDIENCE),
        ("HEAD", "/v1/audiences/lapsing/tag-changes", AUDIENCE),
        ("POST", "/v1/audiences/lapsing/tag-changes/crm-1/confirm", AUDIENCE),
        ("POST", "/v1/experiments", EXPERIMENT),
        ("GET", "/v1/experiments", EXPERIMENT),
        ("HEAD", "/v1/experiments/win-back", EXPERIMENT),
        ("POST", "/v1/experiments/win-back/stop", EXPERIMENT),
        ("POST", "/v1/experiments/win-back/arms/ten/remove", EXPERIMENT),
        ("POST", "/v1/experiments/win-back/extend", EXPERIMENT),
        ("POST", "/v1/decisions", EXPERIMENT),
        ("GET", "/v1/customers/ann/history", VIEW),
        ("GET", "/v1/customers/ann/consents", CONSENT),
        ("PUT", "/v1/customers/ann/consents", CONSENT),
        ("POST", "/v1/exposures", EXPERIMENT),
        ("POST", "/v1/outcomes", EXPERIMENT),
        ("GET", "/v1/attribution", EXPERIMENT),
        ("GET", "/v1/feedback/topics", VIEW),
        ("GET", "/v1/growth", VIEW),
        ("DELETE", "/v1/customers/ann", ADMIN),
        ("GET", "/v1/status", None),
        ("GET", "/metrics", None),
    ],
)
def test_each_route_needs_its_scope(method: str, path: str, scope: KeyScope | None) -> None:
    assert access(method, path) == RouteAccess(scope)


@pytest.mark.parametrize("path", ["/docs", "/docs/swagger-ui.css", "/openapi.json"])
def test_the_documentation_is_open_to_who_signed_in_too(path: str) -> None:
    assert access("GET", path) == RouteAccess(session=SessionScope.DOCUMENTATION)


def test_a_session_opens_pages_alone_and_changes_something_through_pages_alone() -> None:
    opened = [route for route in APP.routes if isinstance(route, RawRoute) and route.access.session is not None]
    assert {type(route) for route in opened if route.access.session is SessionScope.PAGE} == {PageRoute}
    assert all(route.path.startswith("/app") for route in opened if route.access.session is SessionScope.PAGE)
    assert all(isinstance(route, PageRoute) for route in opened if route.access.changes)


@pytest.mark.parametrize("path", ["/", "/app/sign-in", "/app/static/0/page.css", "/livez", "/readyz"])
def test_probes_and_the_form_that_asks_for_a_key_are_public(path: str) -> None:
    assert access("GET", path) == RouteAccess(public=True)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/v1/customers/a/b/predictions", PREDICT),
        ("GET", "/v1/customers/consents/predictions", PREDICT),
        ("GET", "/v1/customers/ann/consents/predictions", PREDICT),
        ("PUT", "/v1/customers/ann/predictions/consents", CONSENT),
        ("PUT", "/v1/customers//consents", CONSENT),
        ("PUT", "/v1/customers/a\nb/consents", CONSENT),
        ("PUT", "/v1/customers/ann/consents\n", CONSENT),
        ("DELETE", "/v1/customers/a/b", ADMIN),
        ("DELETE", "/v1/customers/\n", ADMIN),
    ],
)
def test_an_id_is_any_text_and_changes_nothing(method: str, path: str, scope: KeyScope) -> None:
    assert access(method, path) == RouteAccess(scope)


def test_every_route_below_a_customer_is_known_as_such() -> None:
    below = [route.path for route in APP.routes if isinstance(route, RawRoute) and f"{CUSTOMER_PATH}/" in route.path]
    assert {path.rpartition("/")[2].encode() for path in below} == {*SUBRESOURCES}


@pytest.mark.parametrize("path", ["ann/consents", "ann/consents/", "ann/history", "a/b/predictions"])
def test_what_is_below_a_customer_is_not_the_customer(path: str) -> None:
    assert access("DELETE", f"/v1/customers/{path}") is None


async def nothing(_: Request) -> Response:
    return Response()


@pytest.mark.parametrize("dependencies", [[], [params.Depends(nothing)], [ANY_KEY, PUBLIC], [requires(ADMIN)] * 2])
def test_a_route_that_declares_no_single_scope_cannot_be_made(dependencies: Sequence[params.Depends]) -> None:
    with pytest.raises(TypeError, match=r"Found no single scope declared by the route /x; expected one of requires"):
        RawRoute("/x", nothing, dependencies=dependencies)


def test_a_route_of_another_kind_is_refused() -> None:
    declared = RawRoute("/x", nothing, dependencies=[ANY_KEY])
    refuse_undeclared([declared])
    with pytest.raises(TypeError, match=r"Found routes that declare no scope: /y\. Expected routes of serving"):
        refuse_undeclared([declared, Route("/y", nothing)])


@pytest.mark.parametrize(("dependency", "status"), [(PUBLIC, 200), (ANY_KEY, 403), (requires(PREDICT), 403)])
def test_without_a_caller_only_a_public_route_answers(dependency: params.Depends, status: int) -> None:
    route = RawRoute("/x", nothing, dependencies=[dependency])
    assert TestClient(route.handle).get("/x").status_code == status


@given(scopes=st.sets(st.sampled_from(KeyScope)), required=st.none() | st.sampled_from(KeyScope))
def test_admin_implies_all_scopes_and_no_other_implies_any(scopes: set[KeyScope], required: KeyScope | None) -> None:
    assert allows(scopes, required) == (required is None or bool(scopes & {required, ADMIN}))
